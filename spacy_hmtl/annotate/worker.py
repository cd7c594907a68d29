"""The work on one batch of documents, the same for the command, its processes, Ray, the server and `Annotator`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any, NamedTuple, cast

from spacy.language import Language
from spacy.tokens import Doc

from ..annotations.groups import set_meta
from .guard import DEFAULT, UNBOUNDED, Guard
from .inputs import Input
from .pipelines import load_pipeline

# What makes the payload of an annotated Doc; a function of a module, so that it can travel between processes.
Encoder = Callable[[Doc], bytes]
OnBegin = Callable[[int | None], None]


class Outcome(NamedTuple):
    """What became of an input; plain data, so that it can travel between processes.

    name: of the input, for messages.
    payload: what is to be written, or None if the document failed.
    n_words: tokens of the document.
    error: why it failed.
    """

    name: str
    payload: bytes | None
    n_words: int = 0
    error: str = ""

    @property
    def kind(self) -> str:
        """The kind of the error, such as "ValueError": it never holds a part of the text."""
        return self.error.partition(":")[0]


Batch = list[Input]


class Job(NamedTuple):
    """How batches are annotated.

    model: a folder, or the name of an installed package.
    encode: what makes the payloads.
    gpu_id: -1 for the CPU.
    guard: bounds of each text.
    """

    model: str
    encode: Encoder
    gpu_id: int = -1
    guard: Guard = DEFAULT


class Worker:
    """Annotates batches; loads the pipeline before the first one. For one thread at a time."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._nlp: Language | None = None

    def __call__(self, batch: Batch) -> list[Outcome]:
        """Annotate a batch. RETURNS (list): One outcome per input, in order. RAISES (ValueError): H508."""
        return annotate_batch(self.load(), batch, self.job.encode, guard=self.job.guard)

    def load(self) -> Language:
        """The pipeline, loaded when it is first asked for. RAISES (ValueError): H508."""
        if self._nlp is None:
            self._nlp = load_pipeline(self.job.model, self.job.gpu_id)
        return self._nlp


_lock = Lock()
_workers: dict[Job, Worker] = {}


@contextmanager
def shared_worker(job: Job) -> Iterator[Worker]:
    """The worker of this process for a job, made when it is first asked for; other threads wait."""
    # One lock for all: spaCy's vocabulary and memory zones are not made for threads.
    with _lock:
        yield _workers.setdefault(job, Worker(job))


def _forget() -> None:
    """A forked process has the lock as it was, perhaps held by a thread that it has not."""
    global _lock
    _lock = Lock()
    _workers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def annotate_batch(
    nlp: Language, batch: Sequence[Input], encode: Encoder, *, guard: Guard = UNBOUNDED, on_begin: OnBegin | None = None
) -> list[Outcome]:
    """Annotate documents together; one that fails costs itself, not its batch.

    spaCy drops the whole batch of a document that fails. What was dropped is annotated
    again, one at a time, so that only the document at fault is reported.

    nlp (Language): Its error handler is replaced meanwhile; components have the pipeline's afterwards.
    guard (Guard): Bounds of each document; one beyond them fails.
    on_begin (Callable, optional): Called with the index of each document before it is tokenized or annotated alone,
        and with None before all are annotated together.
    RETURNS (list): One outcome per input, in order.
    """
    handler, before = _Handler(), nlp.default_error_handler
    nlp.set_error_handler(cast(Any, handler))  # spaCy's type says that a handler must raise
    work = _Work(nlp, batch, encode, guard, on_begin or _say_nothing)
    try:
        # The vocabulary grows with every new word: in a memory zone that ends with the batch, memory stays flat.
        with nlp.memory_zone():
            docs = work.make_docs()
            work.on_begin(None)
            for doc, i in nlp.pipe(docs, as_tuples=True, batch_size=max(1, len(batch))):
                work.finish(doc, i)
        for i in range(len(batch)):
            if i not in work.outcomes:
                with nlp.memory_zone():
                    work.annotate_one(i, handler)
    finally:
        nlp.set_error_handler(before)
    return [work.outcomes[i] for i in range(len(batch))]


def _say_nothing(index: int | None) -> None:
    return None


class _Handler:
    """Ignores the errors of batches, and raises those of single documents."""

    def __init__(self) -> None:
        self.is_strict = False

    def __call__(self, name: Any, pipe: Any, docs: Any, error: Exception) -> None:
        if self.is_strict:
            raise error


class _Work:
    """A batch and what has become of it so far."""

    def __init__(self, nlp: Language, batch: Sequence[Input], encode: Encoder, guard: Guard, on_begin: OnBegin) -> None:
        self.nlp, self.batch, self.encode, self.guard, self.on_begin = nlp, batch, encode, guard, on_begin
        self.outcomes: dict[int, Outcome] = {}

    def make_docs(self) -> list[tuple[Doc, int]]:
        """The Docs that can be made, each with its index; the others have failed."""
        docs: list[tuple[Doc, int]] = []
        for i in range(len(self.batch)):
            self.on_begin(i)
            try:
                docs.append((_make_doc(self.nlp, self.batch[i], self.guard), i))
            except Exception as error:  # a text that is too long, or that a tokenizer cannot read
                self.fail(i, error)
        return docs

    def annotate_one(self, i: int, handler: _Handler) -> None:
        self.on_begin(i)
        handler.is_strict = True
        try:
            self.finish(self.nlp(_make_doc(self.nlp, self.batch[i], self.guard)), i)
        except Exception as error:  # whatever a component raises is about this document
            self.fail(i, error)
        finally:
            handler.is_strict = False

    def finish(self, doc: Doc, i: int) -> None:
        item = self.batch[i]
        try:
            if item.meta:
                set_meta(doc, item.meta)
            self.outcomes[i] = Outcome(item.name, self.encode(doc), len(doc))
        except Exception as error:  # facts of the document that no JSON can hold
            self.fail(i, error)

    def fail(self, i: int, error: Exception) -> None:
        self.outcomes[i] = Outcome(self.batch[i].name, None, error=f"{type(error).__name__}: {error}")


def _make_doc(nlp: Language, item: Input, guard: Guard) -> Doc:
    if item.doc is None:
        guard.check_text(item.text)
        doc = nlp.make_doc(item.text)
    else:
        doc = Doc(nlp.vocab).from_bytes(item.doc)
        if any("ner" in getattr(pipe, "tasks", ()) for _, pipe in nlp.pipeline):
            # Names that are set stay: those of a gold file would be taken for what the model found.
            doc.set_ents([], default="missing")
    guard.check_tokens(len(doc))
    return doc
