"""The token layer of the language model: bytes of a word, convolved, through highways."""

from __future__ import annotations

from collections.abc import Sequence

import numpy
import torch
from torch import Tensor, nn

from .config import BiLMConfig

# Rows of the character table: 0 is never used by a word, 1 to 256 are bytes, then the boundaries.
_SENTENCE_START, _SENTENCE_END, _WORD_START, _WORD_END, _PADDING = 257, 258, 259, 260, 261
N_CHARACTERS = 262
# Words convolved at a time: bounds the memory of the widest filters.
_WORDS = 512


def character_rows(words: Sequence[str], config: BiLMConfig) -> numpy.ndarray:
    """Rows of the character table of each word, of a sentence's start, and of its end.

    A word's bytes (UTF-8, the first `max_characters` - 2) stand between the boundaries of a word.
    The table is as wide as the longest word needs: a filter over padding alone gives the same
    maximum wherever it stands, so one full width of padding is as good as all of it.

    words (Sequence): Distinct words.
    config (BiLMConfig): Sizes of the model.
    RETURNS (ndarray): Int64, shape (words + 2, W), W at most max_characters.

    Source: bilm-tf, `bilm/data.py` (UnicodeCharsVocabulary).
    """
    most = config.max_characters - 2
    encoded = [word.encode("utf8", "surrogatepass")[:most] for word in words]
    lengths = numpy.asarray([len(word) for word in encoded] + [1, 1], dtype="int64")
    size = min(config.max_characters, int(lengths.max()) + 2 + config.widest_filter)
    rows = numpy.full((len(lengths), size), _PADDING, dtype="int64")
    rows[:, 0] = _WORD_START
    inside = numpy.arange(size - 1) < lengths[:, None]
    content = numpy.frombuffer(b"".join(encoded), dtype="uint8").astype("int64") + 1
    rows[:, 1:][inside] = numpy.concatenate([content, [_SENTENCE_START, _SENTENCE_END]])
    rows[numpy.arange(len(lengths)), lengths + 1] = _WORD_END
    return rows


class TokenLayer(nn.Module):
    """Vectors of words from their bytes alone.

    config (BiLMConfig): Sizes of the model.

    Source: Peters et al. (2018), section 3.4; Kim et al. (2016) for the network.
    """

    def __init__(self, config: BiLMConfig) -> None:
        super().__init__()
        self.activate = torch.relu if config.activation == "relu" else torch.tanh
        self.embed = nn.Embedding(N_CHARACTERS, config.character_width)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(config.character_width, number, width) for width, number in config.filters
        )
        self.transforms = nn.ModuleList(nn.Linear(config.n_filters, config.n_filters) for _ in range(config.n_highway))
        self.carries = nn.ModuleList(nn.Linear(config.n_filters, config.n_filters) for _ in range(config.n_highway))
        self.project = nn.Linear(config.n_filters, config.projection)

    def forward(self, characters: Tensor) -> Tensor:
        """characters (Tensor): Int64, shape (V, W). RETURNS (Tensor): Shape (V, projection)."""
        return torch.cat([self._vectors(part) for part in characters.split(_WORDS)])

    def _vectors(self, characters: Tensor) -> Tensor:
        embedded = self.embed(characters).transpose(1, 2)  # (V, width, W)
        # Both activations grow with their input, so the maximum may come first.
        pooled = [self.activate(convolve(embedded).amax(dim=2)) for convolve in self.convolutions]
        hidden = torch.cat(pooled, dim=1)  # (V, filters)
        for transform, carry in zip(self.transforms, self.carries):
            # The gate says how much is transformed, as in bilm-tf, which calls it "carry".
            gate = torch.sigmoid(carry(hidden))
            hidden = gate * torch.relu(transform(hidden)) + (1.0 - gate) * hidden
        result: Tensor = self.project(hidden)
        return result
