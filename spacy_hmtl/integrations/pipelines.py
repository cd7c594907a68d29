"""The pipelines of a process: each loaded once, used by one thread at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from spacy.language import Language

from ..cli.inputs import load_pipeline

_lock = Lock()
_pipelines: dict[tuple[str, int], Language] = {}


@contextmanager
def shared_pipeline(model: str, gpu_id: int = -1) -> Iterator[Language]:
    """The pipeline of this process, loaded when it is first asked for; other threads wait.

    model (str): A folder, or the name of an installed package.
    gpu_id (int): -1 for the CPU.
    RAISES (ValueError): H508.
    """
    # One lock for all: spaCy's vocabulary and memory zones are not made for threads.
    with _lock:
        if (model, gpu_id) not in _pipelines:
            _pipelines[model, gpu_id] = load_pipeline(model, gpu_id)
        yield _pipelines[model, gpu_id]


def _forget() -> None:
    """A forked process has the lock as it was, perhaps held by a thread that it has not."""
    global _lock
    _lock = Lock()
    _pipelines.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
