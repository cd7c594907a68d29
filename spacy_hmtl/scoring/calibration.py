"""Whether confidences can be believed: of what we are 80 % sure, is 80 % right?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from spacy.training import Example

from ..annotations.layers import LAYERS, group_keys
from ..types import Cluster, LabeledSpan, MentionSpan, Triple
from .scorer import LayerPair, identity, read_pair

N_BINS = 15
# Temperatures are looked for between a fifth and five: beyond, thresholds that are moved along (0.99) would be rounded
# to 1 and come back as another number. At least this many confidences must be judged.
_GREATEST = math.log(5.0)
_LEAST_JUDGED = 50


class Judged(NamedTuple):
    """Confidences of what was found, N of them, and whether it was right.

    confidences (ndarray): Float64 in [0, 1], shape (N,).
    right (ndarray): Bool, shape (N,).
    """

    confidences: NDArray[np.float64]
    right: NDArray[np.bool_]


class Bin(NamedTuple):
    """Confidences between two limits, the upper one included.

    low, high (float): The limits.
    n (int): How many confidences lie between them.
    confidence (float): Their mean.
    accuracy (float): Share of them that was right.
    """

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


def judge(examples: Iterable[Example], spans_keys: Mapping[str, str] | None = None) -> dict[str, Judged]:
    """Every confidence of predicted layers that gold annotation says something of, by task.

    A name or mention is right if gold has the same span with the same label, a relation if gold has it with the same
    arguments and types. A mention that refers back is right if gold puts it together with one of the earlier
    mentions of its cluster. A first mention is right if gold has no earlier one of the same entity; where gold
    has entities of one mention, it must be a gold mention, too.

    examples (Iterable): With predictions.
    spans_keys (Mapping, optional): Keys of the predicted span groups, see `group_keys`.
    RETURNS (dict): Tasks that a reference is annotated for and that something was found of.
    """
    examples, keys = list(examples), group_keys(spans_keys)
    judged = {}
    for task, layer in LAYERS.items():
        pairs = [pair for eg in examples if (pair := read_pair(eg, task, keys)) is not None]
        rows = _judged_clusters(pairs) if layer.kind == "clusters" else _judged_rows(pairs)
        if rows:
            confidences, right = zip(*rows)
            judged[task] = Judged(np.array(confidences, dtype=np.float64), np.array(right, dtype=np.bool_))
    return judged


def _judged_rows(pairs: Sequence[LayerPair]) -> list[tuple[float, bool]]:
    rows = []
    for pair in pairs:
        gold = {_strict(row) for row in pair.gold}
        rows += [(row.score, _strict(row) in gold) for row in pair.predicted]
    return rows


def _strict(row: LabeledSpan | Triple) -> tuple[Any, ...]:
    """What makes a span or a relation the same, types of arguments included."""
    kinds = (row.head.label, row.tail.label) if isinstance(row, Triple) else ()
    return identity(row), kinds


def _judged_clusters(pairs: Sequence[LayerPair]) -> list[tuple[float, bool]]:
    marks_singletons = any(len(cluster) == 1 for pair in pairs for cluster in pair.gold)
    rows = []
    for pair in pairs:
        numbers, firsts = _numbers(pair.gold)
        for cluster in pair.predicted:
            before: set[int] = set()
            for position, mention in enumerate(cluster):
                number = numbers.get(mention[:2])
                if position == 0:
                    right = mention[:2] in firsts or (number is None and not marks_singletons)
                else:
                    right = number in before
                rows.append((mention.score, right))
                before |= set() if number is None else {number}
    return rows


def _numbers(gold: Sequence[Cluster]) -> tuple[dict[MentionSpan, int], set[MentionSpan]]:
    """Number of the gold cluster of each mention, and the first mention of each cluster."""
    numbers = {mention[:2]: number for number, cluster in enumerate(gold) for mention in cluster}
    firsts = {min((mention[:2] for mention in cluster), key=lambda m: (m[0], -m[1])) for cluster in gold if cluster}
    return numbers, firsts


def reliability(judged: Judged, n_bins: int = N_BINS) -> list[Bin]:
    """Confidences in bins of equal width; empty bins are left out.

    judged (Judged): At least one confidence.
    n_bins (int): Bins between 0 and 1.
    RETURNS (list[Bin]): From the least to the greatest.
    """
    numbers = np.clip(np.ceil(judged.confidences * n_bins).astype(int) - 1, 0, n_bins - 1)
    result = []
    for number in np.unique(numbers).tolist():
        inside = numbers == number
        confidence, accuracy = float(judged.confidences[inside].mean()), float(judged.right[inside].mean())
        result.append(Bin(number / n_bins, (number + 1) / n_bins, int(inside.sum()), confidence, accuracy))
    return result


def calibration_error(judged: Judged, n_bins: int = N_BINS) -> float:
    """Expected calibration error: how far confidence and accuracy lie apart, mean over what was found.

    judged (Judged): At least one confidence.
    n_bins (int): Bins of equal width between 0 and 1.
    RETURNS (float): In [0, 1], 0 is best.

    Source: Naeini, Cooper and Hauskrecht (2015), "Obtaining Well Calibrated Probabilities Using Bayesian Binning".
    """
    bins = reliability(judged, n_bins)
    return sum(one.n * abs(one.confidence - one.accuracy) for one in bins) / len(judged.confidences)


def fit_temperature(judged: Judged) -> float | None:
    """The temperature at which what was right and wrong is likeliest.

    judged (Judged): Confidences at temperature 1.
    RETURNS (float, optional): Between 1/5 and 5; None where there is too little to tell: fewer than 50
        confidences, or none that is right or none that is wrong.
    """
    if len(judged.confidences) < _LEAST_JUDGED or judged.right.all() or not judged.right.any():
        return None
    tiny = np.finfo(np.float64).eps
    shares = np.clip(judged.confidences, tiny, 1 - tiny)
    odds = np.where(judged.right, 1.0, -1.0) * (np.log(shares) - np.log1p(-shares))
    # Minus the log-likelihood: log(1 + exp(-odds / T)).
    fit = minimize_scalar(
        lambda log: float(np.logaddexp(0.0, -odds / math.exp(log)).sum()),
        bounds=(-_GREATEST, _GREATEST),
        method="bounded",
    )
    return math.exp(float(fit.x))
