"""The text of a brat document, in the characters that its annotation counts; and what our export keeps beside it."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..faults import FaultLog, Place
from .json_records import misfit
from .lines import BYTE_ORDER_MARK, CRLF, is_decoded, read_lines
from .tokens import Tokens

SIDE_SUFFIX = ".hmtl.json"
SIDE_MISFIT = "files DOC.hmtl.json that do not fit their text, left out"
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
    """A text with line feeds only; `removed` are the offsets in the file of the characters that are not in it."""

    text: str
    removed: list[int]
    side: Side | None = None

    def offset(self, in_file: int) -> int:
        """An offset of the annotation as an offset in the text."""
        return in_file - bisect_left(self.removed, in_file)


def read_text(place: Place, spans: Sequence[tuple[int, int, str | None]], faults: FaultLog) -> BratText | None:
    """Read the text of an annotation file.

    Tools differ in whether the two characters of a Windows line end, and a byte order mark,
    are counted as two and one or as one and none. The spans tell.

    place (Place): The annotation file.
    spans (Sequence): Start, end and text of spans, as the annotation has them.
    faults (FaultLog): Takes what is wrong.
    RETURNS (BratText | None): The text; None, with a fault, if it is not UTF-8.
    """
    path = place.path.with_suffix(".txt")
    log = FaultLog()
    lines = list(read_lines(path, log))
    faults.notes += log.notes
    if not is_decoded(lines, place._replace(path=path), faults):
        return None
    text = "\n".join(line.text for line in lines)
    mark = int(any(note.kind == BYTE_ORDER_MARK for note in log.notes))
    candidates = [BratText(text, [])]
    if mark:
        candidates.append(BratText(text, [0]))
    if any(note.kind == CRLF for note in log.notes):
        # In the file, line end k is two characters, the first of which is removed.
        ends = [i for i, character in enumerate(text) if character == "\n"]
        returns = [mark + end + k for k, end in enumerate(ends)]
        candidates.append(BratText(text, [0] * mark + returns))
    best = min(candidates, key=lambda candidate: _n_misfits(candidate, spans))
    # A last line end is no text, unless our own export says that a token reaches so far.
    side, length = _read_side(place, faults), len(best.text)
    reach = side.tokens.ends[-1] if side is not None and side.tokens.ends else 0
    if side is not None and side.length == reach == length + 1 and path.read_bytes().endswith(b"\n"):
        best, length = best._replace(text=best.text + "\n"), length + 1
    if side is not None and side.length != length:
        faults.note(Place(side_path(place.path), document=place.document), SIDE_MISFIT)
        side = None
    return best._replace(side=side)


def _n_misfits(candidate: BratText, spans: Sequence[tuple[int, int, str | None]]) -> int:
    return sum(
        not (covered or "").startswith(candidate.text[candidate.offset(start) : candidate.offset(end)].split("\n")[0])
        for start, end, covered in spans
    )


def _read_side(place: Place, faults: FaultLog) -> Side | None:
    """Read `DOC.hmtl.json`; None if there is none, or, with a note, if it contradicts itself."""
    path = side_path(place.path)
    if not path.is_file():
        return None
    # A file that was edited by hand can hold anything; then the text is split anew.
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
