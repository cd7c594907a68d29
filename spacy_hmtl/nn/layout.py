"""How the tokens of a batch lie: flat, in segments (sentences or windows), in documents.

All tensors over tokens are flat, shape (T, width), documents one after the other.
Nothing is padded until a layer needs it, and then only within buckets of segments
of similar length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor


@dataclass(frozen=True)
class Bucket:
    """Some segments of a batch, padded.

    segments (Tensor): Int64, shape (G,), numbers of the segments.
    index (Tensor): Int64, shape (G, W), flat token offsets (0 where padded).
    mask (Tensor): Bool, shape (G, W), True for real tokens; the first column is True.
    """

    segments: Tensor
    index: Tensor
    mask: Tensor

    def pad(self, flat: Tensor) -> Tensor:
        """(T, width) -> (G, W, width); padded positions repeat token 0 and must be masked.

        flat (Tensor): Shape (T, width).
        RETURNS (Tensor): Shape (G, W, width).
        """
        return flat.index_select(0, self.index.reshape(-1)).view(*self.index.shape, flat.shape[-1])


class Packing(NamedTuple):
    """Segments side by side, time step by time step, longest segment first: a torch PackedSequence.

    order (Tensor): Int64, shape (packed,), flat token offsets: first the first tokens of all segments, and so on.
    backward (Tensor): Int64, shape (packed,): the same from the ends of the segments to their beginnings.
    sizes (Tensor): Int64, on the CPU, shape (W,), number of segments at each step.
    """

    order: Tensor
    backward: Tensor
    sizes: Tensor


# Starts and ends of spans.
SpanRange = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Chunk:
    """Part of a batch: whole segments of one document or of several.

    start, end: flat offsets of its tokens in the batch.
    first_doc: number, in the batch, of the document that its first token belongs to.
    layout (Layout): Of the part alone; its documents count from 0.
    segments (slice): Numbers of its segments in the batch.
    batch (Layout): Of the whole batch.
    """

    start: int
    end: int
    first_doc: int
    layout: Layout
    segments: slice
    batch: Layout

    def windows(self, size: int) -> Tensor:
        """Number, from 0, of the window of `size` tokens that each segment belongs to, shape (segments,).

        Windows begin where they begin in the document, which the part may be in the middle of.

        size (int): Tokens.
        RETURNS (Tensor): Int64.
        """
        own = self.batch.segment_windows(size)[self.segments]
        return own - own[:1]


@dataclass(frozen=True)
class Layout:
    """Lengths, in tokens, of the segments and documents of a batch.

    segment_lengths (Tensor): Int64, shape (G,), all at least 1.
    doc_lengths (Tensor): Int64, shape (B,); zero for an empty document.
    """

    segment_lengths: Tensor
    doc_lengths: Tensor

    # What several layers ask for is computed once for each layout.

    @cached_property
    def n_tokens(self) -> int:
        """T, tokens in the batch."""
        return int(self.doc_lengths.sum())

    @cached_property
    def segment_starts(self) -> Tensor:
        """Flat offset of each segment's first token, shape (G,)."""
        return self.segment_lengths.cumsum(0) - self.segment_lengths

    @cached_property
    def _token_segments(self) -> Tensor:
        return owners(self.segment_lengths, self.n_tokens)

    @cached_property
    def _token_docs(self) -> Tensor:
        return owners(self.doc_lengths, self.n_tokens)

    @cached_property
    def _windows(self) -> dict[int, Tensor]:
        return {}

    def token_segments(self) -> Tensor:
        """Number of the segment of each token, shape (T,)."""
        return self._token_segments

    def token_docs(self) -> Tensor:
        """Number of the document of each token, shape (T,)."""
        return self._token_docs

    def is_segment_start(self) -> Tensor:
        """Whether each token begins a segment, bool, shape (T,)."""
        is_start = torch.zeros(self.n_tokens, dtype=torch.bool, device=self.segment_lengths.device)
        return is_start.index_fill_(0, self.segment_starts, True)

    def doc_starts(self) -> Tensor:
        """Flat offset of each document's first token, shape (B,)."""
        return self.doc_lengths.cumsum(0) - self.doc_lengths

    def segment_windows(self, size: int) -> Tensor:
        """Number of the window that each segment belongs to, ascending over the batch, shape (G,).

        A document's windows begin every `size` tokens; a segment belongs to the one in which it begins.

        size (int): Tokens.
        RETURNS (Tensor): Int64.
        """
        if len(self.segment_lengths) == 0:
            return self.segment_lengths
        if size not in self._windows:
            docs = self.token_docs()[self.segment_starts]
            own = (self.segment_starts - self.doc_starts()[docs]) // size
            self._windows[size] = (docs * (own.max() + 1) + own).unique_consecutive(return_inverse=True)[1]
        return self._windows[size]

    def chunks(self, max_tokens: int, window: int, uncut: SpanRange | None = None) -> Iterator[Chunk]:
        """The batch in parts of whole windows, each of at most `max_tokens` tokens if its windows allow.

        max_tokens (int): T of a part at most.
        window (int): Tokens of a document that stay together.
        uncut (tuple, optional): Starts and ends of spans that a part must not cut, Int64, shape (S,) each.
        RETURNS (Iterator): In order, at least one; without tokens the only one has none.
        """
        if len(self.segment_lengths) == 0:
            yield Chunk(0, 0, 0, self, slice(0, 0), self)
            return
        windows = self.segment_windows(window)
        starts = self.segment_starts
        opens = torch.ones_like(windows, dtype=torch.bool)
        opens[1:] = windows[1:] != windows[:-1]
        if uncut is not None and len(uncut[0]):
            change = torch.zeros(self.n_tokens + 1, dtype=torch.int64, device=starts.device)
            change.index_add_(0, uncut[0] + 1, torch.ones_like(uncut[0]))
            change.index_add_(0, uncut[1], -torch.ones_like(uncut[1]))
            opens &= change.cumsum(0)[starts] == 0
        boundaries = [*opens.nonzero().squeeze(1).tolist(), len(windows)]  # segments
        offsets = [*starts[opens].tolist(), self.n_tokens]
        first = 0
        while first < len(boundaries) - 1:
            last = first + 1
            while last < len(boundaries) - 1 and offsets[last + 1] - offsets[first] <= max_tokens:
                last += 1
            yield self._chunk(slice(boundaries[first], boundaries[last]), offsets[first], offsets[last])
            first = last

    def _chunk(self, segments: slice, start: int, end: int) -> Chunk:
        doc_starts = self.doc_starts()
        lengths = (doc_starts + self.doc_lengths).clamp(max=end) - doc_starts.clamp(min=start)
        docs = (lengths > 0).nonzero().squeeze(1)
        first_doc, last_doc = int(docs[0]), int(docs[-1]) + 1
        layout = Layout(self.segment_lengths[segments], lengths[first_doc:last_doc].clamp(min=0))
        return Chunk(start, end, first_doc, layout, segments, self)

    @cached_property
    def packing(self) -> Packing:
        """All segments, packed. There must be one."""
        return self._pack(self.segment_starts, self.segment_lengths)

    def pack(self, segments: Tensor) -> Packing:
        """Some segments, packed.

        segments (Tensor): Int64, shape (chosen,), distinct numbers of segments, at least one.
        RETURNS (Packing): Of these segments alone.
        """
        if len(segments) == len(self.segment_lengths):
            return self.packing
        return self._pack(self.segment_starts[segments], self.segment_lengths[segments])

    @staticmethod
    def _pack(starts: Tensor, lengths: Tensor) -> Packing:
        lengths, by_length = lengths.sort(descending=True, stable=True)
        starts = starts[by_length]  # (G,)
        steps = torch.arange(int(lengths[0]), device=lengths.device).unsqueeze(1)  # (W, 1)
        alive = steps < lengths  # (W, G)
        step, row = alive.nonzero(as_tuple=True)  # (packed,)
        first, length = starts[row], lengths[row]
        return Packing(first + step, first + length - 1 - step, alive.sum(1).cpu())

    def buckets(self, max_cells: int, *, square: bool = False) -> Iterator[Bucket]:
        """Segments grouped by similar length, each group padded to its longest.

        max_cells (int): Most padded cells of a bucket; a bucket holds at least one segment.
        square (bool): Count L x L cells a segment (token pairs) instead of L.
        RETURNS (Iterator): Buckets, the longest segments first.
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
            mask = steps < self.segment_lengths[segments].unsqueeze(1)  # (G, W)
            index = torch.where(mask, starts[segments].unsqueeze(1) + steps, 0)
            yield Bucket(segments, index, mask)
            first = last


def owners(lengths: Tensor, total: int) -> Tensor:
    """Number of the group of each member, shape (total,), of groups of these lengths.

    lengths (Tensor): Int64, shape (groups,).
    total (int): Their sum.
    RETURNS (Tensor): Int64, shape (total,).
    """
    return torch.arange(len(lengths), device=lengths.device).repeat_interleave(lengths, output_size=total)
