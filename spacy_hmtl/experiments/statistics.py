"""Means over seeds, and differences of two setups with a bootstrap over documents."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy

from .documents import scores_of_draws

# Of one run: a table for each measure that a score is the mean of, with a row of counts a document.
Counted = Sequence[Sequence[Sequence[float]]]


class Mean(NamedTuple):
    """A mean over runs.

    mean: in the unit of the values.
    spread: standard deviation of a sample; None for a single value.
    n: how many values.
    """

    mean: float
    spread: float | None
    n: int


class Difference(NamedTuple):
    """How far a setup lies above another one.

    mean: mean of the differences of runs with equal seeds.
    low, high: bounds of 95 % of the bootstrap over documents.
    n: pairs of runs.
    """

    mean: float
    low: float
    high: float
    n: int

    @property
    def is_clear(self) -> bool:
        """Whether 0 lies outside the bounds."""
        return self.low > 0 or self.high < 0


def mean_of(values: Sequence[float]) -> Mean | None:
    """The mean of some values and their standard deviation (of a sample, n - 1).

    values (Sequence): Those of several seeds.
    RETURNS (Mean, optional): None where there are no values.
    """
    if not values:
        return None
    mean = sum(values) / len(values)
    if len(values) == 1:
        return Mean(mean, None, 1)
    return Mean(mean, math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1)), len(values))


def paired_difference(
    ours: Mapping[int, Counted], theirs: Mapping[int, Counted], *, n_draws: int = 2000, seed: int = 0
) -> Difference | None:
    """The difference of two setups on the same documents, over the seeds that both have.

    Documents are drawn with replacement, the same ones for both setups and for all seeds; the scores of both are made
    again from each draw. So the bounds say what other documents of the same kind would change, and not what more seeds
    would.

    ours, theirs (Mapping): By seed, counts of documents.
    n_draws (int): Of documents.
    seed (int): Of the draws.
    RETURNS (Difference, optional): None where no seed is in both.

    Source: Koehn (2004), "Statistical Significance Tests for Machine Translation Evaluation".
    """
    seeds = sorted(set(ours) & set(theirs))
    if not seeds:
        return None
    n_documents = len(ours[seeds[0]][0])
    draws = numpy.random.default_rng(seed).integers(0, n_documents, (n_draws, n_documents))  # (draws, documents)
    whole = numpy.arange(n_documents)[None]  # (1, documents)
    found, real = numpy.zeros(n_draws), 0.0  # (draws,)
    for own in seeds:
        found += scores_of_draws(ours[own], draws) - scores_of_draws(theirs[own], draws)
        real += float(scores_of_draws(ours[own], whole)[0] - scores_of_draws(theirs[own], whole)[0])
    low, high = numpy.percentile(found / len(seeds), [2.5, 97.5])
    return Difference(real / len(seeds), float(low), float(high), len(seeds))
