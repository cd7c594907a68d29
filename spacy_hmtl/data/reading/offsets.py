"""What the offsets of a file count, found out by the texts they cover: tools differ, and seldom say."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from html import unescape
from typing import NamedTuple

# (text, start, end) -> (start, end) in characters, end exclusive; (-1, -1) if they cannot be offsets of the text.
Convert = Callable[[str, int, int], tuple[int, int]]


class Offsets(NamedTuple):
    """A span as its file gives it.

    covered: what the file says it covers, or None.
    boundaries: where the tokens of the file begin and where they end; None if it has none.
    """

    text: str
    start: int
    end: int
    covered: str | None = None
    boundaries: tuple[frozenset[int], frozenset[int]] | None = None

    def fits_words(self) -> bool:
        """Whether it begins and ends where words do, counted in characters."""
        return _fits(self, CHARACTERS)


class Convention(NamedTuple):
    """What offsets count. about: for a note; "" for characters, end exclusive."""

    about: str
    convert: Convert


def _plain(text: str, start: int, end: int) -> tuple[int, int]:
    return start, end


def _inclusive(text: str, start: int, end: int) -> tuple[int, int]:
    return start, end + 1


def _from_one(text: str, start: int, end: int) -> tuple[int, int]:
    return start - 1, end


def _units(encoding: str, size: int) -> Convert:
    """Offsets that count units of `size` bytes of an encoding."""

    def convert(text: str, start: int, end: int) -> tuple[int, int]:
        data = text.encode(encoding)
        try:
            places = [len(data[: size * offset].decode(encoding)) for offset in (start, end)]
        except UnicodeDecodeError:  # inside a character
            return -1, -1
        return (places[0], places[1]) if 0 <= start <= end <= len(data) // size else (-1, -1)

    return convert


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    n_blank = len(text) - len(text.lstrip())
    return start + n_blank, end + n_blank


_LINE_ENDS = re.compile(r"\r\n|.", re.DOTALL)
_REFERENCES = re.compile(r"&(?:#\d+|#[xX][\da-fA-F]+|[A-Za-z]\w*);|.", re.DOTALL)


@lru_cache(maxsize=4)
def _places(text: str, pattern: re.Pattern[str]) -> list[int]:
    """For each character of a text as its offsets count it, where it stands in the text, and the end of the text."""
    places: list[int] = []
    for match in pattern.finditer(text):
        n_counted = 1 if match.group() == "\r\n" else len(unescape(match.group()))
        places += [match.start()] * n_counted
    return [*places, len(text)]


def _shorter(pattern: re.Pattern[str], sign: str) -> Convert:
    """Offsets that count what a pattern finds as it is read: a line end as one, `&amp;` as one."""

    def convert(text: str, start: int, end: int) -> tuple[int, int]:
        if sign not in text:
            return start, end
        places = _places(text, pattern)
        return (places[start], places[end]) if 0 <= start <= end < len(places) else (-1, -1)

    return convert


CHARACTERS = Convention("", _plain)
CONVENTIONS = (
    CHARACTERS,
    Convention("spans whose ends are inclusive, as the texts show, converted", _inclusive),
    Convention("spans with offsets in UTF-16 units, converted", _units("utf-16-le", 2)),
    Convention("spans with offsets in UTF-8 bytes, converted", _units("utf-8", 1)),
    Convention("spans with offsets from 1 and inclusive ends, as the texts show, converted", _from_one),
    Convention("spans with offsets in the text without the white space before it, converted", _stripped),
    Convention("spans with offsets that count a Windows line end as one, converted", _shorter(_LINE_ENDS, "\r\n")),
    Convention("spans with offsets in the text without its HTML escapes, converted", _shorter(_REFERENCES, "&")),
)


def find_convention(spans: Sequence[Offsets]) -> Convention:
    """Find out what the offsets of a file count.

    A span speaks for a convention if it then covers what the file says it covers, or, where
    the file does not say, if it begins and ends where tokens, or else words, do.

    spans (Sequence[Offsets]): The spans of the file.
    RETURNS (Convention): The one that most spans speak for, of equals the first. Where no span
        says what it covers, nine in ten must speak for another one than characters, and of those that it moves,
        half against these.
    """
    plain = [_fits(span, CHARACTERS) for span in spans]
    if all(plain):  # the common case needs no further look
        return CHARACTERS
    fitting = [sum(plain), *(sum(_fits(span, convention) for span in spans) for convention in CONVENTIONS[1:])]
    best = CONVENTIONS[fitting.index(max(fitting))]
    if best is CHARACTERS or any(span.covered is not None for span in spans):
        return best
    moved = [fits for span, fits in zip(spans, plain) if best.convert(*span[:3]) != span[1:3]]
    is_clear = max(fitting) >= 0.9 * len(spans) and sum(moved) <= 0.5 * len(moved)
    return best if is_clear else CHARACTERS


def _fits(span: Offsets, convention: Convention) -> bool:
    text = span.text
    start, end = convention.convert(text, span.start, span.end)
    if not 0 <= start < end <= len(text):
        return False
    if span.covered is not None:
        return text[start:end].split() == span.covered.split()
    if span.boundaries is not None:
        return start in span.boundaries[0] and end in span.boundaries[1]
    return not (_is_inside_word(text, start) or _is_inside_word(text, end))


def _is_inside_word(text: str, position: int) -> bool:
    return 0 < position < len(text) and text[position - 1 : position + 1].isalnum()
