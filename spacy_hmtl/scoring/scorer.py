"""The registered scorer: reads the layers of reference and predicted Docs and hands them to the measures.

A Doc counts for a task if its reference is annotated for it. A score is None where no Doc counts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from spacy.tokens import Doc
from spacy.training import Example

from ..annotations.entities import missing_runs
from ..annotations.gold import check_gold
from ..annotations.groups import get_meta, get_tasks, is_partial
from ..annotations.layers import LAYERS, Layers, Place, extents, group_keys, keys_on, make_clusters, read
from ..annotations.nesting import flatten
from ..annotations.whitespace import trimmer
from ..types import Cluster, LabeledSpan, MentionSpan, Triple
from .coref import coref_scores
from .relations import RelationPair, relation_scores
from .spans import span_scores

Scorer = Callable[..., dict[str, Any]]


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
    spans_keys: Mapping[str, str] | None = None,
    **kwargs: Any,
) -> dict[str, Any]:
    """Score names, mentions, coreference and relations.

    examples (Iterable): A reference counts for a task if it is annotated for it and, where a
        corpus reader meant it for some tasks, for one of those. What was not predicted is empty.
        What is predicted where a reference says nothing counts neither as right nor as wrong: names that
        touch missing tokens, and labels outside those that a Doc was annotated with (`annotated_labels`).
        Of a reference whose coreference is partial only its own mentions are looked at.
    levels (Iterable): The pipe's tasks. Scores of other tasks are None, or left out where another
        component predicted that layer: spaCy lets later components overwrite the scores of earlier ones.
    nesting (str): Level of nested mentions that the mentions_flat scores count, "innermost" or "outermost".
    spans_keys (Mapping, optional): Keys of the predicted span groups, see `group_keys`. Gold annotation
        is read from the same groups, or from the usual ones where a reference lacks them.
    kwargs (Any): Other settings of the pipe, which spaCy passes along; ignored.
    RETURNS (dict): The keys of `span_scores` (prefixes ents and mentions), `coref_scores` and
        `relation_scores`, mentions_flat_p/r/f (one level of nesting on both sides), and coref_f_no_singletons.
    RAISES (ValueError): H645, H109, H340 for gold of these tasks that contradicts itself, with the example's number
        and first words.
    """
    examples = list(examples)
    wanted = set(LAYERS) if levels is None else {task for level in levels for task in level}
    keys = group_keys(spans_keys)
    # All of it first: what is refused later would have been warned of as not annotated.
    for number, eg in enumerate(examples, start=1):
        check_gold(eg.reference, f"example {number}", {task: key for task, key in keys.items() if task in wanted})
    scores: dict[str, Any] = {}
    for task, measure in _MEASURES.items():
        if task in wanted:
            pairs = [pair for eg in examples if (pair := read_pair(eg, task, keys)) is not None]
            scores.update(measure(pairs, nesting) if pairs else dict.fromkeys(measure([], nesting)))
        elif all(read(eg.predicted, keys, [task]).of(task) is None for eg in examples):
            scores.update(dict.fromkeys(measure([], nesting)))
    return scores


class LayerPair(NamedTuple):
    """One task's annotation of one Doc, in shared offsets; sentence starts are None if unknown."""

    gold: list[Any]
    predicted: list[Any]
    sentence_starts: list[int] | None


def read_pair(eg: Example, task: str, keys: dict[str, str]) -> LayerPair | None:
    """Gold and predicted annotation for a task, or None if the reference does not count for it."""
    reference, predicted = eg.reference, eg.predicted
    tasks = get_tasks(reference)
    own_keys = keys_on(reference, keys)
    gold = Layers() if tasks is not None and task not in tasks else read(reference, own_keys, [task])
    if gold.of(task) is None:
        return None
    found, sentence_starts = read(predicted, keys, [task]), None
    starts: Sequence[int] = range(len(reference))
    missing = missing_runs(reference) if task == "ner" else []
    if [t.text for t in reference] != [t.text for t in predicted]:
        (starts, place), (_, predicted_place) = _by_characters(reference), _by_characters(predicted)
        gold, found = gold.moved(place), found.moved(predicted_place)
        missing = [place(*run) or run for run in missing]
    elif (place_real := trimmer(reference)) is not None:
        # White space at the ends of a span says nothing; in characters it falls away by itself.
        gold, found = gold.moved(place_real), found.moved(place_real)
    if task == "relation" and reference.has_annotation("SENT_START"):
        sentence_starts = [starts[t.i] for t in reference if t.is_sent_start]
    labels = (get_meta(reference).get("annotated_labels") or {}).get(task)
    rows = found.of(task) or []
    if task != "coref" and (missing or labels is not None):
        rows = _judged(rows, gold.of(task) or [], missing, labels)
    if task == "coref" and is_partial(reference, task):
        rows = _restrict(rows, gold.clusters or [])
    return LayerPair(gold.of(task) or [], rows, sentence_starts)


def _restrict(clusters: Sequence[Cluster], gold: Sequence[Cluster]) -> list[Cluster]:
    """Clusters without the mentions of which gold says nothing."""
    known = {mention[:2] for cluster in gold for mention in cluster}
    return make_clusters([mention for mention in cluster if mention[:2] in known] for cluster in clusters)


def _judged(
    found: Sequence[Any], gold: Sequence[Any], missing: Sequence[MentionSpan], labels: Collection[str] | None
) -> list[Any]:
    """What gold annotation says something of: the rest is neither right nor wrong, as in spaCy's own scores.

    missing (Sequence): Stretches of which nobody has said whether they are part of a name, ascending.
    labels (Collection, optional): Those that were annotated; by default all.
    """
    ends = [end for _, end in missing]
    known = {identity(row) for row in gold}

    def is_judged(row: Any) -> bool:
        if identity(row) in known:
            return True
        if labels is not None and row.label not in labels:
            return False
        if not missing:
            return True
        first = bisect_right(ends, row.start)
        return first == len(missing) or missing[first][0] >= row.end

    return [row for row in found if is_judged(row)]


def identity(row: LabeledSpan | Triple) -> tuple[Any, ...]:
    """What makes a span or a relation the same, without confidences."""
    return row[:3] if isinstance(row, LabeledSpan) else (row.head[:2], row.label, row.tail[:2])


def _by_characters(doc: Doc) -> tuple[list[int], Place]:
    """Where tokens begin, and where spans stand, in characters that are not spaces.

    Spaces are left out because Docs made from words often have others than the text they came from.
    """
    ends = list(accumulate((len("".join(token.text.split())) for token in doc), initial=0))
    return ends[:-1], lambda start, end: (ends[start], ends[end])


def _score_mentions(pairs: Sequence[LayerPair], nesting: str) -> dict[str, Any]:
    flat = span_scores(((flatten(p.gold, nesting), flatten(p.predicted, nesting)) for p in pairs), "mentions_flat")
    del flat["mentions_flat_per_type"]
    return {**span_scores((pair[:2] for pair in pairs), "mentions"), **flat}


def _score_coref(pairs: Sequence[LayerPair], nesting: str) -> dict[str, Any]:
    clusters = [(extents(pair.gold), extents(pair.predicted)) for pair in pairs]
    no_singletons = coref_scores(clusters, keep_singletons=False)["coref_f"]
    return {**coref_scores(clusters), "coref_f_no_singletons": no_singletons}


# By task, what scores its layer; given the level of nesting that scores of flat spans count.
_MEASURES: dict[str, Callable[[Sequence[LayerPair], str], dict[str, Any]]] = {
    "ner": lambda pairs, nesting: span_scores((pair[:2] for pair in pairs), "ents"),
    "emd": _score_mentions,
    "relation": lambda pairs, nesting: relation_scores(RelationPair(*pair) for pair in pairs),
    "coref": _score_coref,
}
