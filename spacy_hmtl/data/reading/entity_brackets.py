"""Brackets of `Entity=` (GUM, CorefUD): `(ID-type-...`, `ID)`, `(ID-type-...)`, written one after the other."""

from __future__ import annotations

import re
from typing import NamedTuple

from ...annotations.layers import make_clusters
from ...types import Cluster, LabeledSpan, MentionSpan
from ..faults import FaultLog, Place
from .brackets import CROSSING, crossing_pairs, document_order
from .lines import Line

UNTYPED = "mention"
UNTYPED_NOTE = f"mentions without a type, called {UNTYPED!r}"
_IDS = ("GRP", "eid")
_TYPES = ("etype", "entity")
_BRACKETS = re.compile(r"(?:\([^()]+\)?|[^()]+\))+")
_BRACKET = re.compile(r"\(([^()]+)(\))?|([^()]+)\)")
_PART = re.compile(r"(.+)\[(\d+)/(\d+)\]$")


class _Open(NamedTuple):
    """A mention not closed yet: its first token and its type ("" if it has none)."""

    start: int
    label: str
    line: Line


class EntityReader:
    """Collects the mentions of one document, token by token.

    fields (str): The order of the fields, as in `# global.Entity = GRP-etype-infstat`;
        if "", the id is first and the type second.

    A closing bracket belongs to the last open one of its entity. A mention on an
    empty node alone, and one in several pieces, cannot stand on a Doc: both are faults.
    """

    def __init__(self, place: Place, faults: FaultLog, fields: str) -> None:
        names = fields.split("-") if fields else ["GRP", "etype"]
        self._id_at = next((i for i, name in enumerate(names) if name in _IDS), 0)
        self._type_at = next((i for i, name in enumerate(names) if name in _TYPES), len(names))
        self._is_typed = self._type_at < len(names)
        self._is_declared = bool(fields)
        self._place = place
        self._faults = faults
        self._open: dict[str, list[_Open]] = {}
        self._clusters: dict[str, list[MentionSpan]] = {}
        self._labels: dict[MentionSpan, tuple[str, Line]] = {}

    def add(self, brackets: str, token: int, line: Line, *, is_empty: bool) -> None:
        """Read the brackets of one row.

        brackets (str): The value of `Entity=`.
        token (int): Offset of the row's token; of the next token, if the row is an empty node.
        line (Line): Where it stands.
        is_empty (bool): Whether the row is an empty node.
        """
        if not _BRACKETS.fullmatch(brackets):
            what = f"expected mention brackets such as (3-person, 3) or (3), found {brackets!r}"
            self._skip(line, what, "Correct Entity= in the last column.")
            return
        for match in _BRACKET.finditer(brackets):
            opening, closes, closing = match.groups()
            values = (opening or closing).split("-")
            entity = values[self._id_at] if self._id_at < len(values) else values[0]
            if opening:
                label = values[self._type_at] if self._type_at < len(values) else ""
                self._open.setdefault(entity, []).append(_Open(token, label, line))
            if closes or closing:
                self._close(entity, token + (not is_empty), line)

    def end_sentence(self) -> None:
        """Report the mentions left open; none goes beyond its sentence."""
        for entity, opened in self._open.items():
            for mention in opened:
                what = f"({entity} opens a mention that is not closed in its sentence"
                self._skip(mention.line, what, f"Close it with {entity}).")
        self._open.clear()

    def finish(self) -> tuple[list[LabeledSpan] | None, list[Cluster] | None]:
        """The mentions (None if they have no types) and the clusters (None if there is no sign of annotation)."""
        if not self._clusters and not self._is_declared:
            return None, None
        for first, second in crossing_pairs(list(self._labels)):
            _, line = self._labels[max(first, second)]
            self._faults.note(self._place._replace(line=line.number), CROSSING)
        return self._mentions(), make_clusters(self._clusters.values())

    def _mentions(self) -> list[LabeledSpan] | None:
        if not self._is_typed or (self._labels and not any(label for label, _ in self._labels.values())):
            return None
        for label, line in self._labels.values():
            if not label:
                self._faults.note(self._place._replace(line=line.number), UNTYPED_NOTE)
        spans = (LabeledSpan(*span, label or UNTYPED) for span, (label, _) in self._labels.items())
        return sorted(spans, key=lambda span: document_order(span[:2]))

    def _close(self, entity: str, end: int, line: Line) -> None:
        if not self._open.get(entity):
            self._skip(line, f"{entity}) closes a mention that was not opened", f"Open it with ({entity}.")
            return
        start, label, opened = self._open[entity].pop()
        part = _PART.match(entity)
        span = start, end
        if part:
            if part.group(2) == "1":
                what = f"the mention of {part.group(1)} that begins here is in {part.group(3)} pieces; a span has one"
                self._skip(opened, what, "Leave it out, or join the pieces.")
        elif start == end:
            self._skip(line, f"the mention of {entity} is an empty node; a Doc has no such token", "Leave it out.")
        elif span in self._labels:
            what = f"a second mention ends here with the same extent (entity {entity})"
            self._skip(line, what, "Keep one of them.")
        else:
            self._labels[span] = label, opened
            self._clusters.setdefault(entity, []).append(span)

    def _skip(self, line: Line, what: str, remedy: str) -> None:
        self._faults.skip(self._place._replace(line=line.number), what, unit="mention", remedy=remedy)
