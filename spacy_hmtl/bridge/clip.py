"""Clipping by the global norm of an update's gradients, as in the paper."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from thinc.api import Model


def clip_global_norm(model: Model[Any, Any], max_norm: float) -> float:
    """Scale all gradients of a model, Thinc's and torch's, so that their joint norm is at most `max_norm`.

    model (Model): Whose gradients were computed.
    max_norm (float): 0: they are left as they are.
    RETURNS (float): the norm before scaling.
    """
    arrays: list[Any] = [node.get_grad(name) for node, name in _arrays(model)]
    tensors = [parameter.grad for parameter in _parameters(model)]
    total = float(sum(float((array**2).sum()) for array in arrays))
    total += sum(torch.stack([t.pow(2).sum() for t in tensors]).tolist()) if tensors else 0.0
    norm = math.sqrt(total)
    if 0 < max_norm < norm:
        scale = max_norm / norm
        for gradient in [*arrays, *tensors]:
            gradient *= scale
    return norm


def drop_gradients(model: Model[Any, Any]) -> None:
    """Forget all gradients of a model, so that no step is made with them.

    model (Model): Whose gradients were computed.
    """
    for node, name in list(_arrays(model)):
        node._params._grads.pop((node.id, name))
    for parameter in list(_parameters(model)):
        parameter.grad = None


def _arrays(model: Model[Any, Any]) -> Iterator[tuple[Model[Any, Any], str]]:
    """Thinc's parameters that have a gradient."""
    return ((node, name) for node in model.walk() for name in node.param_names if node.has_grad(name))


def _parameters(model: Model[Any, Any]) -> Iterator[Any]:
    """Torch's parameters that have a gradient."""
    modules = (s._model for node in model.walk() for s in node.shims if isinstance(s._model, torch.nn.Module))
    return (parameter for module in modules for parameter in module.parameters() if parameter.grad is not None)
