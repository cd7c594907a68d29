"""The registered scorer: reads the layers of reference and predicted Docs and hands them to the measures.

A Doc counts for a task if its reference is annotated for it. A score is None where no Doc counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

from spacy.tokens import Doc
from spacy.training import Example

from ..annotations.groups import get_clusters, get_entities, get_mentions, get_relations, get_tasks
from ..annotations.layers import TASKS, extents
from ..annotations.nesting import flatten
from ..types import LabeledSpan, MentionSpan, Triple
from .coref import coref_scores
from .relations import RelationPair, relation_scores
from .spans import span_scores

Scorer = Callable[..., dict[str, Any]]


class Offsets(NamedTuple):
    """Where each token of a Doc begins and ends, in a unit that reference and predicted Doc share."""

    starts: Sequence[int]
    ends: Sequence[int]


def make_hmtl_scorer() -> Scorer:
    """Scorer of all four tasks, for `scorer = {"@scorers": "spacy_hmtl.Scorer.v1"}`.

    RETURNS (Callable): Takes examples and the settings of the pipe; see `hmtl_score`.
    """
    return hmtl_score


def hmtl_score(
    examples: Iterable[Example],
    *,
    levels: Iterable[Iterable[str]] | None = None,
    nesting: str = "innermost",
    spans_key: str = "mentions",
    coref_key: str = "coref",
    relations_key: str = "relations",
    **kwargs: Any,
) -> dict[str, Any]:
    """Score names, mentions, coreference and relations.

    examples (Iterable): A reference counts for a task if it is annotated for it and, where a
        corpus reader meant it for some tasks, for one of those. What was not predicted is empty.
    levels (Iterable): The pipe's tasks. Scores of other tasks are None, or left out where another
        component predicted that layer: spaCy lets later components overwrite the scores of earlier ones.
    nesting (str): Level of nested mentions that the mentions_flat scores count, "innermost" or "outermost".
    spans_key, coref_key, relations_key (str): Keys of the span groups.
    kwargs (Any): Other settings of the pipe, which spaCy passes along; ignored.
    RETURNS (dict): The keys of `span_scores` (prefixes ents and mentions), `coref_scores` and
        `relation_scores`, mentions_flat_p/r/f (one level of nesting on both sides), and coref_f_no_singletons.
    """
    examples = list(examples)
    wanted = set(TASKS) if levels is None else {task for level in levels for task in level}
    keys = {"emd": spans_key, "coref": coref_key, "relation": relations_key}
    scores: dict[str, Any] = {}
    for task in TASKS:
        measure = partial(_score_mentions, nesting=nesting) if task == "emd" else _MEASURES[task]
        if task in wanted:
            pairs = [pair for eg in examples if (pair := _read_pair(eg, task, keys)) is not None]
            scores.update(measure(pairs) if pairs else dict.fromkeys(measure([])))
        elif all(_read(eg.predicted, task, keys) is None for eg in examples):
            scores.update(dict.fromkeys(measure([])))
    return scores


class LayerPair(NamedTuple):
    """One task's annotation of one Doc, in shared offsets; sentence starts are None if unknown."""

    gold: Any
    predicted: Any
    sentence_starts: list[int] | None


def _read_pair(eg: Example, task: str, keys: dict[str, str]) -> LayerPair | None:
    """Gold and predicted annotation for a task, or None if the reference does not count for it."""
    reference, predicted = eg.reference, eg.predicted
    tasks = get_tasks(reference)
    gold = None if tasks is not None and task not in tasks else _read(reference, task, keys)
    if gold is None:
        return None
    gold_offsets, predicted_offsets = _shared_offsets(reference, predicted)
    sentence_starts = None
    if task == "relation" and reference.has_annotation("SENT_START"):
        sentence_starts = [gold_offsets.starts[t.i] for t in reference if t.is_sent_start]
    return LayerPair(
        _move(gold, gold_offsets), _move(_read(predicted, task, keys) or [], predicted_offsets), sentence_starts
    )


def _read(doc: Doc, task: str, keys: dict[str, str]) -> list[Any] | None:
    """What a Doc holds for a task, as a list; None if it is not annotated for it."""
    if task == "ner":
        # spaCy says that a Doc without tokens has every annotation.
        return get_entities(doc) if len(doc) else None
    if task == "emd":
        return get_mentions(doc, keys[task])
    if task == "relation":
        return get_relations(doc, keys[task])
    clusters = get_clusters(doc, keys[task])
    return None if clusters is None else extents(clusters)


def _shared_offsets(reference: Doc, predicted: Doc) -> tuple[Offsets, Offsets]:
    """Token offsets where both Docs have the same tokens, else offsets in characters that are not spaces.

    Spaces are left out because Docs made from words often have others than the text they came from.
    """
    if [t.text for t in reference] == [t.text for t in predicted]:
        tokens = Offsets(range(len(reference)), range(1, len(reference) + 1))
        return tokens, tokens
    return _character_offsets(reference), _character_offsets(predicted)


def _character_offsets(doc: Doc) -> Offsets:
    starts: list[int] = []
    ends: list[int] = []
    position = 0
    for token in doc:
        starts.append(position)
        position += len("".join(token.text.split()))
        ends.append(position)
    return Offsets(starts, ends)


def _move(layer: list[Any], offsets: Offsets) -> list[Any]:
    """Give the spans of a layer (labelled spans, triples or clusters) shared offsets."""

    def place(start: int, end: int) -> tuple[int, int]:
        return offsets.starts[start], offsets.ends[end - 1]

    def move_span(span: LabeledSpan) -> LabeledSpan:
        return LabeledSpan(*place(span.start, span.end), span.label, span.score)

    def move_item(item: LabeledSpan | Triple | list[MentionSpan]) -> LabeledSpan | Triple | list[MentionSpan]:
        if isinstance(item, LabeledSpan):
            return move_span(item)
        if isinstance(item, Triple):
            return item._replace(head=move_span(item.head), tail=move_span(item.tail))
        # Mentions that differ in a space token only fall together.
        return list(dict.fromkeys(place(start, end) for start, end in item))

    return [move_item(item) for item in layer]


def _score_coref(pairs: Sequence[LayerPair]) -> dict[str, Any]:
    clusters = [(pair.gold, pair.predicted) for pair in pairs]
    no_singletons = coref_scores(clusters, keep_singletons=False)["coref_f"]
    return {**coref_scores(clusters), "coref_f_no_singletons": no_singletons}


def _score_mentions(pairs: Sequence[LayerPair], nesting: str) -> dict[str, Any]:
    flat = span_scores(((flatten(p.gold, nesting), flatten(p.predicted, nesting)) for p in pairs), "mentions_flat")
    del flat["mentions_flat_per_type"]
    return {**span_scores((pair[:2] for pair in pairs), "mentions"), **flat}


_MEASURES: dict[str, Callable[[Sequence[LayerPair]], dict[str, Any]]] = {
    "ner": lambda pairs: span_scores((pair[:2] for pair in pairs), "ents"),
    "relation": lambda pairs: relation_scores(RelationPair(*pair) for pair in pairs),
    "coref": _score_coref,
}
