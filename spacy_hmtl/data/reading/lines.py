"""Reading text files line by line, with what can be wrong in them: encoding, line ends, another format."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ...errors import Errors
from ..faults import ConversionError, FaultLog, Place

CRLF = "files with Windows line ends (CRLF), read as line ends"
CR = "files with old Macintosh line ends (CR), read as line ends"
BYTE_ORDER_MARK = "files with a byte order mark, dropped"
# Bytes that are not UTF-8 come out of "surrogateescape" as these characters.
_UNDECODED = re.compile("[\udc80-\udcff]")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_PACKED = ((b"\x1f\x8b", "gzip"), (b"PK\x03\x04", "zip"), (b"BZh", "bzip2"), (b"\xfd7zXZ", "xz"))
_FORMATS_BY_FIRST_LINE = (
    (re.compile(r"#begin document"), "CoNLL-2012 (conll2012, litbank)"),
    (re.compile(r"#doc \d+$"), "conll04"),
    (re.compile(r"#doc \S+-\d+$"), "demo"),
    (re.compile(r"# ?(newdoc|sent_id|global\.)"), "CoNLL-U (gum)"),
    (re.compile(r'\s*(\{"|\[\{|\{$|\[$)'), "JSON"),
    (re.compile(r"\s*<[?!a-zA-Z]"), "XML or SGML (ace05)"),
    (re.compile(r"[TRE]\d+\t\S+ \d+ \d+"), "brat stand-off"),
    (re.compile(r"[^\t]+(\t[^\t]*)*\t(O|[BILUES]-\S+)$"), "iob"),
)


class Line(NamedTuple):
    """A line without its end, its number (from 1), and the first byte that is not UTF-8, if any."""

    number: int
    text: str
    bad_byte: int | None = None


def read_lines(path: Path, faults: FaultLog) -> Iterator[Line]:
    """Read the lines of a text file, one at a time.

    Lines end at a line feed only: tokens of web text may hold other characters
    that `str.splitlines` splits at. Nothing but the line end is stripped.

    path (Path): The file.
    faults (FaultLog): Takes notes of Windows line ends and byte order marks.
    YIELDS (Line): Each line; undecodable ones carry their bad byte.
    RAISES (ConversionError): H101, if there is no such file; H120, if it is UTF-16 or binary.
    """
    if not path.is_file():
        raise ConversionError(Errors.H101.format(path=path), faults)
    has_crlf = False
    with path.open("rb") as file:
        for number, raw in enumerate(_raw_lines(file, path, faults), start=1):
            if number == 1 and raw.startswith(codecs.BOM_UTF8):
                raw = raw.removeprefix(codecs.BOM_UTF8)
                faults.note(Place(path, 1), BYTE_ORDER_MARK)
            if number == 1 and (kind := next((kind for mark, kind in _PACKED if raw.startswith(mark)), "")):
                raise ConversionError(Errors.H610.format(path=path, kind=kind), faults)
            if b"\0" in raw or (number == 1 and raw.startswith(_UTF16)):
                reason = f"line {number} holds zero bytes, as UTF-16 and binary files do"
                raise ConversionError(Errors.H120.format(path=path, reason=reason, encoding="UTF-16"), faults)
            raw = raw.removesuffix(b"\n")
            if raw.endswith(b"\r"):
                raw = raw[:-1]
                if not has_crlf:
                    faults.note(Place(path, number), CRLF)
                has_crlf = True
            text = raw.decode("utf-8", errors="surrogateescape")
            undecoded = _UNDECODED.search(text)
            yield Line(number, text, ord(undecoded.group()) - 0xDC00 if undecoded else None)


def _raw_lines(file: BinaryIO, path: Path, faults: FaultLog) -> Iterator[bytes]:
    """The lines of a file; where it has no line feed, those that end at a carriage return."""
    first = file.readline()
    if b"\r" in first.rstrip(b"\r\n") and not first.endswith(b"\n"):
        faults.note(Place(path), CR)
        yield from first.replace(b"\r", b"\n").splitlines(keepends=True)
        return
    yield from chain([first] if first else [], file)


def is_decoded(lines: Iterable[Line], place: Place, faults: FaultLog, *, unit: str = "document") -> bool:
    """Check that a document is valid UTF-8, and report the first line that is not.

    lines (Iterable[Line]): The lines of the document.
    place (Place): The document; the line number is filled in.
    faults (FaultLog): Takes the fault.
    unit (str): What is left out if a line is not UTF-8.
    RETURNS (bool): True if every line is.
    """
    for line in lines:
        if line.bad_byte is not None:
            faults.skip(
                place._replace(line=line.number),
                f"expected UTF-8 text, found the byte 0x{line.bad_byte:02x}",
                unit=unit,
                remedy="Save the file as UTF-8, for example with `iconv -f ISO-8859-1 -t UTF-8`.",
            )
            return False
    return True


def split_at_headers(lines: Iterable[Line], header: re.Pattern[str]) -> Iterator[list[Line]]:
    """Split a file into documents that begin with a header line.

    lines (Iterable[Line]): The lines of a file.
    header (Pattern): Matches a header line.
    YIELDS (list[Line]): Each document, its header first. What stands before the
        first header comes as a block of its own, unless it is white space.
    """
    block: list[Line] = []
    for line in lines:
        if header.match(line.text):
            if any(earlier.text.strip() for earlier in block):
                yield block
            block = []
        block.append(line)
    if any(earlier.text.strip() for earlier in block):
        yield block


def not_this_format(path: Path, format: str, expected: str, line: Line, faults: FaultLog) -> ConversionError:
    """Make the error for a file of another format, with a guess which one it is.

    path (Path): The file.
    format (str): The format that was asked for.
    expected (str): What a line of that format looks like.
    line (Line): The line that shows the difference.
    faults (FaultLog): The faults found until then.
    RETURNS (ConversionError): H102.
    """
    guesses = [name for pattern, name in _FORMATS_BY_FIRST_LINE if pattern.match(line.text)]
    guess = f", which looks like {guesses[0]}" if guesses and guesses[0] != format else ""
    found = repr(line.text[:60])
    reason = f"expected {expected}, found {found} in line {line.number}{guess}"
    return ConversionError(Errors.H102.format(path=path, format=format, reason=reason), faults)
