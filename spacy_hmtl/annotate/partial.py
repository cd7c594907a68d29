"""Unfinished outputs: files that only grow, entry by entry, and survive a kill at any byte."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ..annotations.jsonl import parse_line
from ..files import name_error
from .records import complete_records, read_digests, text_digest, write_docbin
from .table import write_table

_CHUNK = 1 << 20  # bytes


class Partial(ABC):
    """An unfinished file; an entry that was cut off by a kill is removed.

    path (Path): The unfinished file, which no other process may write.
    target (Path): What it becomes.
    """

    def __init__(self, path: Path, target: Path) -> None:
        self.path = path
        self.target = target
        self._file: BinaryIO = path.open("ab")
        self.n_entries, end = self._complete()
        self._file.truncate(end)

    @abstractmethod
    def _complete(self) -> tuple[int, int]:
        """Number of complete entries, and the byte after the last one."""

    @abstractmethod
    def digests(self) -> Iterator[bytes]:
        """Digests of the texts of the entries, in order."""

    @abstractmethod
    def _publish(self) -> None:
        """Make the target of the entries, in one step."""

    def add(self, entry: bytes) -> None:
        """Write an entry so that it is there even if the process is killed."""
        with self._named():
            self._file.write(entry)
            self._file.flush()
        self.n_entries += 1

    def clear(self) -> None:
        """Remove all entries."""
        self._file.truncate(0)
        self.n_entries = 0

    def finish(self) -> None:
        """Make the target, so that it lasts through a loss of power, and remove the unfinished file."""
        with self._named():
            os.fsync(self._file.fileno())
        self.close()
        self._publish()
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the file."""
        with self._named():
            self._file.close()

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            name_error(error, self.path)
            raise


class PartialLines(Partial):
    """Lines of JSON with the key text."""

    def _complete(self) -> tuple[int, int]:
        n_lines = position = end = 0
        with self.path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                n_lines += chunk.count(b"\n")
                if b"\n" in chunk:
                    end = position + chunk.rindex(b"\n") + 1
                position += len(chunk)
        return n_lines, end

    def digests(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                yield text_digest(str(parse_line(line, f"{self.path}:{number}").get("text")))

    def _publish(self) -> None:
        os.replace(self.path, self.target)


class PartialTable(PartialLines):
    """Rows of a Parquet file to be, as lines of JSON: a Parquet file can only be written whole."""

    def _publish(self) -> None:
        write_table(self.path, self.target)


class PartialDocs(Partial):
    """Docs of a `.spacy` file to be, which can only be written whole."""

    def _complete(self) -> tuple[int, int]:
        return complete_records(self.path)

    def digests(self) -> Iterator[bytes]:
        return read_digests(self.path)

    def _publish(self) -> None:
        write_docbin(self.path, self.target)
