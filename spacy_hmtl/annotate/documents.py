"""Annotated Docs for the commands: read from files of any kind, or made by a pipeline."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import is_package
from spacy.vocab import Vocab

from ..annotations.jsonl import json_to_doc, read_jsonl
from ..data.docbin import read_docs
from ..errors import Errors
from .arguments import Given
from .inputs import list_files, pack_doc, read_inputs
from .parquet import read_parquet
from .worker import Job, Worker

# What holds annotation; a text does not.
ANNOTATED = (".spacy", ".jsonl", ".parquet")
OnError = Callable[[str], None]


def is_annotated_data(argument: str) -> bool:
    """Whether an argument names annotated documents rather than a pipeline: files of them, or "-"."""
    path = Path(argument)
    if argument == "-" or path.suffix.lower() in ANNOTATED:
        return True
    is_pipeline = is_package(argument) or (path / "config.cfg").exists()
    return path.is_dir() and not is_pipeline


def read_annotated(
    data: Given, vocab: Vocab, *, on_error: OnError | None = None, leave_out: tuple[Path, ...] = ()
) -> Iterator[Doc]:
    """Annotated Docs of a `.spacy`, `.jsonl` or `.parquet` file, or of all of these below a folder.

    on_error (Callable, optional): Takes the error of a line or row that cannot be read; the others are read then.
    leave_out (tuple): Files below the folder that are no input, such as the output.
    RAISES (ValueError): H101, H102, H104, H504, H591, and those of a line if there is no `on_error`.
    """
    for file in list_files(data.path, suffixes=ANNOTATED, leave_out=leave_out, shown=data.shown):
        suffix, name = file.suffix.lower(), data.shown or str(file)
        if suffix == ".spacy":
            yield from read_docs(file, Language(vocab), shown=data.shown)
        elif suffix == ".jsonl":
            handler = None if on_error is None else _to_text(on_error)
            yield from read_jsonl(file, vocab, on_error=handler, shown=data.shown)
        elif suffix == ".parquet":
            yield from _read_rows(file, vocab, on_error, data.shown)
        else:
            raise ValueError(Errors.H591.format(path=name))


def annotate_inputs(
    model: str,
    data: Given,
    *,
    gpu_id: int = -1,
    on_error: OnError,
    leave_out: tuple[Path, ...] = (),
    batch_size: int = 128,
) -> Iterator[Doc]:
    """Docs that a pipeline annotates, one batch at a time; one that fails costs itself.

    on_error (Callable): Takes the name of a document that failed, and why.
    RAISES (ValueError): H508, and those of `read_inputs`.
    """
    worker, vocab = Worker(Job(model, pack_doc, gpu_id)), Vocab()
    inputs = read_inputs(data.path, leave_out=leave_out, shown=data.shown)
    while batch := list(islice(inputs, batch_size)):
        for outcome in worker(batch):
            if outcome.payload is None:
                on_error(Errors.H594.format(name=outcome.name, reason=outcome.error))
            else:
                yield Doc(vocab).from_bytes(outcome.payload)


def _read_rows(file: Path, vocab: Vocab, on_error: OnError | None, shown: str) -> Iterator[Doc]:
    for where, record in read_parquet(file, columns=None, shown=shown):
        try:
            doc = json_to_doc(record, vocab, where=where)
        except ValueError as error:
            if on_error is None:
                raise
            on_error(str(error))
            continue
        yield doc


def _to_text(on_error: OnError) -> Callable[[ValueError], None]:
    return lambda error: on_error(str(error))
