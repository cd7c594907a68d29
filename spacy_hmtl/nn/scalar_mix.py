"""A weighted sum of layers with trained weights."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class ScalarMix(nn.Module):
    """gamma * sum over layers k of softmax(weights)[k] * layer k; starts as the mean.

    n_layers (int): Layers to mix.

    Source: Peters et al. (2018), "Deep contextualized word representations", section 3.2, equation 1.
    """

    def __init__(self, n_layers: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(n_layers))
        self.gamma = nn.Parameter(torch.ones(1))

    def reset_parameters(self) -> None:
        """Begin again from the mean of the layers."""
        nn.init.zeros_(self.weights)
        nn.init.ones_(self.gamma)

    def forward(self, layers: Tensor) -> Tensor:
        """layers (Tensor): Shape (T, layers, H). RETURNS (Tensor): Shape (T, H)."""
        shares = torch.softmax(self.weights, dim=0) * self.gamma  # (layers,)
        return torch.einsum("tlh,l->th", layers, shares)

    def combine(self, layers: Sequence[Tensor]) -> Tensor:
        """The same of layers that lie apart. layers (Sequence): Of one shape, (..., H). RETURNS (Tensor): (..., H)."""
        shares = torch.softmax(self.weights, dim=0) * self.gamma  # (layers,)
        mixed = shares[0] * layers[0].float()
        for share, layer in zip(shares[1:], layers[1:]):
            mixed = mixed + share * layer.float()
        return mixed


class MixedLayers(nn.Module):
    """What is trained of ELMo: the mix of its layers; dropout on the result.

    n_layers (int): Layers to mix.
    dropout (float): On the result.
    """

    def __init__(self, n_layers: int, dropout: float) -> None:
        super().__init__()
        self.mix = ScalarMix(n_layers)
        self.dropout = nn.Dropout(dropout)

    def forward(self, layers: Tensor) -> Tensor:
        """layers (Tensor): Shape (T, layers, H). RETURNS (Tensor): Shape (T, H)."""
        result: Tensor = self.dropout(self.mix(layers))
        return result
