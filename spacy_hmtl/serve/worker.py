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

from .limits import Limits

logger = logging.getLogger("spacy_hmtl.serve")
# What an answer is made of a Doc. It runs in the worker's thread and must not keep the Doc.
Maker = Callable[[Doc], str]


class QueueFullError(Exception):
    """So many requests wait that another one would not be served in time."""


class AnnotationError(Exception):
    """The pipeline failed on a text. Its message is the kind of error only: others may hold the text."""


class Job(NamedTuple):
    """A request's texts, and where its answers go: one per text."""

    texts: Sequence[str]
    make: Maker
    future: Future[list[str]]


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

    def submit(self, texts: Sequence[str], make: Maker) -> Future[list[str]]:
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
                if jobs and n_texts > self.limits.batch_texts:
                    break
                jobs.append(self._jobs.popleft())
        return jobs

    def _run(self, nlp: Language, jobs: Sequence[Job]) -> None:
        # A request that ran out of time while it waited has cancelled its future.
        jobs = [job for job in jobs if job.future.set_running_or_notify_cancel()]
        try:
            results = self._annotate(nlp, jobs)
        except Exception as error:
            if len(jobs) > 1:  # whose text it was shows when each is annotated alone
                self._run_alone(nlp, jobs)
                return
            logger.error("%s: %s while annotating", self.name, type(error).__name__)
            jobs[0].future.set_exception(AnnotationError(type(error).__name__))
            return
        for job, result in zip(jobs, results):
            job.future.set_result(result)

    def _run_alone(self, nlp: Language, jobs: Sequence[Job]) -> None:
        for job in jobs:
            try:
                job.future.set_result(self._annotate(nlp, [job])[0])
            except Exception as error:
                logger.error("%s: %s while annotating", self.name, type(error).__name__)
                job.future.set_exception(AnnotationError(type(error).__name__))

    def _annotate(self, nlp: Language, jobs: Sequence[Job]) -> list[list[str]]:
        """The answers of each job."""
        texts = [text for job in jobs for text in job.texts]
        with nlp.memory_zone():
            docs = nlp.pipe(texts, batch_size=self.limits.batch_texts)
            return [[job.make(next(docs)) for _ in job.texts] for job in jobs]
