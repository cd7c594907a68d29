"""Candidate spans of coreference: enumeration, vectors of their parts, pruning, matching."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from .layout import Layout


class SpanIndex(NamedTuple):
    """Spans by flat token offsets, end exclusive, in document order: shape (S,) each."""

    starts: Tensor
    ends: Tensor

    def select(self, rows: Tensor) -> SpanIndex:
        """Some of the spans.

        rows (Tensor): Int64 or Bool, as an index.
        RETURNS (SpanIndex): In the order of the rows.
        """
        return SpanIndex(self.starts[rows], self.ends[rows])

    def shifted(self, by: int) -> SpanIndex:
        """With `by` added to the offsets.

        by (int): Tokens.
        RETURNS (SpanIndex): New ones; these stay.
        """
        return SpanIndex(self.starts + by, self.ends + by)


def distinct(spans: SpanIndex) -> SpanIndex:
    """Each span once, in document order.

    spans (SpanIndex): In any order.
    RETURNS (SpanIndex): Sorted by start, then by end.
    """
    table = torch.stack(spans, dim=1).unique(dim=0)  # sorted by start, then end
    return SpanIndex(table[:, 0], table[:, 1])


def enumerate_spans(layout: Layout, max_width: int) -> SpanIndex:
    """All spans of at most `max_width` tokens that lie within a segment, by start, shorter first.

    layout (Layout): Segments and documents of the tokens.
    max_width (int): Tokens.
    RETURNS (SpanIndex): Shape (S,).
    """
    n_tokens = layout.n_tokens
    device = layout.doc_lengths.device
    segment_ends = (layout.segment_starts + layout.segment_lengths)[layout.token_segments()]  # (T,)
    starts = torch.arange(n_tokens, device=device).unsqueeze(1)  # (T, 1)
    ends = starts + torch.arange(1, max_width + 1, device=device)  # (T, W)
    inside = ends <= segment_ends.unsqueeze(1)
    return SpanIndex(starts.expand_as(ends)[inside], ends[inside])


def window(spans: SpanIndex) -> tuple[Tensor, Tensor]:
    """Token offsets of each span, padded to the widest.

    spans (SpanIndex): Shape (S,).
    RETURNS (tuple): offsets, Int64, shape (S, W), 0 where padded; mask, Bool, shape (S, W).
    """
    lengths = spans.ends - spans.starts
    width = int(lengths.max()) if len(lengths) else 1
    steps = torch.arange(width, device=spans.starts.device)
    mask = steps < lengths.unsqueeze(1)
    return torch.where(mask, spans.starts.unsqueeze(1) + steps, 0), mask


def prune(scores: Tensor, docs: Tensor, keep: Tensor) -> Tensor:
    """The best spans of each document, as rows in document order.

    scores (Tensor): Float32, shape (S,).
    docs (Tensor): Int64, shape (S,), document of each span, ascending.
    keep (Tensor): Int64, shape (B,), how many to keep in each document.
    RETURNS (Tensor): Int64, shape (M,).
    """
    order = scores.argsort(descending=True, stable=True)
    order = order[docs[order].argsort(stable=True)]  # by document, best first
    counts = torch.bincount(docs, minlength=len(keep))
    rank = torch.arange(len(order), device=order.device) - (counts.cumsum(0) - counts)[docs[order]]
    return order[rank < keep[docs[order]]].sort().values


def match(spans: SpanIndex, gold: SpanIndex, values: Tensor) -> Tensor:
    """The value of the gold span with the same boundaries for each span, or -1.

    spans (SpanIndex): Shape (S,).
    gold (SpanIndex): Shape (gold,), distinct.
    values (Tensor): Int64, shape (gold,). RETURNS (Tensor): Int64, shape (S,).
    """
    found = torch.full_like(spans.starts, -1)
    if len(gold.starts) == 0 or len(spans.starts) == 0:
        return found
    base = int(torch.maximum(spans.ends.max(), gold.ends.max())) + 1
    keys, order = (gold.starts * base + gold.ends).sort()
    wanted = spans.starts * base + spans.ends
    position = torch.searchsorted(keys, wanted).clamp(max=len(keys) - 1)
    hit = keys[position] == wanted
    return torch.where(hit, values[order[position]], found)


def antecedent_pairs(docs: Tensor, n_columns: int, first: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Pairs of each mention with the nearest earlier mentions of its document.

    docs (Tensor): Int64, shape (M,), document of each kept mention, ascending.
    n_columns (int): how far to look back, counted in mentions.
    first (int): row of the first mention that pairs are made for.
    RETURNS (tuple): Int64 of shape (P,): mention, antecedent, and column
        (distance in mentions less one), mention by mention, nearest first.
    """
    mention = torch.arange(first, len(docs), device=docs.device).unsqueeze(1)  # (M - first, 1)
    antecedent = mention - 1 - torch.arange(n_columns, device=docs.device)  # (M - first, A)
    exists = (antecedent >= 0) & (docs[antecedent.clamp(min=0)] == docs[first:].unsqueeze(1))
    rows, columns = exists.nonzero(as_tuple=True)
    return rows + first, antecedent[rows, columns], columns


def repeats(values: Tensor) -> Tensor:
    """Which values stand earlier, too; by sorting, not by comparing all with all.

    values (Tensor): Int64, shape (M,).
    RETURNS (Tensor): Bool, shape (M,).
    """
    order = values.argsort(stable=True)
    equal = values[order][1:] == values[order][:-1]
    result = torch.zeros_like(values, dtype=torch.bool)
    result[order[1:]] = equal
    return result
