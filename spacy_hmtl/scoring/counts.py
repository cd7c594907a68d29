"""What a measure counts on a document: numerators and denominators that add up over documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class PRF(NamedTuple):
    """Precision, recall and F1, as fractions of 1; a fraction without a denominator is 0."""

    precision: float
    recall: float
    f1: float


class Counts(NamedTuple):
    """Recall is found / gold, precision is correct / predicted.

    For some measures (B-cubed, LEA) the two numerators differ, so both are kept.
    """

    found: float
    gold: float
    correct: float
    predicted: float

    def prf(self) -> PRF:
        """The fractions that these counts make."""
        precision = self.correct / self.predicted if self.predicted else 0.0
        recall = self.found / self.gold if self.gold else 0.0
        return PRF(precision, recall, f1(precision, recall))


def f1(precision: float, recall: float) -> float:
    """Harmonic mean of precision and recall; 0 where both are 0."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def add_up(counts: Iterable[Counts]) -> Counts:
    """Counts over all documents (micro average), as the CoNLL scorer adds them."""
    rows = list(counts)
    return Counts(*(float(sum(column)) for column in zip(*rows))) if rows else Counts(0.0, 0.0, 0.0, 0.0)
