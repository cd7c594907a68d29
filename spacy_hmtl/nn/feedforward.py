"""Feed-forward scorers whose first layer is split over the parts of their input."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class SharedDropout(nn.Module):
    """Dropout with one mask for all rows of an update.

    Drawing a mask for each of 100,000 spans costs more than scoring them.

    rate (float): Probability of zeroing a unit.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, values: Tensor) -> Tensor:
        if not self.training or self.rate == 0.0:
            return values
        keep = torch.empty(values.shape[-1], device=values.device).bernoulli_(1.0 - self.rate)
        return values * (keep / (1.0 - self.rate))


class FeedForward(nn.Module):
    """ReLU layers with dropout, then one score. Its first layer is split over the parts of its input.

    parts (dict): Name of each part of the input to its width.
    hidden_width (int): K.
    depth (int): Hidden layers, the first included.
    dropout (float): After each hidden layer.
    """

    def __init__(self, parts: dict[str, int], hidden_width: int, depth: int, dropout: float) -> None:
        super().__init__()
        total = sum(parts.values())
        self.bias = nn.Parameter(torch.zeros(hidden_width))
        self.parts = nn.ParameterDict()
        for name, width in parts.items():
            weight = torch.empty(hidden_width, width)
            nn.init.normal_(weight, std=(2.0 / (total + hidden_width)) ** 0.5)  # Xavier over the whole input
            self.parts[name] = nn.Parameter(weight)
        self.dropout = SharedDropout(dropout)
        self.hidden = nn.ModuleList(nn.Linear(hidden_width, hidden_width) for _ in range(depth - 1))
        self.output = nn.Linear(hidden_width, 1)
        for layer in [*self.hidden, self.output]:
            init_linear(layer)

    def part(self, name: str, values: Tensor) -> Tensor:
        """The share of one part in the first layer: a linear map commutes with gathering and with weighted sums.

        name (str): Of the part.
        values (Tensor): Shape (..., width of the part).
        RETURNS (Tensor): Shape (..., K).
        """
        return functional.linear(values, self.parts[name])

    def score(self, first: Tensor) -> Tensor:
        """(rows, K), the summed shares of all parts -> (rows,).

        first (Tensor): Float32, shape (rows, K); overwritten.
        RETURNS (Tensor): Float32, shape (rows,).
        """
        # In place: the sums are wanted no more, and asking for memory costs more than the work.
        hidden = self.dropout(torch.relu_(first + self.bias))
        for layer in self.hidden:
            hidden = self.dropout(torch.relu_(layer(hidden)))
        result: Tensor = self.output(hidden).squeeze(-1)
        return result


def init_linear(layer: nn.Module) -> None:
    """Initialise a linear layer as the original's configuration does (Xavier-normal).

    layer (Linear): Changed in place.
    """
    nn.init.xavier_normal_(layer.weight)  # type: ignore[arg-type]
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
