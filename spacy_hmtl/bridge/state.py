"""Weights as bytes: written in the safetensors format, read only where they fit and are numbers."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from safetensors.torch import save as save_safetensors
from thinc.api import Model, xp2torch
from torch import Tensor, nn

from ..errors import Errors, Warnings

# Whether weights are saved as they are, whatever a pipeline is to be saved with.
_EXACT: ContextVar[bool] = ContextVar("exact", default=False)


@contextlib.contextmanager
def exact_weights() -> Iterator[None]:
    """A context in which bytes hold weights as they are, so that a training goes on from them to the bit."""
    token = _EXACT.set(True)
    try:
        yield
    finally:
        _EXACT.reset(token)


def save_state(module: nn.Module, dtype: torch.dtype = torch.float32) -> bytes:
    """Weights in the safetensors format.

    module (Module): On any device.
    dtype (dtype): Of weights in float32; with float16 what is beyond its range is saved as its largest value (W195).
    RETURNS (bytes): For `load_state`, which makes the module's own dtype of any.
    """
    state = {name: value.detach().cpu().contiguous() for name, value in module.state_dict().items()}
    if dtype != torch.float32 and not _EXACT.get():
        most = torch.finfo(dtype).max
        single = {name: value for name, value in state.items() if value.dtype == torch.float32}
        if cut := [name for name, value in single.items() if value.numel() and value.abs().max() > most]:
            message = Warnings.W195.format(names=", ".join(cut[:3]), n=len(cut), dtype=_name(dtype), most=most)
            warnings.warn(message, stacklevel=2)
        state |= {name: value.clamp(-most, most).to(dtype) for name, value in single.items()}
    return save_safetensors(state)


def read_state(data: bytes) -> dict[str, Tensor]:
    """Weights by name. RAISES (ValueError): H584 where they are no weights at all, such as a pickle.

    data (bytes): Made by `save_state`.
    """
    try:
        return load_safetensors(data)
    except (SafetensorError, TypeError, KeyError) as error:
        raise ValueError(Errors.H584.format(reason=error)) from error


def load_state(module: nn.Module, data: bytes) -> None:
    """Load weights; nothing is loaded if they do not all fit.

    module (Module): Of the shapes that were saved.
    data (bytes): Made by `save_state`.
    RAISES (ValueError): H209; H584 where they are no weights at all, such as a pickle.
    """
    state = read_state(data)
    _check_fit(state, module.state_dict())
    module.load_state_dict(state)


def build_fitting(build: Callable[[], nn.Module], data: bytes, sizes: Mapping[str, object]) -> Any:
    """A module with the weights that were saved; no memory is taken for one that cannot have them.

    What is saved beside the weights says how large the module is; a damaged number there could ask for terabytes. A
    module that has a size has weights with a side that is no smaller, or as many weights.

    build (Callable): Makes the module.
    data (bytes): Made by `save_state`.
    sizes (Mapping): What each size is called, to the size; what is no whole number is not looked at.
    RETURNS (Module): In the type that `build` makes.
    RAISES (ValueError): H209; H584 where they are no weights at all.
    """
    state = read_state(data)
    largest = max([len(state), *(side for value in state.values() for side in value.shape)])
    for name, size in sizes.items():
        if isinstance(size, int) and size > largest:
            reason = f"{name} is {size:,}, but no weight that was saved has a side of more than {largest:,}"
            raise ValueError(Errors.H209.format(reason=reason))
    module = build()
    _check_fit(state, module.state_dict())
    module.load_state_dict(state)
    return module


def _check_fit(state: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    wrong = sorted(set(state) ^ set(expected)) or [
        f"{name} {tuple(state[name].shape)} instead of {tuple(expected[name].shape)}"
        for name in expected
        if state[name].shape != expected[name].shape
    ]
    if wrong:
        raise ValueError(Errors.H209.format(reason=", ".join(wrong[:3])))


def broken_weights(model: Model[Any, Any]) -> list[str]:
    """Names of the parameters of a model that hold what is no finite number.

    model (Model): The component's.
    """
    found = []
    for node in model.walk():
        arrays = {name: node.get_param(name) for name in node.param_names if node.has_param(name)}
        found += [f"{node.name}.{name}" for name, value in arrays.items() if not _is_finite(xp2torch(value))]
        for shim in node.shims:
            state = {} if shim._model is None else shim._model.state_dict()
            found += [name for name, value in state.items() if not _is_finite(value)]
    return found


def _is_finite(values: Tensor) -> bool:
    """Whether all are numbers. A sum is one only where all its parts are, and is made without a copy of them."""
    if not values.is_floating_point():
        return True
    return bool(torch.isfinite(values.sum())) or bool(torch.isfinite(values).all())


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
