"""Sizes of a bidirectional language model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BiLMConfig:
    """What the published options.json says about the network.

    character_width (int): Width of a character's embedding.
    filters (tuple): (width in characters, number) of each convolution.
    n_highway (int): Highway layers after the convolutions.
    max_characters (int): Characters of a word, its two boundaries included; the rest is cut off.
    activation (str): "relu" or "tanh", after the convolutions.
    projection (int): P, width of an LSTM's output, and of the token layer.
    hidden (int): D, width of an LSTM's cell.
    n_layers (int): LSTM layers.
    cell_clip, projection_clip (float): Largest magnitude in a cell, and in an output; 0 for none.
    residual (bool): Add the input of the second and later LSTM layers to their output.

    The original, medium and small models have P = 512, 256, 128 and D = 4096, 2048, 1024.
    """

    character_width: int
    filters: tuple[tuple[int, int], ...]
    n_highway: int
    max_characters: int
    activation: str
    projection: int
    hidden: int
    n_layers: int
    cell_clip: float
    projection_clip: float
    residual: bool

    @property
    def n_filters(self) -> int:
        """Filters of all widths together."""
        return sum(number for _, number in self.filters)

    @property
    def widest_filter(self) -> int:
        """Characters that the widest filter sees."""
        return max(width for width, _ in self.filters)

    @property
    def width(self) -> int:
        """Width of a token's vector: both directions."""
        return 2 * self.projection
