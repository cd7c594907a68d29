"""The one rule for what a command is given: a path, a text, or standard input."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from ..errors import Errors

# What a text that needs no `--text` ends with: the punctuation of a sentence, perhaps in quotation marks or brackets.
_SENTENCE_END = re.compile(r"""[.!?…。！？]["'”’»)\]]*$""")
# How paths begin, and how files end.
_PATH_START = re.compile(r"(\.{0,2}[/\\]|~|[A-Za-z]:[/\\])")
_FILE_END = re.compile(r"[\w)\]]\.[A-Za-z][A-Za-z0-9]{0,7}$")
_FIRST = 1 << 16  # bytes that tell the kind of standard input


class Given(NamedTuple):
    """What a command reads.

    path: a file or folder that is there.
    shown: what messages call it where the path is none of the user's; else "".
    """

    path: Path
    shown: str = ""

    @property
    def name(self) -> str:
        return self.shown or str(self.path)


@contextmanager
def given(argument: str, *, is_text: bool = False, takes_text: bool = True) -> Iterator[Given]:
    """What an argument of the command line stands for, as a file or folder to read.

    "-" is standard input: a text, JSON lines, a `.spacy` or a Parquet file, told apart by how
    it begins. What exists is a path. What looks like a sentence is a text: it has white space,
    ends as sentences do, and neither begins nor ends as paths do. All else is a path that
    is not there.

    is_text (bool): The argument is a text, whatever it looks like.
    takes_text (bool): Whether the command has use for a text.
    RAISES (ValueError): H104 where standard input is empty, H590 where there is no such path.
    """
    if is_text:
        with _as_file(argument) as found:
            yield found
    elif argument == "-":
        with _standard_input() as found:
            yield found
    elif exists(argument):
        yield Given(Path(argument))
    elif takes_text and looks_like_text(argument):
        with _as_file(argument) as found:
            yield found
    else:
        remedy = " If it is a text, say --text." if takes_text else ""
        raise ValueError(Errors.H590.format(path=argument or '""', remedy=remedy))


def exists(argument: str) -> bool:
    """Whether an argument is the path of a file or folder that is there."""
    try:
        return bool(argument) and Path(argument).exists()
    except (OSError, ValueError):  # too long for a path, or with characters that no path has
        return False


def looks_like_text(argument: str) -> bool:
    """Whether an argument can only be meant as a text: a sentence, or several lines."""
    stripped = argument.strip()
    if "\n" in stripped:
        return True
    is_path = _PATH_START.match(stripped) or _FILE_END.search(stripped)
    return " " in stripped and _SENTENCE_END.search(stripped) is not None and not is_path


@contextmanager
def _as_file(text: str) -> Iterator[Given]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "text.txt"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        yield Given(path, "text")


@contextmanager
def _standard_input() -> Iterator[Given]:
    """Standard input in a file, since it is read more than once, and by other processes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "stdin"
        with path.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        with path.open("rb") as file:
            first = file.read(_FIRST)
        if not first.strip():
            raise ValueError(Errors.H104.format(path="standard input"))
        yield Given(path.rename(path.with_suffix(_suffix(first))), "stdin")


def _suffix(first: bytes) -> str:
    """The kind of a file by how it begins."""
    if first.startswith(b"PAR1"):
        return ".parquet"
    if first[:1] == b"\x78" and first[1:2] in (b"\x01", b"\x5e", b"\x9c", b"\xda"):  # as zlib compresses
        return ".spacy"
    line = next(line for line in first.splitlines() if line.strip())
    try:
        is_json = isinstance(json.loads(line.decode("utf-8-sig")), dict)
    except ValueError:
        # A line that is longer than what was read, or damaged: the reader will say what is wrong with it.
        is_json = line.lstrip(b"\xef\xbb\xbf \t").startswith(b'{"')
    return ".jsonl" if is_json else ".txt"
