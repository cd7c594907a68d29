"""Guessing the format of a corpus from what its files hold; their names say little."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import Errors
from .faults import ConversionError, FaultLog
from .formats import get_reader
from .reading.guess_json import json_formats
from .reading.guess_text import text_formats
from .reading.json_records import read_values
from .reading.lines import read_lines

AUTO = "auto"
# Looked at in a folder, and in a file of JSON.
N_FILES, N_VALUES = 40, 50
_BYTES = 1 << 16
# N times as many files must be of one format as of any other.
_CLEAR = 10
# What lies beside the files of a corpus.
_BESIDE = ("readme", "license", "licence", "changelog", "citation", "sources", "gum_license")
_SKIPPED = (
    ".md",
    ".py",
    ".pdf",
    ".zip",
    ".gz",
    ".ids",
    ".html",
    ".sh",
    ".spacy",
    ".rst",
    ".dtd",
    ".css",
    ".conf",
    ".hmtl.json",
)


class Guess(NamedTuple):
    """What a corpus looks like. reason: what tells, for messages."""

    format: str
    reason: str


def guess_format(path: Path) -> Guess:
    """Guess the format of a file or folder.

    path (Path): The corpus.
    RETURNS (Guess): The format that fits.
    RAISES (ConversionError): H101; H172, if no format fits; H173, if several fit equally.
    """
    if not path.exists():
        raise ConversionError(Errors.H101.format(path=path))
    return _guess_folder(path) if path.is_dir() else _guess_file(path)


def _guess_folder(path: Path) -> Guess:
    """By its layout, or by its files, which must all look alike."""
    if (path / "entities" / "tsv").is_dir() or (path / "coref" / "conll").is_dir():
        return Guess("litbank", "the folders entities/tsv and coref/conll")
    files = sorted(file for file in path.rglob("*") if _is_data(file))
    counts: Counter[str] = Counter()
    shown: dict[str, tuple[Path, str]] = {}
    for file in files[:: 1 + len(files) // N_FILES]:
        for guess in _fitting(file):
            counts[guess.format] += 1
            shown.setdefault(guess.format, (file, guess.reason))
    if not counts:
        raise ConversionError(
            Errors.H172.format(path=path, found=f"{len(files):,} files, none of them of a known format")
        )
    (best, n_best), *others = counts.most_common()
    if others and others[0][1] * _CLEAR > n_best:
        found = "; ".join(f"{name}: {shown[name][0].name}" for name in counts)
        raise ConversionError(Errors.H173.format(path=path, found=found))
    file, reason = shown[best]
    return Guess(best, f"{reason} in {file.name}")


def _is_data(file: Path) -> bool:
    name = file.name.lower()
    is_other = name.startswith((".", *_BESIDE)) or name.endswith(_SKIPPED)
    return file.is_file() and not is_other and not any(part.startswith(".") for part in file.parts[-2:-1])


def _guess_file(path: Path) -> Guess:
    found = _fitting(path)
    if not found:
        with path.open("rb") as file:
            begin = file.read(60).decode("utf-8", errors="replace")
        # A packed file, or one of UTF-16, is refused by what it is.
        next(read_lines(path, FaultLog()), None)
        if not begin.strip():
            raise ConversionError(Errors.H172.format(path=path, found="nothing in the file"))
        raise ConversionError(Errors.H172.format(path=path, found=f"a file that begins with {begin!r}"))
    if len(found) > 1:
        raise ConversionError(Errors.H173.format(path=path, found="; ".join(f"{one[0]}: {one[1]}" for one in found)))
    return found[0]


def _fitting(path: Path) -> list[Guess]:
    """The formats that a file can be of."""
    if path.suffix == ".ann":
        return [Guess("brat", "a file named *.ann")]
    if path.suffix == ".txt" and path.with_suffix(".ann").is_file():  # read with it
        return []
    if path.name.endswith((".apf.xml", ".sgm")):
        return [Guess("ace05", "a file named *.apf.xml or *.sgm")]
    with path.open("rb") as file:
        data = file.read(_BYTES).removeprefix(b"\xef\xbb\xbf")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data:
        return []
    # The last line may be cut off.
    lines = [line.rstrip("\r") for line in data.decode("utf-8", errors="surrogateescape").split("\n")]
    lines = lines[:-1] if len(data) == _BYTES and len(lines) > 1 else lines
    if next((line.lstrip() for line in lines if line.strip()), "")[:1] in ("{", "["):
        return [Guess(*one) for one in _fitting_json(path)]
    found = [Guess(*one) for one in text_formats(lines)]
    return found or [Guess("iob", "a table with a column of tags") for _ in range(_reads("iob", path))]


def _fitting_json(path: Path) -> Iterator[tuple[str, str]]:
    """The formats that all values fit which look like anything."""
    values = [value for _, value in islice(read_values(path, AUTO, FaultLog()), N_VALUES)]
    found = [found for found in map(json_formats, _together(values)) if found]
    names = [name for name in found[0] if all(name in one for one in found)] if found else []
    for name in names:
        yield name, found[0][name]


def _together(values: list[Any]) -> Iterator[Any]:
    """The values, a text that is followed by its annotations as a pair (a file with one pair of spaCy 2)."""
    text: str | None = None
    for value in values:
        if isinstance(value, str):
            text = value
            continue
        yield value if text is None else [text, value]
        text = None


def _reads(format: str, path: Path) -> bool:
    """Whether the reader of a format makes something of a file."""
    read: Callable[..., Iterator[Any]] = get_reader(format)
    try:
        return next(read(path, faults=FaultLog()), None) is not None
    except ConversionError:
        return False
