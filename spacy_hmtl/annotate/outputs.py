"""Where annotated Docs go: files that appear under their name when complete, and a list of what failed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from spacy.tokens import Doc

from ..annotations.jsonl import parse_line, to_line
from ..errors import Errors
from .inputs import Input
from .partial import Partial, PartialDocs, PartialLines, PartialTable
from .records import pack_record, text_digest
from .worker import Encoder


def encode_line(doc: Doc) -> bytes:
    """A Doc as a line of JSON."""
    return to_line(doc).encode("utf-8")


# How a Doc becomes what is appended to the partial output.
ENCODERS: dict[str, Encoder] = {".jsonl": encode_line, ".parquet": encode_line, ".spacy": pack_record}
_PARTIALS: dict[str, type[Partial]] = {".jsonl": PartialLines, ".parquet": PartialTable, ".spacy": PartialDocs}


class Output:
    """The annotated Docs of a run, and beside them OUTPUT.errors.jsonl.

    Until all is done, the Docs are in OUTPUT.partial, and what they are made by is in
    OUTPUT.partial.json. Each input leaves one entry in the partial output or one line in
    the list of errors, at once and in order, so that a run that is killed can go on.

    path (Path): Ends in .jsonl, .parquet or .spacy.
    resume (bool): Go on after the complete entries of OUTPUT.partial.
    model (str): Fingerprint of the model; entries of another model are not used.
    RAISES (OSError): H541, if another run writes this output.
    """

    def __init__(self, path: Path, *, resume: bool, model: str) -> None:
        self.path = path
        self.partial_path = path.with_name(path.name + ".partial")
        self.errors_path = path.with_name(path.name + ".errors.jsonl")
        self._run_path = path.with_name(path.name + ".partial.json")
        self._lock_path = path.with_name(path.name + ".partial.lock")
        self._lock = FileLock(self._lock_path)
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise OSError(Errors.H541.format(path=path, partial=self._lock_path)) from error
        try:
            self._open(resume, model)
        except BaseException:
            self._unlock()
            raise

    def _open(self, resume: bool, model: str) -> None:
        path = self.path
        was_stopped = self.partial_path.exists() and self._run_path.exists()
        self._partial: Partial = _PARTIALS[path.suffix](self.partial_path, path)
        run = json.dumps({"model": model})
        if not (resume and was_stopped and self._run_path.read_text(encoding="utf-8") == run):
            # In this order: a kill in between must not leave entries that look like this model's.
            self._run_path.unlink(missing_ok=True)
            self._partial.clear()
            self.errors_path.unlink(missing_ok=True)
            self._run_path.write_text(run, encoding="utf-8")
        self._errors = PartialLines(self.errors_path, path) if self.errors_path.exists() else None
        self.n_resumed = self.n_docs + self.n_failed

    @property
    def n_docs(self) -> int:
        return self._partial.n_entries

    @property
    def n_failed(self) -> int:
        return self._errors.n_entries if self._errors is not None else 0

    def check(self, inputs: Iterator[Input]) -> None:
        """Look whether the entries of the stopped run were made of these inputs.

        RAISES (ValueError): H506, if they were made from other texts.
        """
        failed = set(self._failed_indices())
        digests = self._partial.digests()
        n_seen = n_read = 0
        for item in islice(inputs, self.n_resumed):
            if n_seen not in failed:
                n_read += 1
                if next(digests, b"") != text_digest(item.text):
                    raise ValueError(Errors.H506.format(path=self.partial_path, line=n_read, name=item.name))
            n_seen += 1
        if n_seen < self.n_resumed:
            raise ValueError(Errors.H506.format(path=self.partial_path, line=n_read + 1, name="any in the input"))

    def add(self, payload: bytes) -> None:
        """Write an annotated Doc, as its encoder made it."""
        self._partial.add(payload)

    def add_failure(self, index: int, name: str, error: str) -> None:
        """List a document that failed.

        index (int): Position among the inputs, from 0.
        """
        if self._errors is None:
            self._errors = PartialLines(self.errors_path, self.path)
        line = json.dumps({"id": name, "index": index, "error": error})
        self._errors.add(line.encode("utf-8") + b"\n")

    def __enter__(self) -> Output:
        return self

    def __exit__(self, *error: Any) -> None:
        """Give the output its name; after an error, leave what resuming needs."""
        try:
            if self._errors is not None:
                self._errors.close()
            if error[0] is None:
                self._partial.finish()
                self._run_path.unlink()
                return
            self._partial.close()
            if not self.n_docs + self.n_failed:  # nothing to go on from
                self.partial_path.unlink()
                self._run_path.unlink()
        finally:
            self._unlock()

    def _unlock(self) -> None:
        # While it is held: who waits for it finds that the file has gone, and makes a new one.
        if os.name == "posix":
            self._lock_path.unlink(missing_ok=True)
        self._lock.release()

    def _failed_indices(self) -> Iterator[int]:
        if self._errors is not None:
            with self.errors_path.open("rb") as file:
                for number, line in enumerate(file, 1):
                    yield parse_line(line, f"{self.errors_path}:{number}")["index"]
