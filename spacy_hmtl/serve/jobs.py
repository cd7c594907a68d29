"""Requests that wait: a bounded queue, whose batches let no long request hold up short ones."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from ..annotate.worker import Encoder, Outcome
from ..errors import Errors
from .schema import Limits


class QueueFullError(Exception):
    """So many requests wait that another one would not be served in time."""


class StoppedError(Exception):
    """The server is shutting down."""


class AnnotationError(Exception):
    """The pipeline failed on a text. Its message is the kind of error only: others may hold the text."""


class RefusedError(Exception):
    """A text, or all of a request, would take too long. Its message holds nothing of the text."""


class Job:
    """A request's texts, and where its answers go: one per text. Cancelling the future gives the request up.

    make (Encoder): What is made of each Doc; a function of a module.
    max_tokens (int): Of all texts together; 0 for no limit.
    """

    def __init__(self, texts: Sequence[str], make: Encoder, max_tokens: int = 0) -> None:
        self.texts, self.make, self.max_tokens = texts, make, max_tokens
        self.n_tokens = 0
        self.future: Future[list[bytes]] = Future()
        self.payloads: list[bytes] = []
        self.given_up_at: float | None = None
        # It was at hand when a worker ended: it is tried again without company, so that it fails alone if it fails.
        self.n_deaths = 0
        self.is_alone = False

    def next_texts(self, n_texts: int, n_characters: int) -> list[str]:
        """The next texts that fit, at least one."""
        found: list[str] = []
        for text in self.texts[len(self.payloads) :]:
            n_characters -= len(text)
            if found and (len(found) >= n_texts or n_characters < 0):
                break
            found.append(text)
        return found

    def take_in(self, outcomes: Sequence[Outcome]) -> bool:
        """Keep what was made of the next texts. RETURNS (bool): Whether texts are left."""
        for outcome in outcomes:
            if outcome.payload is None:
                refused = outcome.kind == "TooMuchWorkError"
                message = outcome.error.partition(": ")[2] if refused else outcome.kind
                self.fail(RefusedError(message) if refused else AnnotationError(message))
                return False
            self.payloads.append(outcome.payload)
            self.n_tokens += outcome.n_words
        if self.max_tokens and self.n_tokens > self.max_tokens:
            self.fail(RefusedError(Errors.H720.format(limit=self.max_tokens)))
            return False
        if len(self.payloads) < len(self.texts):
            return True
        # Whoever waits may give up at this moment.
        if self.future.set_running_or_notify_cancel():
            self.future.set_result(self.payloads)
        return False

    def fail(self, error: Exception) -> None:
        if self.future.set_running_or_notify_cancel():
            self.future.set_exception(error)


class Queue:
    """The requests of a model that wait, for any number of threads."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._jobs: deque[Job] = deque()
        self._change = threading.Condition()
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._jobs)

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    def add(self, job: Job) -> None:
        """Queue a request. RAISES (QueueFullError): if too many wait. RAISES (StoppedError)."""
        with self._change:
            if self._is_closed:
                raise StoppedError
            if len(self._jobs) >= self.limits.max_waiting:
                raise QueueFullError
            self._jobs.append(job)
            self._change.notify()
        job.future.add_done_callback(lambda future: self._given_up(job) if future.cancelled() else None)

    def put_back(self, jobs: Sequence[Job], *, first: bool) -> None:
        """Queue requests again: before all others, or behind them."""
        with self._change:
            closed = self._is_closed
            left = [job for job in jobs if job.given_up_at is None]
            if not closed:
                if first:
                    self._jobs.extendleft(reversed(left))
                else:
                    self._jobs.extend(left)
                self._change.notify()
        if closed:
            for job in left:
                job.fail(StoppedError())

    def take(self, is_alive: Callable[[], bool], seconds: float) -> list[tuple[Job, list[str]]] | None:
        """The next requests whose texts fit a batch, each with these texts; they leave the queue.

        is_alive (Callable): Asked from time to time while nothing waits.
        seconds (float): How often.
        RETURNS (list | None): Empty where `is_alive` says no; None when the queue is closed.
        """
        with self._change:
            while not (self._jobs or self._is_closed):
                if not is_alive():
                    return []
                self._change.wait(seconds)
            return None if self._is_closed else self._fitting()

    def close(self) -> None:
        """Fail what waits, and let nothing in."""
        with self._change:
            self._is_closed = True
            jobs = list(self._jobs)
            self._jobs.clear()
            self._change.notify_all()
        for job in jobs:
            job.fail(StoppedError())

    def _fitting(self) -> list[tuple[Job, list[str]]]:
        found: list[tuple[Job, list[str]]] = []
        n_texts, n_characters = self.limits.batch_texts, self.limits.batch_characters
        while self._jobs and n_texts > 0 and n_characters > 0:
            job = self._jobs[0]
            # What is to be made of the Docs is one thing for a batch.
            if found and (job.is_alone or job.make is not found[0][0].make):
                break
            texts = job.next_texts(n_texts, n_characters)
            n_texts -= len(texts)
            n_characters -= sum(map(len, texts))
            if found and n_characters < 0:
                break
            found.append((self._jobs.popleft(), texts))
            if job.is_alone:
                break
        return found

    def _given_up(self, job: Job) -> None:
        with self._change:
            job.given_up_at = time.monotonic()
            if job in self._jobs:
                self._jobs.remove(job)
