"""What each document adds to a score, so that documents can be drawn again for a bootstrap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy
from numpy.typing import NDArray
from spacy.training import Example

from ..annotations.layers import extents, group_keys
from ..scoring.coref import MEASURES
from ..scoring.counts import Counts, add_up
from ..scoring.overlap import count_overlap
from ..scoring.scorer import LayerPair, identity, read_pair

# By score, what a document counts for it: one table, or, for a mean of measures, several.
# A table has a row (found, gold, correct, predicted) a document.
Tables = dict[str, list[list[list[float]]]]
# The score that a task is judged by.
OWN = {"ner": "ents_f", "emd": "mentions_f", "relation": "relations_f", "coref": "coref_f"}


def document_tables(examples: Sequence[Example], tasks: Iterable[str], spans_keys: dict[str, str]) -> Tables:
    """Counts of every document, for the score of each task.

    examples (Sequence): Annotated.
    tasks (Iterable): Those to count.
    spans_keys (dict): Of the component.
    RETURNS (Tables): By score, such as "ents_f"; `score_of` makes the score of it.
    """
    keys = group_keys(spans_keys)
    found: Tables = {}
    for task in tasks:
        pairs = [pair for eg in examples if (pair := read_pair(eg, task, keys)) is not None]
        if not pairs:
            continue
        if task == "coref":
            found[OWN[task]] = [_clusters(pairs, measure) for measure in ("muc", "b3", "ceafe")]
        elif task == "relation":
            found[OWN[task]] = [_sets(pairs, _typed)]
            found["relations_last_token_f"] = [_sets(pairs, _last_token)]
        else:
            found[OWN[task]] = [_sets(pairs, identity)]
    return found


def _sets(pairs: Sequence[LayerPair], of: Callable[[Any], Any]) -> list[list[float]]:
    rows = []
    for gold, predicted, _ in pairs:
        ours, theirs = {of(row) for row in predicted}, {of(row) for row in gold}
        right = float(len(ours & theirs))
        rows.append([right, float(len(theirs)), right, float(len(ours))])
    return rows


def _typed(relation: Any) -> tuple[Any, ...]:
    return relation.head[:3], relation.label, relation.tail[:3]


def _last_token(relation: Any) -> tuple[Any, ...]:
    return relation.head.end, relation.label, relation.tail.end


def _clusters(pairs: Sequence[LayerPair], measure: str) -> list[list[float]]:
    overlaps = [count_overlap(extents(pair.gold), extents(pair.predicted), index=i) for i, pair in enumerate(pairs)]
    return [[float(value) for value in MEASURES[measure](overlap)] for overlap in overlaps]


def score_of(tables: Sequence[Sequence[Sequence[float]]]) -> float:
    """The F1 that all documents make together, in 0 to 1: the mean over tables.

    tables (Sequence): Of one score, made by `document_tables`.
    RETURNS (float): F1.
    """
    return sum(add_up(Counts(*row) for row in table).prf().f1 for table in tables) / len(tables)


def scores_of_draws(tables: Sequence[Sequence[Sequence[float]]], draws: NDArray[numpy.int64]) -> NDArray[numpy.float64]:
    """The F1 of every draw of documents.

    tables (Sequence): Of one score.
    draws (NDArray): Shape (draws, documents), numbers of documents.
    RETURNS (NDArray): Shape (draws,), in 0 to 1.
    """
    total: NDArray[numpy.float64] = numpy.zeros(len(draws))
    for table in tables:
        counts = numpy.asarray(table, dtype="float64")[draws].sum(axis=1)  # (draws, 4)
        recall = counts[:, 0] / numpy.maximum(counts[:, 1], 1e-12)
        precision = counts[:, 2] / numpy.maximum(counts[:, 3], 1e-12)
        total += 2 * precision * recall / numpy.maximum(precision + recall, 1e-12)
    result: NDArray[numpy.float64] = total / len(tables)
    return result
