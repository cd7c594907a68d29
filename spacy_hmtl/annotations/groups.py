"""Where annotations sit on a Doc: the only file that knows.

`doc.ents` holds the names; span groups hold the rest, because groups and their
`attrs` survive bytes, a default DocBin, pickle, copies and worker processes,
while extension values and `user_data` do not:

    hmtl_entities  the spans of doc.ents;   attrs: scores
    mentions       typed, may nest;         attrs: scores
    coref          mentions of clusters in document order; attrs: clusters, scores
    relations      arguments, typed;        attrs: pairs (head, tail), labels, scores
    hmtl_meta      no spans;                attrs: name, genre, speakers ... of a converted document

An absent group means "not annotated", an empty one "annotated, nothing there"; one whose
attrs do not fit its spans is not annotated (see fitting.py).
The extensions are getters and setters over the groups.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy
from spacy.tokens import Doc, Span, SpanGroup

from ..errors import Errors
from ..types import Cluster, LabeledSpan, MentionSpan, Triple
from .entities import ENTITIES as ENTITIES
from .entities import get_entities as get_entities
from .entities import scores_of
from .entities import set_entities as set_entities
from .fitting import META as META
from .fitting import fitting_group, name_of, spans_of

MENTIONS = "mentions"
COREF = "coref"
RELATIONS = "relations"
_TASKS = "hmtl_tasks"


class Relation(NamedTuple):
    """A directed relation on a Doc: `head` stands in relation `label` to `tail`.

    head, tail (Span): The arguments, typed by their labels.
    label (str): The relation's label.
    score (float): confidence in [0, 1]; 1.0 for human annotation.
    """

    head: Span
    label: str
    tail: Span
    score: float = 1.0


# --- reading -----------------------------------------------------------------------------------


def get_mentions(doc: Doc, key: str = MENTIONS) -> list[LabeledSpan] | None:
    """Mentions of a Doc with their confidences, or None if they were not annotated.

    doc (Doc): A Doc.
    key (str): The span group.
    """
    group = fitting_group(doc, key, "emd")
    if group is None:
        return None
    spans = spans_of(doc, group, key)
    return [LabeledSpan(s.start, s.end, s.label_, score) for s, score in zip(spans, scores_of(group))]


def get_clusters(doc: Doc, key: str = COREF) -> list[Cluster] | None:
    """Clusters of a Doc in order of their first mention, or None if coreference was not annotated.

    doc (Doc): A Doc.
    key (str): The span group.
    RETURNS (list, optional): Clusters in order of their first mention, mentions in document order.
    """
    rows = coref_rows(doc, key)
    if rows is None:
        return None
    clusters: dict[int, Cluster] = {}
    for span, number, score in rows:
        clusters.setdefault(number, []).append(LabeledSpan(span.start, span.end, score=score))
    return list(clusters.values())


def get_relations(doc: Doc, key: str = RELATIONS) -> list[Triple] | None:
    """Relations of a Doc as plain triples, or None if relations were not annotated.

    doc (Doc): A Doc.
    key (str): The span group.
    """
    relations = relation_objects(doc, key)
    if relations is None:
        return None
    return [Triple(_labeled(rel.head), rel.label, _labeled(rel.tail), rel.score) for rel in relations]


def get_arguments(doc: Doc, keys: Mapping[str, str] | None = None) -> list[LabeledSpan]:
    """Spans that relations of a Doc may join, each once: its mentions, where it has them, else its names.

    Arguments of its relations are among them in any case.

    keys (Mapping, optional): By task, the keys of span groups that are not the usual ones.
    """
    keys = {"emd": MENTIONS, "relation": RELATIONS, **(keys or {})}
    spans = get_mentions(doc, keys["emd"])
    if spans is None:
        spans = get_entities(doc) or []
    relations = get_relations(doc, keys["relation"]) or []
    arguments = [argument for triple in relations for argument in (triple.head, triple.tail)]
    return [LabeledSpan(*key) for key in dict.fromkeys(span[:3] for span in (*spans, *arguments))]


def get_meta(doc: Doc) -> dict[str, Any]:
    """Facts a converter stored about the document: name, genre, speakers (one per token) ...

    doc (Doc): A Doc.
    """
    return dict(doc.spans[META].attrs) if META in doc.spans else {}


def get_tasks(doc: Doc) -> tuple[str, ...] | None:
    """Tasks a corpus reader meant this Doc for, or None: decide by what is annotated.

    doc (Doc): A Doc.
    """
    return doc.user_data.get(_TASKS)


def set_tasks(doc: Doc, tasks: Sequence[str]) -> None:
    """Mark an Example's reference as meant for these tasks (in memory only).

    doc (Doc): Changed in place.
    tasks (Sequence): Names of tasks.
    """
    doc.user_data[_TASKS] = tuple(tasks)


def set_meta(doc: Doc, meta: dict[str, Any]) -> None:
    """Store JSON-able facts about the document, such as its name; they survive like the layers do.

    doc (Doc): Changed in place.
    meta (dict): What JSON can hold; what was there is replaced.
    """
    set_group(doc, META, [], dict(meta))


def is_annotated(doc: Doc, task: str, key: str | None = None) -> bool:
    """Whether a Doc carries the layer of a task, even an empty one. A group whose attrs do not fit is none.

    doc (Doc): A Doc.
    task (str): "ner", "emd", "relation" or "coref".
    key (str, optional): Of the span group that holds the layer, where it is not the usual one.
    """
    if task == "ner":
        return doc.has_annotation("ENT_IOB")
    usual = {"emd": MENTIONS, "coref": COREF, "relation": RELATIONS}[task]
    return fitting_group(doc, key or usual, task) is not None


def is_partial(doc: Doc, task: str) -> bool:
    """Whether a task's layer tells of some mentions only, as GAP's clusters do; `partial` in the meta lists it.

    doc (Doc): A Doc.
    task (str): "ner", "emd", "relation" or "coref".
    """
    return task in (get_meta(doc).get("partial") or ())


# --- writing -----------------------------------------------------------------------------------


def set_mentions(doc: Doc, mentions: Sequence[LabeledSpan], key: str = MENTIONS) -> None:
    """Write typed mentions, which may nest, in document order (longer first).

    doc (Doc): Changed in place.
    mentions (Sequence): Mentions in any order.
    key (str): The span group.
    """
    mentions = sorted(mentions, key=lambda m: (m.start, -m.end, m.label))
    spans = [Span(doc, m.start, m.end, label=m.label) for m in mentions]
    set_group(doc, key, spans, {"scores": numpy.asarray([m.score for m in mentions], dtype="float32")})


def set_clusters(doc: Doc, clusters: Sequence[Sequence[LabeledSpan | MentionSpan]], key: str = COREF) -> None:
    """Write clusters; each mention keeps its link's confidence, which is 1 for a plain (start, end).

    doc (Doc): Changed in place.
    clusters (Sequence): Mentions of each cluster, as token offsets, end exclusive.
    key (str): The span group.
    """
    rows = sorted(
        (mention.start, -mention.end, number, mention.score)
        for number, cluster in enumerate(clusters)
        for mention in itertools.starmap(LabeledSpan, cluster)
    )
    _refuse_doubles(doc, [(start, -end) for start, end, _, _ in rows])
    order: dict[int, int] = {}
    numbers = [order.setdefault(number, len(order)) for _, _, number, _ in rows]
    spans = [Span(doc, start, -end) for start, end, _, _ in rows]
    set_group(doc, key, spans, {"clusters": numbers, "scores": [float(row[3]) for row in rows]})


def set_relations(doc: Doc, relations: Sequence[Triple], key: str = RELATIONS) -> None:
    """Write triples; an argument shared by several relations is stored once.

    doc (Doc): Changed in place.
    relations (Sequence): Triples in any order.
    key (str): The span group.
    """
    arguments = sorted({a[:3] for rel in relations for a in (rel.head, rel.tail)}, key=lambda a: (a[0], -a[1], a[2]))
    index = {argument: i for i, argument in enumerate(arguments)}
    spans = [Span(doc, start, end, label=label) for start, end, label in arguments]
    ordered = sorted(relations, key=lambda r: (index[r.head[:3]], index[r.tail[:3]], r.label))
    attrs = {
        "pairs": [[index[rel.head[:3]], index[rel.tail[:3]]] for rel in ordered],
        "labels": [rel.label for rel in ordered],
        "scores": [float(rel.score) for rel in ordered],
    }
    set_group(doc, key, spans, attrs)


def set_group(doc: Doc, key: str, spans: list[Span], attrs: dict[str, Any]) -> None:
    doc.spans[key] = SpanGroup(doc, name=key, spans=spans, attrs=attrs)


def _labeled(span: Span) -> LabeledSpan:
    return LabeledSpan(span.start, span.end, span.label_)


def coref_rows(doc: Doc, key: str = COREF) -> list[tuple[Span, int, float]] | None:
    """Mentions of the clusters in document order: span, cluster number, confidence."""
    group = fitting_group(doc, key, "coref")
    if group is None:
        return None
    rows = list(zip(spans_of(doc, group, key), group.attrs.get("clusters", []), scores_of(group)))
    _refuse_doubles(doc, [(span.start, span.end) for span, _, _ in rows])
    return rows


def _refuse_doubles(doc: Doc, mentions: Sequence[MentionSpan]) -> None:
    """Fail where a mention stands twice in the clusters: RAISES (ValueError): H109."""
    if len(set(mentions)) < len(mentions):
        start, end = next(mention for mention in mentions if mentions.count(mention) > 1)
        where = f"{name_of(doc)}, {doc[start:end].text!r}"
        raise ValueError(Errors.H109.format(where=where, start=start, end=end))


def relation_objects(doc: Doc, key: str = RELATIONS) -> list[Relation] | None:
    """Relations of a Doc, or None if relations were not annotated."""
    group = fitting_group(doc, key, "relation")
    if group is None:
        return None
    spans_of(doc, group, key)
    return [relation_at(group, number) for number in range(len(group.attrs.get("pairs", [])))]


def relation_at(group: SpanGroup, number: int) -> Relation:
    """One relation of a group that fits."""
    (head, tail), scores = group.attrs["pairs"][number], group.attrs.get("scores")
    score = 1.0 if scores is None else float(scores[number])
    return Relation(group[head], group.attrs["labels"][number], group[tail], score)
