"""A convolution over the characters of words."""

from __future__ import annotations

import torch
from torch import Tensor, nn

# Characters are told apart by code point modulo this many rows: no vocabulary to build,
# none unseen. Latin, Greek and Cyrillic letters have rows of their own.
N_ROWS = 1536


class CharacterCNN(nn.Module):
    """Embedding, convolution, ReLU, max over the characters of a word.

    Words are padded to the filter's width, and padding never wins the maximum, so that
    a word's vector does not depend on its neighbours in the batch.

    character_width (int): Width of a character's embedding.
    n_filters (int): Filters, which is also the width of the output.
    filter_width (int): Characters a filter sees; odd.
    dropout (float): On the output.

    Source: settings of the HMTL authors' configurations (16-d characters, 64 filters of
    width 3, ReLU, dropout 0.1).
    """

    def __init__(self, character_width: int, n_filters: int, filter_width: int, dropout: float) -> None:
        super().__init__()
        self.filter_width = filter_width
        self.embed = nn.Embedding(N_ROWS + 1, character_width, padding_idx=0)
        self.convolve = nn.Conv1d(character_width, n_filters, filter_width, padding=filter_width // 2)
        self.dropout = nn.Dropout(dropout)

    def reset_parameters(self) -> None:
        """Draw all weights again."""
        self.embed.reset_parameters()
        self.convolve.reset_parameters()

    def forward(self, characters: Tensor, lengths: Tensor, words: Tensor) -> Tensor:
        """Vectors of the tokens of a batch.

        characters (Tensor): Int64, shape (V, W), rows of distinct words, 0 where padded.
        lengths (Tensor): Int64, shape (V,), characters of each word.
        words (Tensor): Int64, shape (T,), number of each token's word.
        RETURNS (Tensor): Float32, shape (T, n_filters).
        """
        hidden = self.convolve(self.embed(characters).transpose(1, 2))  # (V, n_filters, W)
        real = torch.arange(hidden.shape[2], device=hidden.device) < lengths.clamp(min=1).unsqueeze(1)  # (V, W)
        # The maximum comes before the ReLU, which is the same and looks at a word's characters once less.
        pooled = torch.relu(hidden.masked_fill(~real.unsqueeze(1), 0.0).amax(dim=2))  # (V, n_filters)
        result: Tensor = self.dropout(pooled.index_select(0, words))
        return result
