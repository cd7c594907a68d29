"""In this process, or in worker processes of this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import torch

from ...errors import Errors
from ..source import Source
from ..worker import Batch, Job, Outcome, Worker

# Batches handed out per worker: enough that none waits, few enough that little is held in memory.
_AHEAD = 2


def run_local(job: Job, source: Source, n_process: int) -> Generator[list[Outcome], None, None]:
    """Annotate the batches of a source.

    n_process (int): Worker processes, each with a pipeline of its own; 1 works in this
        process, -1 takes one per core.
    YIELDS (list): An empty list when a pipeline is loaded, then the outcomes of each batch, in order.
    RAISES (ValueError, OSError): H508, H543, and those of reading the input.
    """
    n_process = (os.cpu_count() or 1) if n_process == -1 else n_process
    if n_process == 1:
        worker = Worker(job)
        worker.load()
        yield []
        yield from map(worker, source.batches())
    else:
        yield from _run_pool(job, source.batches(), n_process)


def _run_pool(job: Job, batches: Iterable[Batch], n_process: int) -> Iterator[list[Outcome]]:
    # Not spaCy's own processes: those wait for ever when one of them is killed, and live on when this one is.
    # Spawned, because neither CUDA nor the threads of torch survive a fork.
    pool = ProcessPoolExecutor(
        n_process,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start,
        initargs=(job, max(1, (os.cpu_count() or 1) // n_process)),
    )
    waiting: deque[Future[list[Outcome]]] = deque()
    try:
        # Done by the first process that is ready.
        yield pool.submit(_annotate, []).result()
        for batch in batches:
            waiting.append(pool.submit(_annotate, batch))
            if len(waiting) > _AHEAD * n_process:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise OSError(Errors.H543) from error
    finally:
        pool.shutdown(cancel_futures=True)


_worker: Worker | None = None


def _start(job: Job, n_threads: int) -> None:
    """Prepare a worker process."""
    global _worker
    # Ctrl-C reaches all processes of a terminal; the main one tells the others to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(n_threads)
    _worker = Worker(job)


def _end_with_parent() -> None:
    """A main process that was killed cannot tell its workers to end."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _annotate(batch: Batch) -> list[Outcome]:
    if _worker is None:
        raise RuntimeError("The worker process was not prepared.")
    if not batch:
        _worker.load()
    return _worker(batch)
