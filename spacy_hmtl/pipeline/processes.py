"""Worker processes of `nlp.pipe(n_process=...)`: one thread of torch in each, however they are started."""

from __future__ import annotations

import multiprocessing
import os

import torch

# What the tokenizers of transformers ask, when a process is forked, whether to use threads.
_TOKENIZERS = "TOKENIZERS_PARALLELISM"
_unset = False


def _before_fork() -> None:
    """Without an answer, tokenizers would do the same in the new process, and complain there at length."""
    global _unset
    _unset = _TOKENIZERS not in os.environ
    if _unset:
        os.environ[_TOKENIZERS] = "false"


def _after_fork_here() -> None:
    if _unset:
        os.environ.pop(_TOKENIZERS, None)


def _after_fork_there() -> None:
    """A forked process has one thread; torch believes in all those of its parent, and would wait for them for ever."""
    torch.set_num_threads(1)


def in_worker() -> None:
    """Called where a component arrives in a process by pickle: workers that share the cores do not fight for them.

    A number of threads that the user has set by OMP_NUM_THREADS stays.
    """
    # By its name: the parent is known only after all that was sent along has been unpickled.
    is_worker = multiprocessing.current_process().name != "MainProcess"
    if is_worker and "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_here, after_in_child=_after_fork_there)
