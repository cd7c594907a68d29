"""Counts how often a GPU would have to be waited for.

Counted on the CPU: operations that on a GPU cannot return before the device has told the
host a value or a size. `torch.cuda.set_sync_debug_mode` would find the same on a GPU.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

import spacy_hmtl

PACKAGE = str(Path(spacy_hmtl.__file__).parent)
# What gives the host a value (`int`, `float` and `bool` of a tensor are `item`), or makes a
# tensor whose size depends on values. Inference mode shows composite operations whole.
WAITS = {
    "item",
    "_local_scalar_dense",
    "is_nonzero",
    "equal",
    "allclose",
    "nonzero",
    "nonzero_numpy",
    "argwhere",
    "masked_select",
    "bincount",
    "_unique",
    "_unique2",
    "unique_dim",
    "unique_consecutive",
    "unique_dim_consecutive",
}
INDEXING = {"index", "index_put", "index_put_", "_index_put_impl_", "_unsafe_index"}
# Methods that reach no dispatcher where the tensor is on the CPU already.
COPIES = ("tolist", "cpu", "numpy")
Waits = Counter[str]


class Watch(TorchDispatchMode):
    """Counts what would make the host wait, by operation and by function of the package."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: Waits = Counter()

    def add(self, operation: str) -> None:
        frames = [f for f in traceback.extract_stack() if f.filename.startswith(PACKAGE)]
        where = f"{Path(frames[-1].filename).name} {frames[-1].name}" if frames else "elsewhere"
        self.waits[f"{operation} in {where}"] += 1

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = func.overloadpacket.__name__
        by_mask = name in INDEXING and any(i is not None and i.dtype in (torch.bool, torch.uint8) for i in args[1])
        unknown_size = name == "repeat_interleave" and kwargs.get("output_size") is None
        if name in WAITS or by_mask or unknown_size:
            self.add(name)
        return func(*args, **kwargs)


@contextmanager
def watched() -> Iterator[Watch]:
    watch = Watch()

    def counting(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(tensor: Tensor, *args: Any, **kwargs: Any) -> Any:
            watch.add(name)
            return method(tensor, *args, **kwargs)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in COPIES:
            patch.setattr(Tensor, name, counting(name, getattr(Tensor, name)))
        with watch:
            yield watch
