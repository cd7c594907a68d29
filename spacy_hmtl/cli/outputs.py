"""Where annotated Docs go: files that appear under their name when complete, and a list of what failed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from spacy.tokens import Doc

from ..data.docbin import DocBinWriter
from ..errors import Errors
from ..jsonl import parse_line, to_line
from .inputs import Input

_CHUNK = 1 << 20  # bytes


class Lines:
    """A file of lines that is written whole or not at all: a half line left by a stopped run is cut off.

    path (Path): The file, opened when the first line is added.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.n_lines = 0
        self._file: Any = None
        if path.exists():
            self.n_lines, end = _complete_lines(path)
            os.truncate(path, end)

    def add(self, line: str) -> None:
        """Write a line so that it is there even if the process is killed."""
        if self._file is None:
            self._file = self.path.open("ab")
        self._file.write(line.encode("utf-8"))
        self._file.flush()
        self.n_lines += 1

    def read(self) -> Iterator[dict[str, Any]]:
        if self.n_lines:
            with self.path.open("rb") as file:
                for number, line in enumerate(file, 1):
                    yield parse_line(line, f"{self.path}:{number}")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


class Output:
    """The annotated Docs of a run, and beside them OUTPUT.errors.jsonl.

    path (Path): Ends in .jsonl or .spacy.
    resume (bool): Go on after the complete lines of OUTPUT.partial (.jsonl only).
    model_time (float): When the model was saved; lines that are older are another model's work.
    """

    def __init__(self, path: Path, *, resume: bool, model_time: float) -> None:
        self.path = path
        self.partial_path = path.with_name(path.name + ".partial")
        self.errors_path = path.with_name(path.name + ".errors.jsonl")
        is_jsonl = path.suffix == ".jsonl"
        partial = self.partial_path
        if not (resume and is_jsonl and partial.exists() and partial.stat().st_mtime >= model_time):
            self.errors_path.unlink(missing_ok=True)
            partial.unlink(missing_ok=True)
        self.lines = Lines(partial) if is_jsonl else None
        self.errors = Lines(self.errors_path)
        self._docs = None if is_jsonl else DocBinWriter(path)
        self.n_docs = self.lines.n_lines if self.lines else 0
        # Each input left one line in one of the two files.
        self.n_resumed = self.n_docs + self.errors.n_lines

    def check(self, inputs: Iterator[Input], n_again: int) -> list[Input]:
        """Pass over the inputs of the stopped run, after a look at whether they are the same.

        n_again (int): So many of them, the last, are handed back.
        RETURNS (list): Those inputs.
        RAISES (ValueError): H506, if the output was made from other texts.
        """
        again: list[Input] = []
        if not self.n_resumed or self.lines is None:
            return again
        failed = {error["index"] for error in self.errors.read()}
        records = self.lines.read()
        n_seen = n_read = 0
        for item in islice(inputs, self.n_resumed):
            if n_seen not in failed:
                n_read += 1
                if next(records, {}).get("text") != item.text:
                    raise ValueError(Errors.H506.format(path=self.partial_path, line=n_read, name=item.name))
            n_seen += 1
            if n_seen > self.n_resumed - n_again:
                again.append(item)
        if n_seen < self.n_resumed:
            raise ValueError(Errors.H506.format(path=self.partial_path, line=n_read + 1, name="any in the input"))
        return again

    def add(self, doc: Doc) -> None:
        """Write an annotated Doc."""
        if self.lines is not None:
            self.lines.add(to_line(doc))
        if self._docs is not None:
            self._docs.add(doc)
        self.n_docs += 1

    def add_failure(self, index: int, name: str, error: str) -> None:
        """List a document that failed."""
        line = json.dumps({"id": name, "index": index, "error": error})
        self.errors.add(line + "\n")

    def __enter__(self) -> Output:
        if self._docs is not None:
            self._docs.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        """Give the output its name; after an error, leave what resuming needs."""
        self.errors.close()
        if self._docs is not None:
            self._docs.__exit__(*error)
        if self.lines is not None:
            self.lines.close()
            if error[0] is None:
                self.partial_path.touch()
                os.replace(self.partial_path, self.path)


def _complete_lines(path: Path) -> tuple[int, int]:
    """Number of complete lines of a file, and the byte after the last one."""
    n_lines = position = end = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            n_lines += chunk.count(b"\n")
            if b"\n" in chunk:
                end = position + chunk.rindex(b"\n") + 1
            position += len(chunk)
    return n_lines, end
