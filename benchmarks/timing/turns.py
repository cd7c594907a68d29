"""Processes that wait for their turn, so that systems are measured in interleaved rounds."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

_MEGABYTE = 1024 * 1024


class Spent(NamedTuple):
    """Time of one call: wall clock and all threads of the process, in seconds; peak memory in megabytes."""

    wall: float
    cpu: float
    peak: float


class Turn:
    """A process of its own that makes something once and then answers one request after another.

    serve (Callable): Called in the process with `args`; returns what answers a request.
    threads (int): Of torch and of everything that reads OMP_NUM_THREADS.
    """

    def __init__(self, serve: Callable[..., Callable[[Any], Any]], *args: Any, threads: int = 1) -> None:
        context = get_context("spawn")
        # The process inherits it; set before anything in it can import torch or NumPy.
        os.environ["OMP_NUM_THREADS"] = str(threads)
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_answer, args=(theirs, serve, args, threads), daemon=True)
        self._process.start()
        theirs.close()

    def ask(self, request: Any) -> Any:
        """Send a request and wait for its answer. RAISES (EOFError, OSError): if the process has failed."""
        self._ours.send(request)
        return self._ours.recv()

    def stop(self) -> None:
        self._ours.close()
        self._process.join()


def _answer(connection: Any, serve: Callable[..., Callable[[Any], Any]], args: tuple[Any, ...], threads: int) -> None:
    answer = serve(*args)
    import torch

    torch.set_num_threads(threads)
    while True:
        try:
            request = connection.recv()
        except EOFError:
            return
        connection.send(answer(request))


def spend(action: Callable[[], Any]) -> Spent:
    """Time and peak memory of a call."""
    forget_peak()
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu, peak_memory())


def forget_peak() -> None:
    """Let the peak start again from what the process holds now; only Linux can."""
    path = Path("/proc/self/clear_refs")
    if path.exists():
        path.write_text("5")


def peak_memory() -> float:
    """Highest resident memory, in megabytes, since `forget_peak` (elsewhere than on Linux: ever)."""
    path = Path("/proc/self/status")
    if path.exists():
        (line,) = (line for line in path.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (_MEGABYTE if sys.platform == "darwin" else 1024)
