"""Other tokens for the same text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from spacy.tokens import Doc, Span, SpanGroup, Token

from ..annotations.fitting import attrs_of
from ..annotations.groups import ENTITIES, META, get_meta, set_meta
from ..annotations.layers import LAYERS, Layers, Place, read, replace
from ..errors import Errors
from ..types import MentionSpan

_OURS = {META, *(layer.group for layer in LAYERS.values())}
# (token, parts)
Split = tuple[int, Sequence[str]]


def retokenized(doc: Doc, *, merge: Sequence[Span] = (), split: Sequence[Split] = ()) -> tuple[Doc, Layers]:
    """A new Doc with some tokens merged and others split.

    A span stays if its characters still begin and end with tokens, and is dropped otherwise:
    "Lee" cannot be a mention where "Ann Lee" is one token. Clusters and relations are
    those of the spans that stay. Other span groups are moved too, with the `attrs` that hold
    an item for each span.

    doc (Doc): Left as it is.
    merge (Sequence): Spans of the Doc that become a token each; they must not overlap.
    split (Sequence): (token, parts): the parts, put together, are the token's text. In a
        dependency tree, the parts after the first hang on the first.
    RETURNS (Doc, Layers): The new Doc, and what was dropped, with the offsets of `doc`.
    RAISES (ValueError): H561, and spaCy's for merges that overlap.
    """
    for token, parts in split:
        if "".join(parts) != doc[token].text or not all(parts):
            raise ValueError(Errors.H561.format(token=token, text=doc[token].text, parts=list(parts)))
    new = doc.copy()
    gone = retokenize(new, [(new[span.start : span.end], {}) for span in merge], split)
    return new, gone


def retokenize(doc: Doc, merge: Sequence[tuple[Span, dict[str | int, Any]]], split: Sequence[Split] = ()) -> Layers:
    """Merge and split tokens of a Doc, and move its layers and span groups along.

    merge (Sequence): Spans that become a token each, with the attributes of that token; they must not overlap.
    split (Sequence): See `retokenized`.
    RETURNS (Layers): What was dropped, with the offsets of before.
    """
    layers, scored = read(doc), ENTITIES in doc.spans
    groups = {key: _GroupRows.of(group) for key, group in doc.spans.items() if key not in _OURS}
    meta = get_meta(doc) if META in doc.spans else None
    before = [(token.idx, token.idx + len(token)) for token in doc]
    for key in list(doc.spans):
        doc.spans.pop(key)
    with doc.retokenize() as retokenizer:
        for span, attrs in merge:
            retokenizer.merge(span, attrs=attrs)
        for token, parts in split:
            heads: list[Token | tuple[Token, int]] = [doc[token].head, *[(doc[token], 0)] * (len(parts) - 1)]
            retokenizer.split(doc[token], list(parts), heads=heads)
    place = _by_characters(before, doc)
    replace(doc, layers.moved(place), scored_entities=scored)
    for key, group in groups.items():
        group.write(doc, key, place)
    if meta is not None:
        _move_meta(doc, meta, before)
    return layers.less(layers.moved(lambda start, end: (start, end) if place(start, end) else None))


def _by_characters(before: Sequence[tuple[int, int]], doc: Doc) -> Place:
    """Where spans stand among other tokens of the same text.

    before (Sequence): Characters at which each of the old tokens begins and ends.
    """
    starts = {token.idx: token.i for token in doc}
    ends = {token.idx + len(token): token.i + 1 for token in doc}

    def place(start: int, end: int) -> MentionSpan | None:
        extent = starts.get(before[start][0]), ends.get(before[end - 1][1])
        return None if extent[0] is None or extent[1] is None else (extent[0], extent[1])

    return place


class _GroupRows(NamedTuple):
    """A span group that is not ours (or has a key of somebody's own), without Spans.

    rows: start, end, label, kb_id and id of each span.
    """

    name: str
    attrs: dict[str, Any]
    rows: list[tuple[int, int, int, int, int]]

    @classmethod
    def of(cls, group: SpanGroup) -> _GroupRows:
        rows = [(span.start, span.end, span.label, span.kb_id, span.id) for span in group]
        return cls(group.name, group.attrs, rows)

    def write(self, doc: Doc, key: str, place: Place) -> None:
        """Put the spans that can stay on a Doc."""
        spans, kept = [], []
        for number, (start, end, label, kb_id, span_id) in enumerate(self.rows):
            extent = place(start, end) if end > start else None
            if extent is not None:
                spans.append(Span(doc, *extent, label=label, kb_id=kb_id, span_id=span_id))
                kept.append(number)
        doc.spans[key] = SpanGroup(doc, name=self.name, spans=spans, attrs=attrs_of(self.attrs, len(self.rows), kept))


def _move_meta(doc: Doc, meta: dict[str, Any], before: Sequence[tuple[int, int]]) -> None:
    speakers = meta.get("speakers")
    if isinstance(speakers, list) and len(speakers) == len(before):
        # Of a token that was merged, the speaker of its first part.
        owners = {character: number for number, extent in enumerate(before) for character in range(*extent)}
        meta["speakers"] = [speakers[owners[token.idx]] for token in doc]
    set_meta(doc, meta)
