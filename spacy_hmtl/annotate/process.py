"""A pipeline in a process of its own, which can be killed while it works."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from typing import Any, NamedTuple

import torch
from spacy.language import Language

from .guard import Guard
from .worker import Batch, Encoder, Outcome, annotate_batch

# What the process tells of itself when the pipeline is loaded; a function of a module.
Describe = Callable[[Language], Any]


class WorkerDiedError(Exception):
    """The process ended without an answer."""


class Begun(NamedTuple):
    """The process has begun to read a text, or all texts of its batch together.

    place: of the text in the batch; None for all together.
    """

    place: int | None


class Spec(NamedTuple):
    """What a process loads and how it works; plain data.

    load: makes the pipeline; can be pickled.
    describe: what is told of the pipeline.
    guard: bounds of each text.
    n_threads: of torch; 0 leaves its own choice.
    """

    load: Callable[[], Language]
    describe: Describe
    guard: Guard
    n_threads: int = 0


# What a process that forks workers has imported before.
_PRELOADED = ["spacy_hmtl.annotate.process", "spacy_hmtl.pipeline.factory", "spacy_hmtl.bridge.model", "spacy.lang.en"]


def quick_context() -> BaseContext:
    """How processes start where one must be replaced in a moment: on Linux, forked from one that has imported all.

    That one has run nothing, neither threads of torch nor CUDA; packages that are installed later it does not know.
    """
    if not sys.platform.startswith("linux"):
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context


def threads_each(n_process: int) -> int:
    """Threads of torch for each of several processes, so that together they take the cores of the machine."""
    return 0 if n_process == 1 else max(1, (os.cpu_count() or 1) // n_process)


class WorkerProcess:
    """Starts the process, which loads the pipeline. For one thread at a time; `kill` is for any.

    context (BaseContext): How processes start. Never by forking this one: neither CUDA nor the threads of torch
        survive that.
    """

    def __init__(self, spec: Spec, context: BaseContext) -> None:
        self._connection, theirs = context.Pipe()
        self._process = context.Process(  # type: ignore[attr-defined]  # typeshed has it in the subclasses only
            target=_main, args=(theirs, spec), daemon=True
        )
        self._process.start()
        theirs.close()
        # How long the process took to load the pipeline; others may have waited longer, for its start.
        self.load_seconds = 0.0

    @property
    def pid(self) -> int | None:
        pid: int | None = self._process.pid
        return pid

    def wait_ready(self) -> Any:
        """What `describe` says of the loaded pipeline. RAISES: what loading raised, or WorkerDiedError."""
        found, self.load_seconds = self._receive()
        if isinstance(found, BaseException):
            self.kill()
            raise found
        return found

    def send(self, batch: Batch, encode: Encoder) -> None:
        """Hand over a batch. RAISES (WorkerDiedError)."""
        try:
            self._connection.send((batch, encode))
        except OSError as error:
            raise WorkerDiedError from error

    def poll(self, seconds: float | None) -> Begun | list[Outcome] | None:
        """What the process says next; None if it says nothing within some seconds. RAISES (WorkerDiedError)."""
        if not wait([self._connection], timeout=seconds):  # also ready when the other end is gone
            return None
        found: Begun | list[Outcome] = self._receive()
        return found

    def _receive(self) -> Any:
        try:
            return self._connection.recv()
        except (EOFError, OSError) as error:
            raise WorkerDiedError from error

    def is_alive(self) -> bool:
        is_alive: bool = self._process.is_alive()
        return is_alive

    def kill(self) -> None:
        """End the process at once; whoever waits for it gets WorkerDiedError."""
        self._process.kill()

    def close(self) -> None:
        """Kill the process and wait until it is gone."""
        self.kill()
        self._process.join()
        self._connection.close()


def _main(connection: Connection, spec: Spec) -> None:
    """What the process does: load, then a batch at a time until the other end is closed."""
    # Ctrl-C reaches all processes of a terminal; the main one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if spec.n_threads:
        torch.set_num_threads(spec.n_threads)
    began = time.monotonic()
    try:
        nlp = spec.load()
        told = spec.describe(nlp)
    except Exception as error:
        connection.send((_portable(error), 0.0))
        return
    connection.send((told, time.monotonic() - began))

    def tell(index: int | None) -> None:
        connection.send(Begun(index))

    while True:
        try:
            batch, encode = connection.recv()
        except EOFError:
            return
        connection.send(annotate_batch(nlp, batch, encode, guard=spec.guard, on_begin=tell))


def _portable(error: Exception) -> Exception:
    """An error that comes out at the other end: itself, or what it says."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # errors with arguments of their own cannot be made again
        return ValueError(f"{type(error).__name__}: {error}")
    return error


def _end_with_parent() -> None:
    """A main process that was killed cannot tell its workers to end."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
