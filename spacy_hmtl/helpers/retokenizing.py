"""Other tokens for the same text."""

from __future__ import annotations

from collections.abc import Sequence

from spacy.tokens import Doc, Span, SpanGroup, Token

from ..annotations.groups import ENTITIES, META, get_meta, set_meta
from ..annotations.layers import LAYERS, Layers, Place, read, replace
from ..errors import Errors
from ..types import MentionSpan

_OURS = {META, *(layer.group for layer in LAYERS.values())}


def retokenized(
    doc: Doc, *, merge: Sequence[Span] = (), split: Sequence[tuple[int, Sequence[str]]] = ()
) -> tuple[Doc, Layers]:
    """A new Doc with some tokens merged and others split.

    A span stays if its characters still begin and end with tokens, and is dropped otherwise:
    "Lee" cannot be a mention where "Ann Lee" is one token. Clusters and relations are
    those of the spans that stay. Other span groups are moved too, and keep their `attrs`
    where all of their spans stay.

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
    for key in list(new.spans):
        new.spans.pop(key)
    with new.retokenize() as retokenizer:
        for span in merge:
            retokenizer.merge(new[span.start : span.end])
        for token, parts in split:
            heads: list[Token | tuple[Token, int]] = [new[token].head, *[(new[token], 0)] * (len(parts) - 1)]
            retokenizer.split(new[token], list(parts), heads=heads)
    place = _by_characters(doc, new)
    layers = read(doc)
    replace(new, layers.moved(place), scored_entities=ENTITIES in doc.spans)
    _move_groups(doc, new, place)
    _move_meta(doc, new)
    return new, layers.less(layers.moved(lambda start, end: (start, end) if place(start, end) else None))


def _by_characters(old: Doc, new: Doc) -> Place:
    """Where spans of one Doc stand in another of the same text."""
    starts = {token.idx: token.i for token in new}
    ends = {token.idx + len(token): token.i + 1 for token in new}
    firsts = [token.idx for token in old]
    lasts = [token.idx + len(token) for token in old]

    def place(start: int, end: int) -> MentionSpan | None:
        borders = starts.get(firsts[start]), ends.get(lasts[end - 1])
        return None if borders[0] is None or borders[1] is None else (borders[0], borders[1])

    return place


def _move_groups(old: Doc, new: Doc, place: Place) -> None:
    """Move the groups that are not ours."""
    for key, group in old.spans.items():
        if key not in _OURS:
            moved = [(span, place(span.start, span.end)) for span in group if len(span)]
            spans = [
                Span(new, *borders, label=span.label, kb_id=span.kb_id, span_id=span.id)
                for span, borders in moved
                if borders is not None
            ]
            attrs = dict(group.attrs) if len(spans) == len(group) else {}
            new.spans[key] = SpanGroup(new, name=group.name, spans=spans, attrs=attrs)


def _move_meta(old: Doc, new: Doc) -> None:
    meta = get_meta(old)
    speakers = meta.get("speakers")
    if isinstance(speakers, list) and len(speakers) == len(old):
        # Of a token that was merged, the speaker of its first part.
        owners = {token.idx + i: token.i for token in old for i in range(len(token))}
        meta["speakers"] = [speakers[owners[token.idx]] for token in new]
    if META in old.spans:
        set_meta(new, meta)
