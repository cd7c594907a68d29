"""The best one-to-one matching of gold and predicted clusters, as CEAF needs it."""

from __future__ import annotations

import numpy
from numpy.typing import NDArray

from .overlap import Overlap


def best_assignment(overlap: Overlap, worth: NDArray[numpy.float64]) -> float:
    """Total worth of the best matching, in which each cluster is used at most once.

    Clusters that share no mention are worth nothing to each other, so the table falls into
    parts (connected components) that are matched on their own: a long document has thousands
    of clusters, but its parts are small.

    overlap (Overlap): The clusters; only pairs that share a mention can be matched.
    worth (NDArray): What matching the two clusters of a cell is worth, shape (N,), each above 0.
    RETURNS (float): The sum over matched cells.
    """
    # Imported here: reading the entry points of the package must stay quick.
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    if not len(worth):
        return 0.0
    n_gold, n_predicted = len(overlap.gold_sizes), len(overlap.predicted_sizes)
    edges = coo_matrix(
        (numpy.ones(len(worth)), (overlap.gold, n_gold + overlap.predicted)), shape=(n_gold + n_predicted,) * 2
    )
    _, part_of_cluster = connected_components(edges, directed=False)
    parts = part_of_cluster[overlap.gold]  # (N,)
    order = numpy.argsort(parts, kind="stable")
    boundaries = numpy.flatnonzero(numpy.diff(parts[order])) + 1
    return sum(_best_of_part(overlap, worth, cells) for cells in numpy.split(order, boundaries))


def _best_of_part(overlap: Overlap, worth: NDArray[numpy.float64], cells: NDArray[numpy.intp]) -> float:
    """Best matching within one part, given by its cells."""
    from scipy.optimize import linear_sum_assignment

    if len(cells) == 1:
        return float(worth[cells[0]])
    gold, rows = numpy.unique(overlap.gold[cells], return_inverse=True)
    predicted, columns = numpy.unique(overlap.predicted[cells], return_inverse=True)
    table = numpy.zeros((len(gold), len(predicted)))
    table[rows, columns] = worth[cells]
    return float(table[linear_sum_assignment(table, maximize=True)].sum())
