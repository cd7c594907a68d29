"""spacy-transformers' own layers under the rule of ours: no code of a model is run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pickle import UnpicklingError
from typing import Any

import srsly
from spacy_transformers.layers.hf_shim import HFShim
from thinc.api import Model

from ...errors import Errors
from .encoder_files import CONFIG, check_files, read_folder

_SAVED = "the saved transformer"


class GuardedShim(HFShim):
    """Reads what spacy-transformers saved once it is seen to be plain data."""

    def from_bytes(self, bytes_data: bytes) -> Any:
        """RAISES (ValueError): H207, H580, H581, H583, H584.

        bytes_data (bytes): Made by `to_bytes`.
        RETURNS (GuardedShim): Itself.
        """
        message = srsly.msgpack_loads(bytes_data)
        if message.get("config"):
            files = dict(message["tokenizer"])
            settings = files.pop("kwargs", {})
            # They are handed on to transformers, and could allow it to run code.
            if more := sorted(set(settings) - {"use_fast"}):
                found = f"settings of the tokenizer: {', '.join(more)}"
                raise ValueError(Errors.H580.format(path=_SAVED, found=found))
            check_files({**files, CONFIG: json.dumps(message["config"]).encode()}, _SAVED)
        try:
            return super().from_bytes(bytes_data)  # type: ignore[no-untyped-call]
        except UnpicklingError as error:  # torch reads tensors only, and refuses all else
            raise ValueError(Errors.H584.format(reason=error)) from error


def guard_node(node: Model[Any, Any]) -> None:
    """Let a `TransformerModel` of spacy-transformers load plain data only.

    node (Model): Named "transformer".
    """
    for layer in node.layers:
        for shim in layer.shims:
            # Not ours, which checks by itself, and not one that is guarded already.
            if type(shim) is HFShim:
                shim.__class__ = GuardedShim
                node.init = _checked(node.init)


def _checked(init: Callable[..., Any] | None) -> Callable[..., Any]:
    """Initialization that looks at the folder first. RAISES (ValueError): H207, H580, H581, H583."""

    def run(model: Model[Any, Any], X: Any = None, Y: Any = None) -> None:
        if not model.attrs["has_transformer"]:
            # Pickled weights are left to transformers, which reads nothing but tensors from them.
            read_folder(str(model.attrs["name"]), weights=False)
        if init is not None:
            init(model, X=X, Y=Y)

    return run
