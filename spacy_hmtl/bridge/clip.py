"""Clipping by the global norm of an update's gradients, as in the paper."""

from __future__ import annotations

import math
from typing import Any

import torch
from thinc.api import Model


def clip_global_norm(model: Model[Any, Any], max_norm: float) -> float:
    """Scale all gradients of a model, Thinc's and torch's, so that their joint norm is at most `max_norm`.

    model (Model): Whose gradients were computed.
    max_norm (float): Above 0.
    RETURNS (float): the norm before scaling.
    """
    nodes = list(model.walk())
    arrays: list[Any] = [node.get_grad(name) for node in nodes for name in node.param_names if node.has_grad(name)]
    modules = [s._model for node in nodes for s in node.shims if isinstance(s._model, torch.nn.Module)]
    tensors = [p.grad for module in modules for p in module.parameters() if p.grad is not None]
    total = float(sum(float((array**2).sum()) for array in arrays))
    total += sum(torch.stack([t.pow(2).sum() for t in tensors]).tolist()) if tensors else 0.0
    norm = math.sqrt(total)
    if norm > max_norm:
        scale = max_norm / norm
        for gradient in [*arrays, *tensors]:
            gradient *= scale
    return norm
