"""What the coreference head ranks, as tensors over a batch."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from ...spans import SpanIndex
from ..tensors import concatenated

# The score of what cannot be chosen; finite, so that sums stay finite.
IMPOSSIBLE = -1e9


class Candidates(NamedTuple):
    """Spans that are ranked, in document order.

    spans (SpanIndex): Shape (M,), flat token offsets.
    docs, speakers, genres (Tensor): Int64, shape (M,), of each span.
    scores (Tensor): Float32, shape (M,), mention scores.
    vectors (Tensor): Float32, shape (M, span_width).
    facts (Tensor): Int64, shape (M, facts), facts about their words; none without the feature "words".
    """

    spans: SpanIndex
    docs: Tensor
    speakers: Tensor
    genres: Tensor
    scores: Tensor
    vectors: Tensor
    facts: Tensor

    def shifted(self, by: int) -> Candidates:
        """With `by` added to the offsets.

        by (int): Tokens.
        RETURNS (Candidates): New ones; these stay.
        """
        return self._replace(spans=self.spans.shifted(by))

    def last(self, n: int) -> Candidates:
        """The last `n` of them.

        n (int): At least 1.
        RETURNS (Candidates): New ones; these stay.
        """
        cut = slice(max(0, len(self.docs) - n), None)
        spans = SpanIndex(self.spans.starts[cut], self.spans.ends[cut])
        return Candidates(spans, *(column[cut] for column in self[1:]))

    def followed_by(self, other: Candidates) -> Candidates:
        """Both, one after the other.

        other (Candidates): Of the same document or of later ones.
        RETURNS (Candidates): New ones; these stay.
        """
        return concatenated([self, other])


class Ranking(NamedTuple):
    """Kept mentions and what each may choose.

    kept (Candidates): M of them.
    options (Tensor): Float32, shape (M, n_none + A): n_none scores for "no antecedent" (no mention
        at 0 and, with singletons, a new entity), then the antecedents by distance.
    known (Tensor): Bool, shape (M,), spans that are known to be mentions.
    coarse (Tensor): from coarse to fine, coarse scores of all antecedents, shape (M, A).
    every (tuple, optional): All spans that the kept ones were chosen from, and their scores, shape (S,).
    """

    kept: Candidates
    options: Tensor
    known: Tensor
    coarse: Tensor | None = None
    every: tuple[SpanIndex, Tensor] | None = None
