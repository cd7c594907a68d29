"""Scores of ordered pairs of typed spans, for all pairs of a group at once."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ...layout import owners
from .config import SpanPairConfig

# Tokens between two arguments: 0, 1, 2-3, 4-7, 8-15, 16-31, 32-63, 64 and more; and a bucket for those that overlap.
_STEPS = (1, 2, 4, 8, 16, 32, 64)
_N_DISTANCES = len(_STEPS) + 2
# Pairs scored at a time: few enough that their vectors stay in a CPU's cache.
_PAIRS = 4_096


class TypedSpans(NamedTuple):
    """Arguments in document order, M of them.

    starts, ends, types (Tensor): Int64, shape (M,), flat token offsets (end exclusive) and numbers of types.
    """

    starts: Tensor
    ends: Tensor
    types: Tensor


class Pairs(NamedTuple):
    """All ordered pairs of the spans of each group, a span with itself among them; P of them.

    first, second (Tensor): Int64, shape (P,), rows of the spans.
    reverse (Tensor): Int64, shape (P,), row of the pair in the other order.
    """

    first: Tensor
    second: Tensor
    reverse: Tensor


def make_pairs(groups: Tensor, first_row: int = 0) -> Pairs:
    """Pairs of spans of the same group, group by group, a head with all its tails.

    groups (Tensor): Int64, shape (M,), ascending.
    first_row (int): Row of the first span.
    RETURNS (Pairs): Rows count from `first_row`.
    """
    _, counts = groups.unique_consecutive(return_counts=True)
    squares = counts * counts
    owner = owners(squares, int(squares.sum()))  # (P,), number of the group
    within = torch.arange(len(owner), device=groups.device) - (squares.cumsum(0) - squares)[owner]
    size, begin = counts[owner], (counts.cumsum(0) - counts)[owner]
    one, other = within // size.clamp(min=1), within % size.clamp(min=1)
    reverse = (squares.cumsum(0) - squares)[owner] + other * size + one
    return Pairs(first_row + begin + one, first_row + begin + other, reverse)


class RangeMax:
    """The maximum over any range of rows in two look-ups, from maxima over ranges of 1, 2, 4 ... rows.

    values (Tensor): Float32, shape (T, K).
    longest (int): Rows of the longest range that will be asked for.

    Source: Bender and Farach-Colton (2000), "The LCA Problem Revisited", section 3 (sparse tables).
    """

    def __init__(self, values: Tensor, longest: int) -> None:
        self.n_rows = len(values)
        levels, width = [values], 1
        while 2 * width <= min(longest, self.n_rows):
            last = levels[-1]
            # Rows at the end have no full range; nobody asks for them.
            levels.append(torch.cat([torch.maximum(last[:-width], last[width:]), last[-width:]]))
            width *= 2
        self.table = torch.cat(levels)  # (levels * T, K)
        self.widths = torch.tensor([2**n for n in range(len(levels))], device=values.device)

    def __call__(self, starts: Tensor, ends: Tensor) -> Tensor:
        """Maxima of values[start:end], 0 for empty ranges: shape (P, K)."""
        lengths = ends - starts
        level = ((lengths.unsqueeze(1) >= self.widths).sum(1) - 1).clamp(min=0)
        row = level * self.n_rows
        left = starts.clamp(min=0, max=self.n_rows - 1)
        right = (ends - self.widths[level]).clamp(min=0, max=self.n_rows - 1)
        best = torch.maximum(self.table.index_select(0, row + left), self.table.index_select(0, row + right))
        return torch.where((lengths > 0).unsqueeze(1), best, 0.0)


class PairScorer(nn.Module):
    """A feed-forward network over [head ; tail ; their product ; words between ; distance and order].

    A span vector is [first state ; last state ; type], once through a layer as head, once as tail.

    width (int): H, width of the states.
    n_types (int): Types of arguments.
    n_labels (int): R.
    config (SpanPairConfig): Settings.

    Source: Eberts and Ulges (2020), "Span-based Joint Entity and Relation Extraction with Transformer
    Pre-training" (SpERT), section 3.3, for the words between, here pooled by their maximum as
    there; types as in Bekoulis et al. (2018), section 3.4.
    """

    def __init__(self, width: int, n_types: int, n_labels: int, config: SpanPairConfig) -> None:
        super().__init__()
        hidden, features = config.hidden_width, config.feature_width
        self.types = nn.Embedding(n_types, features)
        self.distances = nn.Embedding(2 * _N_DISTANCES, features)
        self.head = nn.Linear(2 * width + features, hidden)
        self.tail = nn.Linear(2 * width + features, hidden)
        self.between = nn.Linear(width, hidden) if config.context else None
        self.dropout = nn.Dropout(config.dropout)
        # One layer over all parts, kept apart: the parts of single spans are multiplied span by span, not pair by pair.
        self.parts = nn.ModuleDict(
            {
                "head": nn.Linear(hidden, hidden),
                "tail": nn.Linear(hidden, hidden, bias=False),
                "product": nn.Linear(hidden, hidden, bias=False),
                "distance": nn.Linear(features, hidden, bias=False),
            }
        )
        if self.between is not None:
            self.parts["between"] = nn.Linear(hidden, hidden, bias=False)
        self.output = nn.Linear(hidden, n_labels)
        self._initialize(config)

    def _initialize(self, config: SpanPairConfig) -> None:
        total = sum(layer.in_features for layer in self.parts.values())  # type: ignore[misc]
        for layer in self.parts.values():
            bound = total**-0.5  # as one layer over the whole input would have it
            nn.init.uniform_(layer.weight, -bound, bound)  # type: ignore[arg-type]
        nn.init.constant_(self.output.bias, float(torch.logit(torch.tensor(config.prior))))

    def prepare(self, states: Tensor, spans: TypedSpans, longest: int) -> Prepared:
        """What pairs are scored from.

        states (Tensor): Float32, shape (T, H).
        spans (TypedSpans): M arguments.
        longest (int): Most tokens between two spans.
        RETURNS (Prepared): For `forward`.
        """
        vectors = torch.cat(
            [states.index_select(0, spans.starts), states.index_select(0, spans.ends - 1), self.types(spans.types)], 1
        )
        head, tail = (self.dropout(torch.relu(layer(vectors))) for layer in (self.head, self.tail))  # (M, K)
        between = None
        if self.between is not None and longest > 0:
            between = RangeMax(torch.relu(self.between(states)), longest)
        return Prepared(
            spans, head, tail, self.parts["head"](head), self.parts["tail"](tail), between, self._distance_part()
        )

    def _distance_part(self) -> Tensor:
        result: Tensor = self.parts["distance"](self.distances.weight)  # (buckets, K)
        return result

    def forward(self, prepared: Prepared, first: Tensor, second: Tensor) -> Tensor:
        """Scores of pairs, shape (P, R).

        prepared (Prepared): Of all spans.
        first, second (Tensor): Int64, shape (P,), rows of the spans.
        RETURNS (Tensor): Float32.
        """
        scores = [self._score(prepared, i, j) for i, j in zip(first.split(_PAIRS), second.split(_PAIRS))]
        return torch.cat(scores) if scores else self.output.weight.new_zeros((0, self.output.out_features))

    def _score(self, prepared: Prepared, first: Tensor, second: Tensor) -> Tensor:
        spans = prepared.spans
        product = prepared.head.index_select(0, first) * prepared.tail.index_select(0, second)
        hidden = prepared.as_head.index_select(0, first) + prepared.as_tail.index_select(0, second)
        hidden = hidden + self.parts["product"](product)
        low, high = torch.minimum(first, second), torch.maximum(first, second)
        begin, end = spans.ends[low], spans.starts[high]
        hidden = hidden + prepared.distance.index_select(0, _bucket(end - begin, first < second))
        if prepared.between is not None:
            hidden = hidden + self.parts["between"](prepared.between(begin, end))
        result: Tensor = self.output(self.dropout(torch.relu(hidden)))
        return result


class Prepared(NamedTuple):
    """Spans of a batch with what was computed of each: as heads and as tails, shape (M, K) each."""

    spans: TypedSpans
    head: Tensor
    tail: Tensor
    as_head: Tensor
    as_tail: Tensor
    between: RangeMax | None
    distance: Tensor


def _bucket(gap: Tensor, is_forward: Tensor) -> Tensor:
    """Number of a distance and an order. gap (Tensor): Int64, shape (P,), tokens between, negative for an overlap."""
    steps = torch.tensor(_STEPS, device=gap.device)
    bucket = torch.where(gap < 0, 0, 1 + (gap.unsqueeze(1) >= steps).sum(1))
    return bucket + _N_DISTANCES * is_forward
