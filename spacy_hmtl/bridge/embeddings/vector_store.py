"""A bounded folder of arrays, one file each, that several processes may share."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy

from ...errors import Errors, Warnings

# After the bound is passed, the oldest files go until this share of it is left.
_KEEP = 0.9


class VectorStore:
    """Arrays by key, least recently used dropped first, at most `max_bytes` in all.

    A file is written under another name and then renamed, so that a reader sees all of it
    or nothing; its name is its key, so that it needs no index. Files are plain `.npy`
    without pickled objects. One that cannot be read counts as missing.

    RAISES (ValueError): H230 if `folder` cannot be a folder.
    """

    def __init__(self, folder: str | Path, max_bytes: int) -> None:
        self.folder = Path(folder)
        self.max_bytes = max_bytes
        if self.folder.exists() and not self.folder.is_dir():
            raise ValueError(Errors.H230.format(path=self.folder))
        self._n_bytes: int | None = None

    def path(self, key: bytes) -> Path:
        """File of a key.

        key (bytes): At least two bytes.
        RETURNS (Path): Whether it is there or not.
        """
        name = key.hex()
        return self.folder / name[:2] / f"{name[2:]}.npy"

    def get(self, key: bytes) -> numpy.ndarray | None:
        """The array of a key, if it is there.

        key (bytes): Of what was encoded.
        RETURNS (ndarray, optional): None where it is not, or damaged.
        """
        path = self.path(key)
        try:
            array = numpy.load(path, allow_pickle=False)
            # Its time of change tells when it was last used.
            os.utime(path)
        except (OSError, ValueError, EOFError):
            return None
        result: numpy.ndarray | None = array
        return result

    def put(self, key: bytes, array: numpy.ndarray) -> None:
        """Keep an array; where the disk refuses, one warning says so and nothing more is kept.

        key (bytes): Of what was encoded.
        array (ndarray): Any shape.
        """
        if array.nbytes > self.max_bytes:
            return
        path = self.path(key)
        part = path.with_suffix(f".{os.getpid()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                numpy.save(file, array, allow_pickle=False)
            size = part.stat().st_size
            os.replace(part, path)
            self._n_bytes = self._measure() if self._n_bytes is None else self._n_bytes + size
            if self._n_bytes > self.max_bytes:
                self._n_bytes = self._shrink()
        except OSError as error:
            self.max_bytes = -1
            warnings.warn(Warnings.W120.format(path=self.folder, reason=error), stacklevel=2)

    def _files(self) -> list[tuple[float, int, Path]]:
        """Time, size and path of each file; one that another process drops meanwhile is left out."""
        found = []
        for path in self.folder.glob("??/*"):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            found.append((status.st_mtime, status.st_size, path))
        return found

    def _measure(self) -> int:
        return sum(size for _, size, _ in self._files())

    def _shrink(self) -> int:
        files = sorted(self._files())
        total = sum(size for _, size, _ in files)
        for _, size, path in files:
            if total <= _KEEP * self.max_bytes:
                break
            path.unlink(missing_ok=True)
            total -= size
        return total
