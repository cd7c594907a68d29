"""Coreference measures: MUC, B-cubed, CEAF, LEA, BLANC, mention detection.

Each measure counts on the overlap of one document; counts add up over documents
and make the score at the end, as the official CoNLL scorer (version 8.01) does.

Source: Pradhan et al. (2014), "Scoring Coreference Partitions of Predicted Mentions:
A Reference Implementation"; conll/reference-coreference-scorers, lib/CorScorer.pm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy
from numpy.typing import NDArray

from .assignment import best_assignment
from .counts import PRF, Counts, add_up
from .overlap import Clusters, Ints, Overlap, count_overlap

Measure = Callable[[Overlap], Counts]


def coref_scores(documents: Iterable[tuple[Clusters, Clusters]], *, keep_singletons: bool = True) -> dict[str, float]:
    """Score predicted clusters against gold clusters.

    Mentions of one side only (twinless) are scored as they are: none are added or dropped.
    As in the official scorer, MUC is 0 where there are only singletons.

    documents (Iterable): Pairs (gold clusters, predicted clusters), one per document; a
        cluster is a list of hashable mentions.
    keep_singletons (bool): False drops clusters of one mention, on both sides, before scoring.
    RETURNS (dict): Fractions of 1 under coref_MEASURE_p, _r and _f, MEASURE being muc, b3, ceafe,
        ceafm, lea, blanc and mentions; coref_p, coref_r and coref_f are the means over muc, b3 and ceafe.
    RAISES (ValueError): H401, if a mention occurs twice in the clusters of one side.
    """
    overlaps = [
        count_overlap(gold, predicted, index=i, keep_singletons=keep_singletons)
        for i, (gold, predicted) in enumerate(documents)
    ]
    prfs = {name: add_up(map(measure, overlaps)).prf() for name, measure in MEASURES.items()}
    prfs["blanc"] = _blanc_prf(add_up(map(coreferent_links, overlaps)), add_up(map(other_links, overlaps)))
    scores: dict[str, float] = {}
    for suffix, column in (("p", 0), ("r", 1), ("f", 2)):
        scores[f"coref_{suffix}"] = sum(prfs[name][column] for name in ("muc", "b3", "ceafe")) / 3
        scores.update({f"coref_{name}_{suffix}": prf[column] for name, prf in prfs.items()})
    return scores


def muc(overlap: Overlap) -> Counts:
    """Links needed to join what belongs together; a cluster of n mentions has n - 1.

    Source: Vilain et al. (1995), "A Model-Theoretic Coreference Scoring Scheme".
    """
    right = float((overlap.shared - 1).sum())
    return Counts(right, float((overlap.gold_sizes - 1).sum()), right, float((overlap.predicted_sizes - 1).sum()))


def b_cubed(overlap: Overlap) -> Counts:
    """For each mention, the share of its cluster that the other side has with it.

    Source: Bagga and Baldwin (1998), "Algorithms for Scoring Coreference Chains"; on predicted
    mentions as in Pradhan et al. (2014): a twinless mention earns nothing.
    """

    def recall(side: Overlap) -> tuple[float, float]:
        return float((side.shared**2 / side.gold_sizes[side.gold]).sum()), float(side.gold_sizes.sum())

    return Counts(*recall(overlap), *recall(overlap.swapped()))


def ceaf_e(overlap: Overlap) -> Counts:
    """Clusters matched one to one; a match is worth the Dice coefficient of its mentions (phi 4).

    Source: Luo (2005), "On Coreference Resolution Performance Metrics".
    """
    sizes = overlap.gold_sizes[overlap.gold] + overlap.predicted_sizes[overlap.predicted]
    right = best_assignment(overlap, 2 * overlap.shared / sizes)
    return Counts(right, len(overlap.gold_sizes), right, len(overlap.predicted_sizes))


def ceaf_m(overlap: Overlap) -> Counts:
    """Clusters matched one to one; a match is worth the mentions that it shares (phi 3).

    Source: Luo (2005), as `ceaf_e`.
    """
    right = best_assignment(overlap, overlap.shared.astype("float64"))
    return Counts(right, float(overlap.gold_sizes.sum()), right, float(overlap.predicted_sizes.sum()))


def lea(overlap: Overlap) -> Counts:
    """Share of each cluster's links that were found, weighted by the cluster's size.

    A singleton has one link, to itself, which is found if it is a singleton on the other side too.

    Source: Moosavi and Strube (2016), "Which Coreference Evaluation Metric Do You Trust?
    A Proposal for a Link-based Entity Aware Metric".
    """

    def recall(side: Overlap) -> tuple[float, float]:
        sizes = side.gold_sizes[side.gold]  # (N,)
        alone = (sizes == 1) & (side.predicted_sizes[side.predicted] == 1)  # (N,)
        resolved = numpy.where(sizes == 1, alone, _pairs(side.shared) / numpy.maximum(_pairs(sizes), 1))  # (N,)
        return float((sizes * resolved).sum()), float(side.gold_sizes.sum())

    return Counts(*recall(overlap), *recall(overlap.swapped()))


def mention_detection(overlap: Overlap) -> Counts:
    """Mentions that are in a cluster on both sides, whichever cluster."""
    right = float(overlap.shared.sum())
    return Counts(right, float(overlap.gold_sizes.sum()), right, float(overlap.predicted_sizes.sum()))


def coreferent_links(overlap: Overlap) -> Counts:
    """Pairs of mentions in one cluster: the first half of BLANC."""
    right = _total_pairs(overlap.shared)
    return Counts(right, _total_pairs(overlap.gold_sizes), right, _total_pairs(overlap.predicted_sizes))


def other_links(overlap: Overlap) -> Counts:
    """Pairs of mentions in two clusters: the second half of BLANC.

    Pairs of shared mentions, less those in one gold or one predicted cluster, plus those in both.
    """
    rows = numpy.bincount(overlap.gold, weights=overlap.shared)  # (K,)
    columns = numpy.bincount(overlap.predicted, weights=overlap.shared)  # (P,)
    right = _total_pairs(overlap.shared.sum()) - _total_pairs(rows) - _total_pairs(columns)
    right += _total_pairs(overlap.shared)
    gold, predicted = (
        _total_pairs(sizes.sum()) - _total_pairs(sizes) for sizes in (overlap.gold_sizes, overlap.predicted_sizes)
    )
    return Counts(right, gold, right, predicted)


def _blanc_prf(coreferent: Counts, other: Counts) -> PRF:
    """Mean of the scores on the two kinds of links; a kind that gold lacks does not count.

    Source: Luo et al. (2014), "An Extension of BLANC to System Mentions"; where gold lacks a kind
    over all documents, as in ScoreBLANC of lib/CorScorer.pm.
    """
    kinds = [kind.prf() for kind in (coreferent, other) if kind.gold]
    if not kinds:
        return PRF(0.0, 0.0, 0.0)
    return PRF(*(sum(column) / len(kinds) for column in zip(*kinds)))


def _pairs(sizes: Ints) -> NDArray[numpy.float64]:
    return sizes * (sizes - 1) / 2


def _total_pairs(sizes: Ints | NDArray[numpy.float64]) -> float:
    return float((sizes * (sizes - 1) / 2).sum())


MEASURES: dict[str, Measure] = {
    "muc": muc,
    "b3": b_cubed,
    "ceafe": ceaf_e,
    "ceafm": ceaf_m,
    "lea": lea,
    "mentions": mention_detection,
}
