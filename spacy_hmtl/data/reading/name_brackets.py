"""Name brackets of CoNLL-2003 to 2012: `(ORG*`, `*`, `*)`, `(GPE)`."""

from __future__ import annotations

import re

from ...types import LabeledSpan
from ..faults import FaultLog, Place
from .lines import Line

_CELL = re.compile(r"(?:\([^()*\s]+\)?)*\*?\)*")
_PIECE = re.compile(r"\(([^()*]+)|\)")


def is_name_cell(cell: str) -> bool:
    """Whether a cell holds name brackets, or the star of none, and nothing else."""
    return bool(cell) and _CELL.fullmatch(cell) is not None


class NameReader:
    """Collects the names of one document, token by token.

    spans (list[LabeledSpan]): The names of the sentences that were ended. They do not
        overlap: of nested ones the outermost is kept, the others are faults.
    """

    def __init__(self, place: Place, faults: FaultLog) -> None:
        self.spans: list[LabeledSpan] = []
        self._place = place
        self._faults = faults
        self._open: list[tuple[str, int, Line]] = []  # label, first token, line of the names not yet closed
        self._sentence: list[tuple[LabeledSpan, Line]] = []

    def add(self, cell: str, token: int, line: Line) -> None:
        """Read the brackets of one token.

        cell (str): The brackets.
        token (int): Offset of the token in the document.
        line (Line): Where it stands.
        """
        if cell == "*":
            return
        if not _CELL.fullmatch(cell):
            self._skip(
                line, f"expected name brackets such as (ORG*, *) or (GPE), found {cell!r}", "Correct the column."
            )
            return
        for match in _PIECE.finditer(cell):
            if match.group(1):
                self._open.append((match.group(1), token, line))
            elif self._open:
                label, start, opened = self._open.pop()
                self._sentence.append((LabeledSpan(start, token + 1, label), opened))
            else:
                self._skip(line, f"{cell!r} closes a name that was not opened", "Open it, as in (ORG*.")

    def end_sentence(self) -> None:
        """Report the names left open; none goes beyond its sentence."""
        for label, _, line in self._open:
            self._skip(line, f"({label} opens a name that is not closed in its sentence", "Close it, as in *).")
        self._open.clear()
        for span, line in sorted(self._sentence, key=lambda pair: (pair[0].start, -pair[0].end)):
            if self.spans and span.start < self.spans[-1].end:
                self._skip(line, f"a name {span.label} lies in a name {self.spans[-1].label}", "Names never overlap.")
            else:
                self.spans.append(span)
        self._sentence.clear()

    def _skip(self, line: Line, what: str, remedy: str) -> None:
        self._faults.skip(self._place._replace(line=line.number), what, unit="name", remedy=remedy)
