"""Trained rows of a table of word vectors."""

from __future__ import annotations

import numpy
import torch
from torch import Tensor, nn


class WordRows(nn.Module):
    """Vectors of known words and, in row 0, of a word that has none.

    keys (Tensor): Int64, shape (rows,), the words' hashes (bits of an unsigned number), ascending as unsigned.
    rows (Tensor): Float32, shape (1 + rows, width).
    """

    keys: Tensor

    def __init__(self, keys: Tensor, rows: Tensor) -> None:
        super().__init__()
        self.register_buffer("keys", keys)
        self.rows = nn.Parameter(rows)
        self._sorted = keys.cpu().numpy().view("uint64")

    @property
    def width(self) -> int:
        """Width of the vectors."""
        return self.rows.shape[1]

    def find(self, keys: numpy.ndarray) -> numpy.ndarray:
        """Row of each word, 0 where there is none.

        keys (ndarray): Uint64, shape (V,).
        RETURNS (ndarray): Int64, shape (V,).
        """
        if not len(self._sorted):
            return numpy.zeros(len(keys), dtype="int64")
        place = numpy.searchsorted(self._sorted, keys).clip(max=len(self._sorted) - 1)
        return numpy.where(self._sorted[place] == keys, place + 1, 0).astype("int64")

    def forward(self, rows: Tensor, fixed: Tensor, is_fixed: Tensor, words: Tensor, dropped: Tensor | None) -> Tensor:
        """Vectors of the tokens of a batch.

        rows (Tensor): Int64, shape (V,), row of each distinct word.
        fixed (Tensor): Float32, shape (V, width), vectors that are not trained.
        is_fixed (Tensor): Bool, shape (V,), words that have one.
        words (Tensor): Int64, shape (T,), number of each token's word.
        dropped (Tensor, optional): Bool, shape (T,), tokens that are read as unknown.
        RETURNS (Tensor): Float32, shape (T, width).
        """
        own, keep_fixed = rows[words], is_fixed[words]  # (T,)
        if dropped is not None:
            own, keep_fixed = own.masked_fill(dropped, 0), keep_fixed & ~dropped
        vectors = self.rows.index_select(0, own)
        if not bool(keep_fixed.any()):
            return vectors
        return torch.where(keep_fixed.unsqueeze(1), fixed[words], vectors)
