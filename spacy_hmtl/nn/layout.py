"""How the tokens of a batch lie: flat, in segments (sentences or windows), in documents.

All tensors over tokens are flat, shape (T, width), documents one after the other.
Nothing is padded until a layer needs it, and then only within buckets of segments
of similar length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Bucket:
    """Some segments of a batch, padded.

    segments (Tensor): Int64, shape (S,), numbers of the segments.
    index (Tensor): Int64, shape (S, L), flat token offsets (0 where padded).
    mask (Tensor): Bool, shape (S, L), True for real tokens; the first column is True.
    """

    segments: Tensor
    index: Tensor
    mask: Tensor

    def pad(self, flat: Tensor) -> Tensor:
        """(T, width) -> (S, L, width); padded positions repeat token 0 and must be masked."""
        return flat.index_select(0, self.index.reshape(-1)).view(*self.index.shape, flat.shape[-1])


@dataclass(frozen=True)
class Layout:
    """Lengths, in tokens, of the segments and documents of a batch.

    segment_lengths (Tensor): Int64, shape (S,), all at least 1.
    doc_lengths (Tensor): Int64, shape (B,); zero for an empty document.
    """

    segment_lengths: Tensor
    doc_lengths: Tensor

    @property
    def n_tokens(self) -> int:
        """T, tokens in the batch."""
        return int(self.doc_lengths.sum())

    @property
    def segment_starts(self) -> Tensor:
        """Flat offset of each segment's first token, shape (S,)."""
        return self.segment_lengths.cumsum(0) - self.segment_lengths

    def token_segments(self) -> Tensor:
        """Number of the segment of each token, shape (T,)."""
        n_segments = len(self.segment_lengths)
        numbers = torch.arange(n_segments, device=self.segment_lengths.device)
        return numbers.repeat_interleave(self.segment_lengths)

    def token_docs(self) -> Tensor:
        """Number of the document of each token, shape (T,)."""
        numbers = torch.arange(len(self.doc_lengths), device=self.doc_lengths.device)
        return numbers.repeat_interleave(self.doc_lengths)

    def doc_starts(self) -> Tensor:
        """Flat offset of each document's first token, shape (B,)."""
        return self.doc_lengths.cumsum(0) - self.doc_lengths

    def packed_order(self) -> tuple[Tensor, Tensor]:
        """The order of a torch PackedSequence over the segments.

        RETURNS (tuple): flat token offsets, time step by time step, longest segment
            first, shape (T,); and the number of segments at each step, shape (L,).
        """
        lengths, order = self.segment_lengths.sort(descending=True, stable=True)
        starts = self.segment_starts[order]  # (S,)
        steps = torch.arange(int(lengths[0]), device=lengths.device).unsqueeze(1)  # (L, 1)
        alive = steps < lengths  # (L, S)
        return (starts + steps)[alive], alive.sum(1)

    def buckets(self, max_cells: int, *, square: bool = False) -> Iterator[Bucket]:
        """Segments grouped by similar length, each group padded to its longest.

        max_cells (int): Most padded cells of a bucket; a bucket holds at least one segment.
        square (bool): Count L x L cells a segment (token pairs) instead of L.
        """
        if len(self.segment_lengths) == 0:
            return
        lengths, order = self.segment_lengths.sort(descending=True, stable=True)
        starts = self.segment_starts
        sizes = lengths.tolist()
        first = 0
        while first < len(sizes):
            longest = sizes[first]
            cells = longest * longest if square else longest
            last = min(len(sizes), first + max(1, max_cells // cells))
            segments = order[first:last]
            steps = torch.arange(longest, device=lengths.device)
            mask = steps < self.segment_lengths[segments].unsqueeze(1)  # (S, L)
            index = torch.where(mask, starts[segments].unsqueeze(1) + steps, 0)
            yield Bucket(segments, index, mask)
            first = last
