"""A worker in a process of its own, with a time limit: a text that takes longer costs itself, not its batch."""

from __future__ import annotations

import multiprocessing
import time
from functools import partial
from threading import Lock
from typing import Any

from ..errors import Errors
from .pipelines import load_pipeline
from .process import Begun, Spec, WorkerDiedError, WorkerProcess
from .worker import Batch, Job, Outcome


class TooSlowError(Exception):
    """The time is over. index: of the text that was being read alone; None for all of the batch together."""

    def __init__(self, index: int | None) -> None:
        super().__init__(index)
        self.index = index


class PatientWorker:
    """Annotates batches in a process, which is killed and replaced when a text takes too long.

    The clock starts again for each text that is tokenized and when the model reads the batch. Where the model takes
    too long, nobody knows for which text: they are read again one by one, each with the whole time.

    timeout (float, optional): Seconds for a text; None for no limit.
    n_threads (int): Of torch; 0 leaves its own choice.
    """

    def __init__(self, job: Job, timeout: float | None, n_threads: int) -> None:
        self.job, self.timeout = job, timeout
        self._spec = Spec(partial(load_pipeline, job.model, job.gpu_id), _nothing, job.guard, n_threads)
        self._process: WorkerProcess | None = None
        self._lock = Lock()
        self._closed = False

    def __call__(self, batch: Batch) -> list[Outcome]:
        """Annotate a batch. Before the first one, and for an empty one, the pipeline is loaded.

        RETURNS (list): One outcome per input, in order.
        RAISES (ValueError, OSError): H508; H543, if the process was killed by others.
        """
        self._ready()
        outcomes: dict[int, Outcome] = {}
        left = list(range(len(batch)))
        while left:
            try:
                outcomes.update(zip(left, self._run([batch[i] for i in left])))
                break
            except TooSlowError as error:
                if error.index is None and len(left) > 1:
                    outcomes.update((i, self._alone(batch, i)) for i in left)
                    break
                slow = left.pop(error.index or 0)
                outcomes[slow] = self._too_slow(batch, slow)
        return [outcomes[i] for i in range(len(batch))]

    def close(self) -> None:
        """End the process, also while another thread waits for it."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()

    def _alone(self, batch: Batch, i: int) -> Outcome:
        try:
            (outcome,) = self._run([batch[i]])
        except TooSlowError:
            return self._too_slow(batch, i)
        return outcome

    def _too_slow(self, batch: Batch, i: int) -> Outcome:
        return Outcome(batch[i].name, None, error=f"TimeoutError: {Errors.H628.format(seconds=self.timeout)}")

    def _run(self, batch: Batch) -> list[Outcome]:
        """RAISES (TooSlowError): after the process was killed."""
        process = self._ready()
        try:
            process.send(batch, self.job.encode)
            return self._wait(process, is_alone=len(batch) == 1)
        except TooSlowError:
            self._process = None
            process.close()
            raise
        except WorkerDiedError as error:
            raise OSError(Errors.H543) from error

    def _wait(self, process: WorkerProcess, is_alone: bool) -> list[Outcome]:
        index, end = None, self._end()
        while True:
            found = process.poll(None if end is None else max(0.0, end - time.monotonic()))
            if found is None:
                raise TooSlowError(index)
            if not isinstance(found, Begun):
                return found
            index = found.place
            if not is_alone:
                end = self._end()

    def _end(self) -> float | None:
        return None if self.timeout is None else time.monotonic() + self.timeout

    def _ready(self) -> WorkerProcess:
        """The process with its pipeline loaded."""
        if self._process is None:
            with self._lock:
                if self._closed:
                    raise OSError(Errors.H543)
                process = self._process = WorkerProcess(self._spec, multiprocessing.get_context("spawn"))
            try:
                process.wait_ready()
            except WorkerDiedError as error:
                raise OSError(Errors.H543) from error
        return self._process


def _nothing(nlp: Any) -> None:
    return None
