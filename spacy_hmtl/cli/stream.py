"""Runs documents through a pipeline in order; one that fails costs itself, not its batch and not the run."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, cast

from spacy.language import Language
from spacy.tokens import Doc

from .inputs import Input


class Result(NamedTuple):
    """What became of an input: a Doc, or the error of the document.

    number: position among the inputs, from 0.
    """

    number: int
    input: Input
    doc: Doc | None
    error: str = ""


def annotate_stream(nlp: Language, inputs: Iterable[Input], *, batch_size: int, n_process: int) -> Iterator[Result]:
    """Annotate documents in batches, and yield one result per input, in order.

    spaCy drops the whole batch of a document that fails. What was dropped is annotated
    again, one at a time, so that only the document at fault is reported.

    nlp (Language): Its error handlers are replaced.
    YIELDS (Result): As many as there are inputs.
    """
    handler = _Handler()
    nlp.set_error_handler(cast(Any, handler))  # spaCy's type says that a handler must raise
    waiting: deque[tuple[int, Input]] = deque()

    def feed() -> Iterator[tuple[Doc, int]]:
        for index, item in enumerate(inputs):
            waiting.append((index, item))
            doc = _make_doc(nlp, item)
            if isinstance(doc, Doc):
                yield doc, index

    for doc, index in nlp.pipe(feed(), as_tuples=True, batch_size=batch_size, n_process=n_process):
        while waiting[0][0] < index:
            yield _annotate_one(nlp, handler, *waiting.popleft())
        yield Result(*waiting.popleft(), doc)
    while waiting:
        yield _annotate_one(nlp, handler, *waiting.popleft())


class _Handler:
    """Ignores the errors of batches, and raises those of single documents."""

    def __init__(self) -> None:
        self.is_strict = False

    def __call__(self, name: Any, pipe: Any, docs: Any, error: Exception) -> None:
        if self.is_strict:
            raise error


def _annotate_one(nlp: Language, handler: _Handler, index: int, item: Input) -> Result:
    doc = _make_doc(nlp, item)
    if isinstance(doc, Exception):
        return Result(index, item, None, _describe(doc))
    handler.is_strict = True
    try:
        return Result(index, item, nlp(doc))
    except Exception as error:  # whatever a component raises is about this document
        return Result(index, item, None, _describe(error))
    finally:
        handler.is_strict = False


def _make_doc(nlp: Language, item: Input) -> Doc | Exception:
    if isinstance(item.source, Doc):
        return item.source
    try:
        return nlp.make_doc(item.source)
    except Exception as error:  # a text that is too long, or that a tokenizer cannot read
        return error


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
