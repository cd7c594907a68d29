"""Names: they sit in `doc.ents`, where other components write too, and their confidences in a span group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy
from spacy.tokens import Doc, Span, SpanGroup

from ..types import LabeledSpan, MentionSpan

ENTITIES = "hmtl_entities"
# What `doc.to_array` gives of a token for ENT_IOB.
_MISSING, _BEGINS = 0, 3


def get_entities(doc: Doc, key: str = ENTITIES) -> list[LabeledSpan] | None:
    """Names of a Doc with their confidences, or None if names were not annotated.

    doc (Doc): A Doc.
    key (str): Of the span group with the confidences; names that it lacks have 1.
    """
    if not doc.has_annotation("ENT_IOB"):
        return None
    scores = _scores(doc, key)
    return [
        LabeledSpan(ent.start, ent.end, ent.label_, scores.get((ent.start_char, ent.end_char, ent.label_), 1.0))
        for ent in doc.ents
    ]


def _scores(doc: Doc, key: str) -> dict[tuple[int, int, str], float]:
    """Confidences of names by characters and label: names stay right when tokens are merged, and so do these."""
    if key not in doc.spans or not (ents := doc.ents):
        return {}
    group, scores = doc.spans[key], {}
    for number, score in enumerate(scores_of(group)):
        try:
            span = group[number]
        except IndexError:  # where it began there is no token any more: the names are still in their order
            span = ents[number] if len(ents) == len(group) else None
        if span is not None:
            scores[span.start_char, span.end_char, span.label_] = score
    return scores


def scores_of(group: SpanGroup) -> list[float]:
    """Confidences of the spans of a group, 1 where it has none."""
    scores = group.attrs.get("scores")
    if scores is None or len(scores) != len(group):  # of names only; elsewhere such a group is no annotation
        return [1.0] * len(group)
    return [float(score) for score in scores]


def get_missing(doc: Doc) -> list[int]:
    """Tokens of which nobody has said whether they are part of a name, in a Doc that is annotated elsewhere."""
    if not len(doc) or not doc.has_annotation("ENT_IOB"):
        return []
    missing: list[int] = numpy.flatnonzero(doc.to_array("ENT_IOB") == _MISSING).tolist()
    return missing


def missing_runs(doc: Doc) -> list[MentionSpan]:
    """The same as spans, as long as they can be."""
    missing = numpy.asarray(get_missing(doc), dtype="int64")
    if not len(missing):
        return []
    runs = numpy.split(missing, numpy.flatnonzero(numpy.diff(missing) > 1) + 1)
    return [(int(run[0]), int(run[-1]) + 1) for run in runs]


def get_blocked(doc: Doc) -> list[int]:
    """Tokens that were blocked, `doc.set_ents(..., blocked=[...])`: never part of a name."""
    if not len(doc) or not doc.has_annotation("ENT_IOB"):
        return []
    begins, label = doc.to_array(["ENT_IOB", "ENT_TYPE"]).T
    blocked: list[int] = numpy.flatnonzero((begins == _BEGINS) & (label == 0)).tolist()
    return blocked


def with_earlier(doc: Doc, found: Sequence[LabeledSpan], key: str = ENTITIES, *, overwrite: bool) -> list[LabeledSpan]:
    """The names that a Doc has once some more are found: what is set stays, and the others fill the rest.

    found (Sequence): Names in document order; those that touch a blocked token or an earlier name are left out.
    key (str): Of the span group with the confidences of the earlier names.
    overwrite (bool): Whether earlier names are to go. Blocked tokens stay blocked.
    RETURNS (list): In document order.
    """
    earlier = [] if overwrite else get_entities(doc, key) or []
    taken = {token for name in earlier for token in range(name.start, name.end)}.union(get_blocked(doc))
    if not taken:
        return list(found)
    return sorted([*earlier, *(name for name in found if taken.isdisjoint(range(name.start, name.end)))])


def set_entities(doc: Doc, entities: Sequence[LabeledSpan], key: str = ENTITIES, *, complete: bool = False) -> None:
    """Write names to `doc.ents`, and with their confidences to a group.

    A name that was there already, with this label, keeps its `kb_id` and `ent_id`; no other name has any.
    Blocked tokens outside the names stay blocked.

    doc (Doc): Changed in place.
    entities (Sequence): Names that do not overlap.
    key (str): The span group of the confidences.
    complete (bool): All other tokens are outside of names. If False, tokens that are missing
        in a Doc that is annotated elsewhere stay missing.
    """
    ids = {(ent.start, ent.end, ent.label_): (ent.kb_id, ent.id) for ent in doc.ents}
    ents = []
    for e in entities:
        kb_id, span_id = ids.get(e[:3], (0, 0))
        ents.append(Span(doc, e.start, e.end, label=e.label, kb_id=kb_id, span_id=span_id))
    taken = {token for e in entities for token in range(e.start, e.end)}
    blocked = _single(doc, get_blocked(doc), taken)
    missing = [] if complete else _single(doc, get_missing(doc), taken)
    doc.set_ents(ents, blocked=blocked, missing=missing, default="outside")
    _clear_ids(doc, ents)
    scores = numpy.asarray([e.score for e in entities], dtype="float32")
    doc.spans[key] = SpanGroup(doc, name=key, spans=ents, attrs={"scores": scores})


def _single(doc: Doc, tokens: Iterable[int], taken: set[int]) -> list[Span]:
    return [doc[token : token + 1] for token in tokens if token not in taken]


def _clear_ids(doc: Doc, ents: Sequence[Span]) -> None:
    """Take away the ids that spaCy leaves on the tokens of names that are gone."""
    if not len(doc) or not doc.to_array(["ENT_ID", "ENT_KB_ID"]).any():
        return
    of_token = {token: ent for ent in ents for token in range(ent.start, ent.end)}
    for token in doc:
        ent = of_token.get(token.i)
        token.ent_id, token.ent_kb_id = (0, 0) if ent is None else (ent.id, ent.kb_id)
