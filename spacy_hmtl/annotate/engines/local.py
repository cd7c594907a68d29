"""In this process, or in worker processes of this machine."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue

from ..patience import PatientWorker
from ..process import threads_each
from ..source import Source
from ..worker import Batch, Job, Outcome, Worker

# Batches handed out per worker: enough that none waits, few enough that little is held in memory.
_AHEAD = 2


def run_local(
    job: Job, source: Source, n_process: int, timeout: float | None = None
) -> Generator[list[Outcome], None, None]:
    """Annotate the batches of a source.

    n_process (int): Worker processes, each with a pipeline of its own; 1 works in this
        process if there is no time limit, -1 takes one per core.
    timeout (float, optional): Seconds for a text; one that takes longer is given up.
    YIELDS (list): An empty list when a pipeline is loaded, then the outcomes of each batch, in order.
    RAISES (ValueError, OSError): H508, H543, and those of reading the input.
    """
    n_process = (os.cpu_count() or 1) if n_process == -1 else n_process
    if n_process == 1 and timeout is None:
        here = Worker(job)
        here.load()
        yield []
        yield from map(here, source.batches())
    else:
        workers = [PatientWorker(job, timeout, threads_each(n_process)) for _ in range(n_process)]
        yield from _run_workers(workers, source.batches())


def _run_workers(workers: list[PatientWorker], batches: Iterable[Batch]) -> Iterator[list[Outcome]]:
    free: SimpleQueue[PatientWorker] = SimpleQueue()
    for worker in workers:
        free.put(worker)

    def work(batch: Batch) -> list[Outcome]:
        worker = free.get()  # there are as many threads as workers
        try:
            return worker(batch)
        finally:
            free.put(worker)

    # Not spaCy's own processes: those wait for ever when one of them is killed, and live on when this one is.
    # Nor a pool of Python's: when one process of it is killed, it ends the others.
    threads = ThreadPoolExecutor(len(workers))
    waiting: deque[Future[list[Outcome]]] = deque()
    try:
        # Done by the first one that is ready.
        yield threads.submit(work, []).result()
        for batch in batches:
            waiting.append(threads.submit(work, batch))
            if len(waiting) > _AHEAD * len(workers):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for worker in workers:
            worker.close()
        threads.shutdown(cancel_futures=True)
