"""The pipelines of a process: each loaded once, used by one thread at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import spacy
from spacy.cli._util import setup_gpu
from spacy.language import Language
from spacy.util import is_package

from ..errors import Errors
from ..pipeline.loading import load_folder

_lock = Lock()
_pipelines: dict[tuple[str, int], Language] = {}


def load_pipeline(model: str, gpu_id: int = -1) -> Language:
    """Load a pipeline on the CPU or a GPU.

    model (str): A folder, or the name of an installed package.
    RAISES (ValueError): H508; H580 to H583 where a folder brings or asks for code.
    """
    if gpu_id >= 0:
        setup_gpu(gpu_id, silent=True)
    try:
        return load_folder(model) if Path(model).exists() and not is_package(model) else spacy.load(model)
    except OSError as error:  # what spaCy raises where there is no pipeline
        raise ValueError(Errors.H508.format(model=model, reason=error)) from error


def hmtl_pipes(nlp: Language, model: str, what: str) -> list[Any]:
    """The components of the pipeline that are ours. RAISES (ValueError): H509."""
    pipes = [nlp.get_pipe(name) for name in nlp.pipe_names if nlp.get_pipe_meta(name).factory == "hmtl"]
    if not pipes:
        raise ValueError(Errors.H509.format(model=model, pipes=", ".join(nlp.pipe_names) or "none", what=what))
    return pipes


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
