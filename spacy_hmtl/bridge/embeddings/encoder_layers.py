"""Which layers of a transformer are run, and which of them learn."""

from __future__ import annotations

from typing import Any

import torch

from ...errors import Errors


def layer_list(transformer: Any) -> Any:
    """The layers of a transformer from the bottom, or None where they do not stand in one list.

    transformer (Module): Of any architecture.
    RETURNS (ModuleList, optional): Which can be cut.
    """
    count = getattr(transformer.config, "num_hidden_layers", None)
    lists = (module for module in transformer.modules() if isinstance(module, torch.nn.ModuleList))
    return next((module for module in lists if len(module) == count), None)


def keep_layers(transformer: Any, n_layers: int) -> None:
    """Drop the layers of an encoder above the first `n_layers`; 0 keeps all. RAISES (ValueError): H260.

    transformer (Module): Changed in place.
    n_layers (int): Layers from the bottom; 0 keeps all.
    """
    if n_layers == 0:
        return
    layers, section = layer_list(transformer), "the Transformer embedding"
    if layers is None or n_layers > len(layers):
        kind = type(transformer).__name__
        found = f"a {kind} whose layers cannot be told apart" if layers is None else f"one of {len(layers)} layers"
        raise ValueError(Errors.H260.format(n=n_layers, found=found, section=section))
    config, total = transformer.config, len(layers)
    del layers[n_layers:]
    config.num_hidden_layers = n_layers
    # Some configs say something of each layer.
    for key, value in vars(config).items():
        if isinstance(value, list) and key.startswith("layer") and len(value) == total:
            setattr(config, key, value[:n_layers])


def restrict(transformer: Any, last_layers: int) -> None:
    """Let only the last layers learn; with -1 all, with 0 none. RAISES (ValueError): H235.

    transformer (Module): Changed in place.
    last_layers (int): Layers from the top.
    """
    transformer.requires_grad_(last_layers < 0)
    if last_layers <= 0:
        return
    layers, section = layer_list(transformer), "the Transformer embedding"
    if layers is None:
        reason = f"the layers of a {type(transformer).__name__} cannot be told apart"
        raise ValueError(Errors.H235.format(n=last_layers, reason=reason, section=section))
    if last_layers > len(layers):
        reason = f"the encoder has {len(layers)} layers"
        raise ValueError(Errors.H235.format(n=last_layers, reason=reason, section=section))
    for layer in layers[-last_layers:]:
        layer.requires_grad_(True)
