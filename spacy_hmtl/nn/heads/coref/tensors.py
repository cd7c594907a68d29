"""What the coreference head reads and makes, as tensors over a batch."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ...spans import SpanIndex


class CorefContext(NamedTuple):
    """Facts about the documents that pair features are made of.

    speakers (Tensor): Int64, shape (T,), number of each token's speaker, -1 where unknown.
    genres (Tensor): Int64, shape (B,), number of each document's genre, 0 where unknown.
    """

    speakers: Tensor
    genres: Tensor


class MentionTensors(NamedTuple):
    """Gold mentions of a batch: flat token offsets, end exclusive, and numbers of their clusters, shape (G,).

    candidates (SpanIndex, optional): all gold mentions, those outside clusters too; what a
        head ranks that is trained on gold mentions.
    """

    spans: SpanIndex
    clusters: Tensor
    candidates: SpanIndex | None = None
    context: CorefContext | None = None


class DecodedClusters(NamedTuple):
    """Mentions in clusters, in document order: cluster numbers and confidences, shape (G,)."""

    spans: SpanIndex
    clusters: Tensor
    scores: Tensor


class Candidates(NamedTuple):
    """Spans that are ranked, in document order.

    spans: flat token offsets.
    docs, speakers, genres (Tensor): Int64, shape (M,), of each span.
    scores (Tensor): Float32, shape (M,), mention scores.
    vectors (Tensor): Float32, shape (M, span_width).
    """

    spans: SpanIndex
    docs: Tensor
    speakers: Tensor
    genres: Tensor
    scores: Tensor
    vectors: Tensor

    def shifted(self, by: int) -> Candidates:
        """With `by` added to the offsets."""
        return self._replace(spans=self.spans.shifted(by))

    def last(self, n: int) -> Candidates:
        """The last `n` of them."""
        cut = slice(max(0, len(self.docs) - n), None)
        spans = SpanIndex(self.spans.starts[cut], self.spans.ends[cut])
        return Candidates(spans, *(column[cut] for column in self[1:]))  # type: ignore[index]

    def followed_by(self, other: Candidates) -> Candidates:
        """Both, one after the other."""
        spans = SpanIndex(*(torch.cat(pair) for pair in zip(self.spans, other.spans)))
        return Candidates(spans, *(torch.cat(pair) for pair in zip(self[1:], other[1:])))  # type: ignore[arg-type]
