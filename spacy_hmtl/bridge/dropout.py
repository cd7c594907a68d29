"""How much is dropped in an update: what `drop` says rules torch's layers as it rules Thinc's."""

from __future__ import annotations

from typing import Any

from thinc.api import Model, set_dropout_rate
from torch import nn

from ..nn.feedforward import SharedDropout
from .shim import HierarchyShim, ModuleShim

# Modules that drop something, and the attribute that says how much.
_RATES: tuple[tuple[type[nn.Module], str], ...] = (
    (nn.modules.dropout._DropoutNd, "p"),
    (nn.RNNBase, "dropout"),
    (SharedDropout, "rate"),
)


def set_dropout(model: Model[Any, Any], drop: float) -> None:
    """Set the dropout of all layers of a model for the updates that follow.

    A layer without a rate of its own (spaCy's, such as hash embeddings) drops `drop`. A layer
    with one drops that, but nothing where `drop` is 0: an update is then the same each time.

    model (Model): The component's.
    drop (float): As `nlp.update` has it; [training] dropout in a config.
    """
    set_dropout_rate(model, drop)
    for node in model.walk():
        for shim in node.shims:
            if isinstance(shim, (HierarchyShim, ModuleShim)) and shim._model is not None:
                for module in shim._model.modules():
                    _switch(module, drop > 0.0)


def _switch(module: Any, is_on: bool) -> None:
    for kind, name in _RATES:
        if isinstance(module, kind):
            own = module.__dict__.setdefault("configured_rate", getattr(module, name))
            setattr(module, name, own if is_on else 0.0)
