"""The text of a brat document, in the characters that its annotation counts; and what our export keeps beside it."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from ..faults import FaultLog, Place
from .json_records import misfit
from .lines import is_decoded, read_lines
from .tokens import Tokens

SIDE_SUFFIX = ".hmtl.json"
OFFSETS = "documents whose offsets count {counts}"
SIDE_MISFIT = "files DOC.hmtl.json that do not fit their text, left out"
_LINE_END = re.compile(r"\r?\n|\r\Z")
SIDE = {
    "name": str,
    "length": int,
    "tokens": [(int, int)],
    "spaces": [int],
    "sent_starts?": [int],
    "layers": [str],
    "meta": dict,
}


class Side(NamedTuple):
    """What `DOC.hmtl.json` says: brat's files have no place for it. length: characters of the text."""

    name: str
    length: int
    tokens: Tokens
    layers: list[str]
    meta: dict[str, Any]


class BratText(NamedTuple):
    """A text with line feeds only, and how the annotation counts its characters.

    removed: offsets of the annotation at which no character of the text begins, in order.
    counts: what is unusual in that, such as "UTF-16 units", or "".
    """

    text: str
    removed: list[int]
    side: Side | None = None
    counts: str = ""

    def offset(self, in_file: int) -> int:
        """An offset of the annotation as an offset in the text."""
        return in_file - bisect_left(self.removed, in_file)

    def is_character(self, in_file: int) -> bool:
        """Whether a character of the text begins at an offset of the annotation."""
        at = bisect_left(self.removed, in_file)
        return at == len(self.removed) or self.removed[at] != in_file


def read_text(
    place: Place, spans: Sequence[tuple[int, int, str | None]], side: Side | None, faults: FaultLog
) -> BratText | None:
    """Read the text of an annotation file.

    Tools differ in what their offsets count: characters, UTF-16 units or bytes; a Windows line end
    as one or two of them; a byte order mark or not. The texts of the spans tell.

    place (Place): The annotation file.
    spans (Sequence): Start, end and text of spans, as the annotation has them.
    side (Side | None): What our export keeps beside the text.
    faults (FaultLog): Takes what is wrong, and a note of unusual offsets.
    RETURNS (BratText | None): The text; None, with a fault, if it is not UTF-8.
    """
    path = place.path.with_suffix(".txt")
    if not is_decoded(read_lines(path, faults), place._replace(path=path), faults):
        return None
    raw = path.read_bytes().decode("utf-8")
    best = _best(raw, spans)
    # A last line end is no text, unless our own export says that a token reaches so far.
    length = len(best.text)
    reach = side.tokens.ends[-1] if side is not None and side.tokens.ends else 0
    if side is not None and side.length == reach == length + 1 and raw.endswith("\n"):
        best, length = best._replace(text=best.text + "\n"), length + 1
    if side is not None and side.length != length:
        faults.note(Place(side_path(place.path), document=place.document), SIDE_MISFIT)
        side = None
    if best.counts:
        faults.note(place, OFFSETS.format(counts=best.counts))
    return best._replace(side=side)


def _best(raw: str, spans: Sequence[tuple[int, int, str | None]]) -> BratText:
    """The first of the ways to count that fits all spans, or the one that fits most."""
    best, fewest = BratText("", []), len(spans) + 1
    for candidate in _candidates(raw):
        n_misfits = _n_misfits(candidate, spans)
        if n_misfits < fewest:
            best, fewest = candidate, n_misfits
        if not n_misfits:
            break
    return best


def _candidates(raw: str) -> Iterator[BratText]:
    """The ways to count the characters of a file, the usual one first."""
    text = raw.removeprefix("\ufeff")
    has_mark = len(text) < len(raw)
    pieces = _LINE_END.split(text)  # as read_lines: a return at the end of the file is dropped too
    has_returns = "\r" in text and any(match.group().startswith("\r") for match in _LINE_END.finditer(text))
    plain = "\n".join(pieces)
    plain = plain[:-1] if plain.endswith("\n") else plain
    units = ["characters"]
    units += ["UTF-16 units"] if any(character > "\uffff" for character in plain) else []
    units += [] if plain.isascii() else ["bytes"]
    for unit, counts_mark, counts_returns in product(units, (False, True), (False, True)):
        if (counts_mark and not has_mark) or (counts_returns and not has_returns):
            continue
        said = [unit] if unit != "characters" else []
        said += ["the byte order mark"] if counts_mark else []
        said += ["line ends as two"] if counts_returns else []
        yield BratText(plain, _removed(text, unit, counts_mark, counts_returns), None, ", ".join(said))


def _removed(text: str, unit: str, counts_mark: bool, counts_returns: bool) -> list[int]:
    """The offsets in the file that are no character of the text: the second unit of a character, returns, a mark."""
    width = {"characters": _one, "UTF-16 units": _utf_16, "bytes": _utf_8}[unit]
    removed = list(range(width("\ufeff"))) if counts_mark else []
    if not (counts_returns or unit != "characters"):
        return removed
    position = len(removed)
    ends = {match.start() for match in _LINE_END.finditer(text) if match.group().startswith("\r")}
    for i, character in enumerate(text):
        size = width(character)
        if i in ends:
            removed += [position] if counts_returns else []
            position += int(counts_returns)
            continue
        removed += range(position + 1, position + size)
        position += size
    return removed


def _one(_: str) -> int:
    return 1


def _utf_16(character: str) -> int:
    return 2 if character > "\uffff" else 1


def _utf_8(character: str) -> int:
    return len(character.encode("utf-8"))


def _n_misfits(candidate: BratText, spans: Sequence[tuple[int, int, str | None]]) -> int:
    """How many spans do not begin with what the text has at their place; those that do not say are not counted."""
    n_misfits = 0
    for start, end, said in spans:
        found = "".join(candidate.text[max(candidate.offset(start), 0) : max(candidate.offset(end), 0)].split())
        fits = found and candidate.is_character(start) and "".join((said or "").split()).startswith(found)
        n_misfits += said is not None and not fits
    return n_misfits


def read_side(place: Place, faults: FaultLog) -> Side | None:
    """Read `DOC.hmtl.json`; None if there is none, or, with a note, if it contradicts itself."""
    path = side_path(place.path)
    if not path.is_file():
        return None
    # A file that was edited by hand can hold anything; then the text is split again.
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        fields = None
    if misfit(fields, SIDE) or not _fits(fields):
        faults.note(Place(path, document=place.document), SIDE_MISFIT)
        return None
    starts, ends = [start for start, _ in fields["tokens"]], [end for _, end in fields["tokens"]]
    tokens = Tokens(starts, ends, [bool(space) for space in fields["spaces"]], fields.get("sent_starts"))
    return Side(fields["name"], fields["length"], tokens, fields["layers"], fields["meta"])


def _fits(fields: dict[str, Any]) -> bool:
    tokens, length = fields["tokens"], fields["length"]
    if len(tokens) != len(fields["spaces"]):
        return False
    before = [0, *(end for _, end in tokens)]
    return all(last <= start < end <= length for last, (start, end) in zip(before, tokens))


def side_path(path: Path) -> Path:
    """Where the export keeps what belongs to an annotation file."""
    return path.with_name(path.stem + SIDE_SUFFIX)
