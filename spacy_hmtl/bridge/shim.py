"""Shims between Thinc and torch that step only what took part in an update."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import srsly
import torch
from thinc.api import Optimizer, PyTorchShim, get_torch_default_device, torch2xp, xp2torch

from ..errors import Errors
from ..nn.growth import grown
from ..nn.hierarchy import Hierarchy, LabelSets, Levels
from .saved_head import SavedHead
from .state import build_fitting, load_state, save_state


class TouchedParams:
    """Mixin for a PyTorchShim: isolation, own learning rate, averages.

    Thinc's shim zeroes gradients after an update, so that parameters which took no
    part in later updates go on drifting by Adam's momentum; here they are dropped.
    Thinc's shim looks averages up under other keys than the optimizer stores them by.
    """

    id: int
    _model: Any
    lr_scale: float = 1.0

    def finish_update(self, optimizer: Optimizer) -> None:
        """Step the parameters that have a gradient, then drop all gradients.

        optimizer (Optimizer): Of the update.
        """
        for name, parameter in self._model.named_parameters():
            if parameter.grad is None:
                continue
            values: Any = torch2xp(parameter.data)
            gradient: Any = torch2xp(parameter.grad)
            weights, _ = optimizer((self.id, name), values, gradient, lr_scale=self.lr_scale)
            with torch.no_grad():
                parameter.copy_(xp2torch(weights, device=parameter.device))
            parameter.grad = None

    @contextlib.contextmanager
    def use_params(self, params: Mapping[Any, Any]) -> Iterator[None]:
        """Swap in averaged weights, which the optimizer keeps by (shim id, parameter name).

        params (Mapping): Averages by (shim id, parameter name).
        RETURNS (Iterator): A context in which the averages stand.
        """
        backup: dict[str, torch.Tensor] = {}
        parameters = dict(self._model.named_parameters()) if self._model is not None else {}
        for name, parameter in parameters.items():
            average = params.get((self.id, name))
            if average is not None:
                backup[name] = parameter.data
                parameter.data = xp2torch(average, device=parameter.device).clone()
        try:
            yield
        finally:
            for name, data in backup.items():
                parameters[name].data = data


class ModuleShim(TouchedParams, PyTorchShim):
    """A shim for a torch module whose shape the config knows (character CNN); weights as safetensors."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__(module)

    def to_bytes(self) -> bytes:
        """Weights in the safetensors format."""
        return save_state(self._model)

    def from_bytes(self, bytes_data: bytes) -> ModuleShim:
        """Load weights. RAISES (ValueError): H209 where they do not fit.

        bytes_data (bytes): Made by `to_bytes`.
        RETURNS (ModuleShim): Itself.
        """
        load_state(self._model, bytes_data)
        self._model.to(get_torch_default_device())
        return self


class HierarchyShim(TouchedParams, PyTorchShim):
    """Holds the hierarchy, which is built once the labels and the input width are known.

    Its bytes carry labels and width beside the weights, so that a saved pipeline needs
    nothing else to be built again.

    levels (Sequence): Tasks of each level, as the config has them.
    build (Callable): From the embeddings' width and the label sets to the network.
    lr_scale (float): Factor on the optimizer's learning rate.
    """

    def __init__(self, levels: Levels, build: Callable[[int, LabelSets], Hierarchy], lr_scale: float) -> None:
        super().__init__(None)
        self._levels = [list(level) for level in levels]
        self._build = build
        self.lr_scale = lr_scale

    @property
    def is_built(self) -> bool:
        """Whether labels and widths are known."""
        return self._model is not None

    @property
    def hierarchy(self) -> Hierarchy:
        """The network. RAISES (ValueError): H208, before initialization."""
        if self._model is None:
            raise ValueError(Errors.H208)
        result: Hierarchy = self._model
        return result

    def build(self, input_width: int, labels: LabelSets) -> None:
        """Make a new network with random weights.

        input_width (int): E, width of the embeddings.
        labels (LabelSets): What the heads are sized for.
        """
        self._model = self._build(input_width, labels)
        self._model.to(get_torch_default_device())

    def grow(self, labels: LabelSets) -> None:
        """Make the network larger; see `spacy_hmtl.nn.growth.grown`.

        labels (LabelSets): With those that it has, in their order and before all others.
        """
        self.replace(grown(self.hierarchy, labels))

    def replace(self, hierarchy: Hierarchy) -> None:
        """Take another network, under a new number: what optimizers keep by the old one does not fit.

        hierarchy (Hierarchy): On its device.
        """
        self._model = hierarchy
        self.id = PyTorchShim(None).id

    def finish_update(self, optimizer: Optimizer) -> None:
        """Step what took part in the update, if there is a network.

        optimizer (Optimizer): Of the update.
        """
        if self._model is not None:
            super().finish_update(optimizer)

    def to_bytes(self) -> bytes:
        """Labels, levels, widths and weights; nothing before initialization."""
        if self._model is None:
            result: bytes = srsly.msgpack_dumps({})
            return result
        model = self._model
        labels = LabelSets(model.labels, model.arguments, model.schema)
        head = SavedHead(labels, model.levels, model.input_width)
        result = srsly.msgpack_dumps({"head": head.to_json(), "state": save_state(model)})
        return result

    def from_bytes(self, bytes_data: bytes) -> HierarchyShim:
        """Build the network that was saved, and load its weights.

        bytes_data (bytes): Made by `to_bytes`.
        RETURNS (HierarchyShim): Itself.
        RAISES (ValueError): H209 where the config asks for another network; H584 and H644, where it is damaged.
        """
        message = srsly.msgpack_loads(bytes_data)
        if not message:
            self._model = None
            return self
        head = SavedHead.from_json(message["head"])
        if head.levels != self._levels:
            reason = f"levels are {self._levels}, but were {head.levels} in training"
            raise ValueError(Errors.H209.format(reason=reason))
        build = partial(self._build, head.input_width, head.labels)
        self._model = build_fitting(build, message["state"], head.sizes)
        self._model.to(get_torch_default_device())
        return self
