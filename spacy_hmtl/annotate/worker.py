"""The work on one batch of documents, the same in this process, in a worker process and in a Ray actor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, cast

from spacy.language import Language
from spacy.tokens import Doc

from ..annotations.groups import set_meta
from .inputs import Input
from .outputs import ENCODERS
from .pipelines import load_pipeline


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


Batch = list[Input]


class Job(NamedTuple):
    """How batches are annotated.

    model: a folder, or the name of an installed package.
    suffix: ".jsonl" or ".spacy", what the payloads are written to.
    gpu_id: -1 for the CPU.
    """

    model: str
    suffix: str
    gpu_id: int = -1


class Worker:
    """Annotates batches; loads the pipeline before the first one. One per process."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._nlp: Language | None = None

    def __call__(self, batch: Batch) -> list[Outcome]:
        """Annotate a batch. RETURNS (list): One outcome per input, in order. RAISES (ValueError): H508."""
        if self._nlp is None:
            self._nlp = load_pipeline(self.job.model, self.job.gpu_id)
        return annotate_batch(self._nlp, batch, ENCODERS[self.job.suffix])


def annotate_batch(nlp: Language, batch: Sequence[Input], encode: Callable[[Doc], bytes]) -> list[Outcome]:
    """Annotate documents together; one that fails costs itself, not its batch.

    spaCy drops the whole batch of a document that fails. What was dropped is annotated
    again, one at a time, so that only the document at fault is reported.

    nlp (Language): Its error handlers are replaced.
    encode (Callable): What makes the payload of an annotated Doc.
    RETURNS (list): One outcome per input, in order.
    """
    handler = _Handler()
    nlp.set_error_handler(cast(Any, handler))  # spaCy's type says that a handler must raise
    outcomes: dict[int, Outcome] = {}
    # The vocabulary grows with every new word: in a memory zone that ends with the batch, memory stays flat.
    with nlp.memory_zone():
        for doc, i in nlp.pipe(_make_docs(nlp, batch), as_tuples=True, batch_size=max(1, len(batch))):
            outcomes[i] = _finish(doc, batch[i], encode)
    for i, item in enumerate(batch):
        if i not in outcomes:
            with nlp.memory_zone():
                outcomes[i] = _annotate_one(nlp, handler, item, encode)
    return [outcomes[i] for i in range(len(batch))]


class _Handler:
    """Ignores the errors of batches, and raises those of single documents."""

    def __init__(self) -> None:
        self.is_strict = False

    def __call__(self, name: Any, pipe: Any, docs: Any, error: Exception) -> None:
        if self.is_strict:
            raise error


def _make_docs(nlp: Language, batch: Sequence[Input]) -> Iterator[tuple[Doc, int]]:
    """The Docs that can be made; the others are met again one by one."""
    for i, item in enumerate(batch):
        doc = _make_doc(nlp, item)
        if isinstance(doc, Doc):
            yield doc, i


def _annotate_one(nlp: Language, handler: _Handler, item: Input, encode: Callable[[Doc], bytes]) -> Outcome:
    doc = _make_doc(nlp, item)
    if isinstance(doc, Exception):
        return Outcome(item.name, None, error=_describe(doc))
    handler.is_strict = True
    try:
        return _finish(nlp(doc), item, encode)
    except Exception as error:  # whatever a component raises is about this document
        return Outcome(item.name, None, error=_describe(error))
    finally:
        handler.is_strict = False


def _finish(doc: Doc, item: Input, encode: Callable[[Doc], bytes]) -> Outcome:
    try:
        if item.meta:
            set_meta(doc, item.meta)
        return Outcome(item.name, encode(doc), len(doc))
    except Exception as error:  # facts of the document that no JSON can hold
        return Outcome(item.name, None, error=_describe(error))


def _make_doc(nlp: Language, item: Input) -> Doc | Exception:
    try:
        return nlp.make_doc(item.text) if item.doc is None else Doc(nlp.vocab).from_bytes(item.doc)
    except Exception as error:  # a text that is too long, or that a tokenizer cannot read
        return error


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
