"""A model and the one thread that runs it: requests wait in a bounded queue and are annotated in small batches."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import NamedTuple

from spacy.language import Language
from spacy.tokens import Doc

from ..annotate.inputs import Input
from ..annotate.worker import annotate_batch
from .schema import Limits

logger = logging.getLogger("spacy_hmtl.serve")
# What an answer is made of a Doc. It runs in the worker's thread and must not keep the Doc.
Maker = Callable[[Doc], bytes]


class QueueFullError(Exception):
    """So many requests wait that another one would not be served in time."""


class AnnotationError(Exception):
    """The pipeline failed on a text. Its message is the kind of error only: others may hold the text."""


class Job(NamedTuple):
    """A request's texts, and where its answers go: one per text."""

    texts: Sequence[str]
    make: Maker
    future: Future[list[bytes]]


class Worker:
    """Loads a pipeline in a thread of its own and annotates there, one batch at a time.

    The thread loads the pipeline too, because the choice of a GPU belongs to a thread. Docs are
    made in a memory zone: new words of the texts do not stay in the vocabulary.

    load (Callable): Makes the pipeline.
    """

    def __init__(self, name: str, load: Callable[[], Language], limits: Limits) -> None:
        self.name = name
        self.limits = limits
        self.loaded: Future[Language] = Future()
        self._load = load
        self._jobs: deque[Job] = deque()
        self._change = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=f"hmtl-{name}", daemon=True)
        self._thread.start()

    @property
    def n_waiting(self) -> int:
        return len(self._jobs)

    def submit(self, texts: Sequence[str], make: Maker) -> Future[list[bytes]]:
        """Queue a request. RAISES (QueueFullError): if too many wait."""
        with self._change:
            if len(self._jobs) >= self.limits.max_waiting:
                raise QueueFullError
            job = Job(texts, make, Future())
            self._jobs.append(job)
            self._change.notify()
        return job.future

    def close(self, timeout: float | None = None) -> None:
        """End the thread after the batch at hand; what waits is cancelled."""
        with self._change:
            self._closed = True
            self._change.notify()
        self._thread.join(timeout)
        for job in self._jobs:
            job.future.cancel()

    def _work(self) -> None:
        try:
            nlp = self._load()
        except BaseException as error:
            self.loaded.set_exception(error)
            return
        self.loaded.set_result(nlp)
        while jobs := self._take():
            self._run(nlp, jobs)

    def _take(self) -> list[Job]:
        """The next jobs whose texts fit a batch; none once the worker is closed."""
        jobs: list[Job] = []
        with self._change:
            while not (self._jobs or self._closed):
                self._change.wait()
            n_texts = 0
            while self._jobs and not self._closed:
                n_texts += len(self._jobs[0].texts)
                # What is to be made of the Docs is one thing for a batch.
                if jobs and (n_texts > self.limits.batch_texts or self._jobs[0].make is not jobs[0].make):
                    break
                jobs.append(self._jobs.popleft())
        return jobs

    def _run(self, nlp: Language, jobs: Sequence[Job]) -> None:
        # A request that ran out of time while it waited has cancelled its future.
        jobs = [job for job in jobs if job.future.set_running_or_notify_cancel()]
        if not jobs:
            return
        batch = [Input("", text, {}) for job in jobs for text in job.texts]
        outcomes = iter(annotate_batch(nlp, batch, jobs[0].make))
        for job in jobs:
            own = [next(outcomes) for _ in job.texts]
            failed = next((outcome.kind for outcome in own if outcome.payload is None), None)
            if failed is not None:
                logger.error("%s: %s while annotating", self.name, failed)
                job.future.set_exception(AnnotationError(failed))
            else:
                job.future.set_result([outcome.payload for outcome in own if outcome.payload is not None])
