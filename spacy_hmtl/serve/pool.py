"""A model's worker processes: each loads the pipeline once, and is killed and replaced when it works for nobody."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from spacy.language import Language

from ..annotate.inputs import Input
from ..annotate.process import Begun, Describe, Spec, WorkerDiedError, WorkerProcess, quick_context, threads_each
from ..annotate.worker import Encoder
from .jobs import AnnotationError, Job, Queue, StoppedError
from .schema import Limits

logger = logging.getLogger("spacy_hmtl.serve")
Part = tuple[Job, list[str]]  # texts of a request
# How often a thread looks whether its process lives, and whether its requests were given up.
_TICK = 0.1  # seconds
# Pauses between attempts to replace a worker, where that fails.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0  # seconds
# A worker that took longer to load (on a machine that was busy then) is not waited for as long.
_MOST_PATIENCE = 5.0  # seconds
# A request that was the only one at work when this many workers ended is not tried again.
_MOST_DEATHS = 2


class Pool:
    """Worker processes for one model, and the queue that they take requests from, one batch at a time.

    A request that is given up (its future is cancelled) leaves the queue. If a worker is in the middle of it, the
    worker is killed once it has gone on for longer than its replacement will take to load; what it had at hand
    for others is done again, each request by itself. In the processes Docs are made in a memory zone: new words of
    the texts do not stay in the vocabulary.

    load (Callable): Makes the pipeline; it can be pickled.
    describe (Callable): What is to be known of the pipeline; it can be pickled.
    n_workers (int): Processes.
    """

    def __init__(
        self,
        name: str,
        load: Callable[[], Language],
        limits: Limits,
        *,
        describe: Describe,
        n_workers: int = 1,
    ) -> None:
        self.name = name
        self.queue = Queue(limits)
        # What `describe` says, or what loading raised.
        self.loaded: Future[Any] = Future()
        spec = Spec(load, describe, limits.guard, threads_each(n_workers))
        self.lanes = [_Lane(self, spec) for _ in range(n_workers)]

    def submit(self, texts: Sequence[str], make: Encoder) -> Future[list[bytes]]:
        """Queue a request.

        make (Encoder): What is made of each Doc; a function of a module.
        RETURNS (Future): An answer per text; it fails with AnnotationError, RefusedError or StoppedError.
        RAISES (QueueFullError, StoppedError): if too many wait; if the server shuts down.
        """
        job = Job(texts, make, self.queue.limits.max_request_tokens)
        self.queue.add(job)
        return job.future

    @property
    def n_ready(self) -> int:
        return sum(lane.is_ready for lane in self.lanes)

    @property
    def n_replaced(self) -> int:
        return sum(lane.n_replaced for lane in self.lanes)

    @property
    def pids(self) -> list[int]:
        """Of the processes that are ready."""
        return [lane.pid for lane in self.lanes if lane.is_ready and lane.pid is not None]

    def stop(self) -> None:
        """Fail all requests and kill the processes, without waiting for them to be gone."""
        self.queue.close()
        for lane in self.lanes:
            lane.kill()

    def close(self, timeout: float | None = None) -> None:
        """Stop, and wait for some seconds until all are gone."""
        self.stop()
        for lane in self.lanes:
            lane.thread.join(timeout)


class _Lane:
    """A thread that feeds a process, and replaces it."""

    def __init__(self, pool: Pool, spec: Spec) -> None:
        self.pool, self.queue, self.spec = pool, pool.queue, spec
        self.is_ready = False
        self.n_replaced = 0
        self._process: WorkerProcess | None = None
        self._lock = threading.Lock()
        self.thread = threading.Thread(target=self._work, name=f"hmtl-{pool.name}", daemon=True)
        self.thread.start()

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def kill(self) -> None:
        with self._lock:
            if self._process is not None:
                self._process.kill()

    def _work(self) -> None:
        process: WorkerProcess | None
        try:
            process = self._start()
        except Exception as error:  # what loading raised, to whoever started the pool
            _settle(self.pool.loaded, error)
            return
        while process is not None:
            self.is_ready = True
            parts = self.queue.take(process.is_alive, 5 * _TICK)
            if parts is not None and (self._run(process, parts) if parts else process.is_alive()):
                continue
            self.is_ready = False
            process.close()
            process = None if self.queue.is_closed else self._replace()

    def _start(self) -> WorkerProcess:
        """A process with its pipeline loaded. RAISES: what loading raised, StoppedError, WorkerDiedError."""
        with self._lock:
            if self.queue.is_closed:
                raise StoppedError
            self._process = WorkerProcess(self.spec, quick_context())
        try:
            told = self._process.wait_ready()
        except BaseException:
            self._process.close()
            raise
        _settle(self.pool.loaded, told)
        return self._process

    def _replace(self) -> WorkerProcess | None:
        """Another process, as soon as one can be had; None when the server shuts down."""
        self.n_replaced += 1
        logger.warning("%s: a worker is replaced", self.pool.name)
        pause = _FIRST_PAUSE
        while not self.queue.is_closed:
            try:
                return self._start()
            except StoppedError:
                break
            except Exception as error:  # the folder may have gone, the memory be full: that may pass
                logger.error("%s: a worker could not be replaced: %s", self.pool.name, type(error).__name__)
            end = time.monotonic() + pause
            while time.monotonic() < end and not self.queue.is_closed:
                time.sleep(_TICK)
            pause = min(2 * pause, _LONGEST_PAUSE)
        return None

    def _run(self, process: WorkerProcess, parts: Sequence[Part]) -> bool:
        """Have a batch annotated. RETURNS (bool): Whether the process is fit for the next one."""
        jobs = [job for job, _ in parts]
        try:
            process.send([Input("", text, {}) for _, texts in parts for text in texts], jobs[0].make)
            while isinstance(found := process.poll(_TICK), Begun) or found is None:
                if _for_nobody(jobs, process.load_seconds):
                    process.kill()
                    for job in jobs:
                        job.is_alone = True
                    self.queue.put_back(jobs, first=True)
                    return False
        except WorkerDiedError:
            self._after_death(jobs)
            return False
        outcomes = iter(found)
        unfinished: list[Job] = []
        for job, texts in parts:
            own = [next(outcomes) for _ in texts]
            for kind in {outcome.kind for outcome in own if outcome.payload is None} - {"TooMuchWorkError"}:
                logger.error("%s: %s while annotating", self.pool.name, kind)
            if job.take_in(own):
                unfinished.append(job)
        # Behind the others: a long request must not hold up short ones.
        self.queue.put_back(unfinished, first=False)
        return True

    def _after_death(self, jobs: Sequence[Job]) -> None:
        """The process was killed by others, or a text made it crash: each request is tried again by itself."""
        again: list[Job] = []
        for job in jobs:
            job.is_alone = True
            job.n_deaths += 1
            if job.n_deaths < _MOST_DEATHS or self.queue.is_closed:
                again.append(job)
            else:
                logger.error("%s: a worker ended while annotating", self.pool.name)
                job.fail(AnnotationError("the end of its process"))
        self.queue.put_back(again, first=True)


def _for_nobody(jobs: Sequence[Job], load_seconds: float) -> bool:
    """Whether a process has gone on with a request that was given up for as long as it takes to load another one.

    By then it is cheaper to kill it, whatever is left to do: the wait is at most twice the best that could be done.
    """
    latest = time.monotonic() - min(load_seconds, _MOST_PATIENCE)
    return any(job.given_up_at is not None and job.given_up_at < latest for job in jobs)


def _settle(future: Future[Any], result: Any) -> None:
    """The first of several threads tells how loading went."""
    if future.done():
        return
    if isinstance(result, BaseException):
        future.set_exception(result)
    else:
        future.set_result(result)
