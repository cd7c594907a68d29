"""A part of a Doc as a Doc of its own, with its layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from spacy.tokens import Doc

from ..types import LabeledSpan, MentionSpan
from .groups import (
    ENTITIES,
    META,
    get_clusters,
    get_entities,
    get_mentions,
    get_meta,
    get_relations,
    set_clusters,
    set_entities,
    set_group,
    set_mentions,
    set_relations,
)


class Cut(NamedTuple):
    """What a slice left behind: mentions that cross its end, links to before it, relations that begin in it."""

    mentions: int = 0
    links: int = 0
    relations: int = 0


def slice_doc(doc: Doc, start: int, end: int) -> tuple[Doc, Cut]:
    """Tokens start to end as a Doc of its own, with every layer that lies inside.

    RETURNS (Doc, Cut): the part, and counts of what was cut, such that over all parts of a
        Doc each thing counts once: a mention (whatever layers it is in) and a relation
        where it begins, a coreference link where mentions before `start` were left behind.
    """
    part = doc[start:end].as_doc()
    part.has_unknown_spaces = doc.has_unknown_spaces
    cut_mentions: set[MentionSpan] = set()
    cut_links = cut_relations = 0

    def inside(span: Sequence[Any]) -> bool:
        return bool(start <= span[0] and span[1] <= end)

    def crosses(span: Sequence[Any]) -> bool:
        return bool(start <= span[0] < end < span[1])

    def shift(span: LabeledSpan) -> LabeledSpan:
        return span._replace(start=span.start - start, end=span.end - start)

    entities = get_entities(doc)
    if entities is not None:
        set_entities(part, [shift(e) for e in entities if inside(e)])
        if ENTITIES not in doc.spans:
            del part.spans[ENTITIES]
    mentions = get_mentions(doc)
    if mentions is not None:
        set_mentions(part, [shift(m) for m in mentions if inside(m)])
        cut_mentions.update(m[:2] for m in mentions if crosses(m))
    scored = get_clusters(doc)
    if scored is not None:
        kept = []
        for cluster in scored:
            rows = [shift(m) for m in cluster if inside(m)]
            cut_mentions.update(m[:2] for m in cluster if crosses(m))
            if rows:
                cut_links += int(cluster[0].start < start)
                kept.append(rows)
        set_clusters(part, kept)
    relations = get_relations(doc)
    if relations is not None:
        inner = [r for r in relations if inside(r.head) and inside(r.tail)]
        set_relations(part, [r._replace(head=shift(r.head), tail=shift(r.tail)) for r in inner])
        begun = [r for r in relations if start <= min(r.head.start, r.tail.start) < end]
        cut_relations = len(begun) - len(inner)
    meta = get_meta(doc)
    if meta:
        if isinstance(meta.get("speakers"), list):
            meta["speakers"] = meta["speakers"][start:end]
        set_group(part, META, [], meta)
    return part, Cut(len(cut_mentions), cut_links, cut_relations)
