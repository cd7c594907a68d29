"""How gold and predicted clusters of one document overlap: all that the coreference measures need to know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from typing import NamedTuple

import numpy
from numpy.typing import NDArray

from ..errors import Errors

Clusters = Iterable[Iterable[Hashable]]
Ints = NDArray[numpy.int64]


class Overlap(NamedTuple):
    """The contingency table of two clusterings, without its zeros.

    K gold clusters, P predicted clusters, N pairs of clusters that share a mention.

    gold_sizes (Ints): Mentions in each gold cluster, shape (K,).
    predicted_sizes (Ints): Mentions in each predicted cluster, shape (P,).
    gold (Ints): Gold cluster of each cell, shape (N,).
    predicted (Ints): Predicted cluster of each cell, shape (N,).
    shared (Ints): Mentions that both clusters of the cell hold, shape (N,), each at least 1.
    """

    gold_sizes: Ints
    predicted_sizes: Ints
    gold: Ints
    predicted: Ints
    shared: Ints

    def swapped(self) -> Overlap:
        """The same table with the roles exchanged: the recall of one is the precision of the other."""
        return Overlap(self.predicted_sizes, self.gold_sizes, self.predicted, self.gold, self.shared)


def count_overlap(gold: Clusters, predicted: Clusters, *, index: int = 0, keep_singletons: bool = True) -> Overlap:
    """Count what the clusters of one document share, in time linear in the mentions.

    gold, predicted (Clusters): Clusters of hashable mentions; empty clusters are ignored.
    index (int): Number of the document, for the message.
    keep_singletons (bool): False drops clusters of one mention, on both sides.
    RETURNS (Overlap): The table.
    RAISES (ValueError): H401, if a mention occurs twice on one side.
    """
    gold_of, gold_sizes = _index_mentions(gold, "gold", index, keep_singletons)
    predicted_of, predicted_sizes = _index_mentions(predicted, "predicted", index, keep_singletons)
    cells = Counter((gold_of[m], number) for m, number in predicted_of.items() if m in gold_of)
    pairs = numpy.asarray(list(cells), dtype="int64").reshape(-1, 2)  # (N, 2)
    return Overlap(gold_sizes, predicted_sizes, pairs[:, 0], pairs[:, 1], _ints(cells.values()))


def _index_mentions(
    clusters: Clusters, side: str, index: int, keep_singletons: bool
) -> tuple[dict[Hashable, int], Ints]:
    """Number of the cluster that each mention is in, and the size of each cluster."""
    cluster_of: dict[Hashable, int] = {}
    seen: set[Hashable] = set()
    sizes: list[int] = []
    for cluster in clusters:
        mentions = list(cluster)
        for mention in mentions:
            if mention in seen:
                raise ValueError(Errors.H401.format(index=index, mention=mention, side=side))
            seen.add(mention)
        if len(mentions) > 1 or (mentions and keep_singletons):
            cluster_of.update(dict.fromkeys(mentions, len(sizes)))
            sizes.append(len(mentions))
    return cluster_of, _ints(sizes)


def _ints(values: Iterable[int]) -> Ints:
    return numpy.fromiter(values, dtype="int64")
