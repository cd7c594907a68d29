"""Coreference brackets of the CoNLL formats: `(3`, `3)`, `(3)`, joined by `|` or nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...annotations.layers import make_clusters
from ...types import Cluster, MentionSpan
from ..faults import FaultLog, Place
from .lines import Line

CROSSING = "crossing mentions of different clusters, kept"
_BRACKETS = re.compile(r"(?:\(\d+\)|\(\d+|\d+\)|\|)*")
_BRACKET = re.compile(r"(\()?(\d+)(\))?")


def is_brackets(cell: str) -> bool:
    """Whether a cell holds coreference brackets and nothing else."""
    return bool(cell) and _BRACKETS.fullmatch(cell) is not None


class ClusterReader:
    """Collects the mentions of one document, token by token.

    A closing bracket belongs to the last open one of its cluster, so mentions
    of one cluster may nest and cannot cross.
    """

    def __init__(self, place: Place, faults: FaultLog) -> None:
        self._place = place
        self._faults = faults
        self._open: dict[str, list[tuple[int, Line]]] = {}  # cluster -> (start, line) of its open mentions
        self._clusters: dict[str, list[MentionSpan]] = {}
        self._taken: dict[MentionSpan, Line] = {}

    def add(self, column: str, token: int, line: Line) -> None:
        """Read the brackets of one token.

        column (str): The brackets, without a placeholder for none.
        token (int): Offset of the token in the document.
        line (Line): Where it stands.
        """
        if not _BRACKETS.fullmatch(column):
            what = f"expected coreference brackets such as (3, 3) or (3)|(4, found {column!r}"
            self._skip(line, what, "Correct the last column.")
            return
        for match in _BRACKET.finditer(column):
            opens, cluster, closes = match.groups()
            if opens:
                self._open.setdefault(cluster, []).append((token, line))
            if closes and not self._open.get(cluster):
                self._skip(line, f"{cluster}) closes a mention that was not opened", f"Open it with ({cluster}.")
            elif closes:
                start, _ = self._open[cluster].pop()
                self._add_mention(cluster, (start, token + 1), line)

    def end_sentence(self) -> None:
        """Report the mentions left open; none goes beyond its sentence."""
        for cluster, starts in self._open.items():
            for _, line in starts:
                what = f"({cluster} opens a mention that is not closed in its sentence"
                self._skip(line, what, f"Close it with {cluster}).")
        self._open.clear()

    def clusters(self) -> list[Cluster]:
        """The clusters, in order of their first mention, each in document order."""
        self.end_sentence()
        for first, second in crossing_pairs(list(self._taken)):
            line = self._taken[max(first, second)]
            self._faults.note(self._place._replace(line=line.number), CROSSING)
        return make_clusters(self._clusters.values())

    def _add_mention(self, cluster: str, mention: MentionSpan, line: Line) -> None:
        if mention in self._taken:
            self._skip(
                line, f"a second mention ends here with the same extent (cluster {cluster})", "Keep one of them."
            )
            return
        self._taken[mention] = line
        self._clusters.setdefault(cluster, []).append(mention)

    def _skip(self, line: Line, what: str, remedy: str) -> None:
        self._faults.skip(self._place._replace(line=line.number), what, unit="mention", remedy=remedy)


def document_order(mention: MentionSpan) -> tuple[int, int]:
    """Sort key of mentions: by start, the longer first."""
    return mention[0], -mention[1]


def crossing_pairs(spans: Sequence[MentionSpan]) -> list[tuple[MentionSpan, MentionSpan]]:
    """Find the pairs of spans that overlap without one holding the other.

    spans (Sequence[MentionSpan]): Spans in any order.
    RETURNS (list): The pairs, the earlier span first.
    """
    pairs: list[tuple[MentionSpan, MentionSpan]] = []
    active: list[MentionSpan] = []
    for span in sorted(spans):
        active = [other for other in active if other[1] > span[0]]
        pairs += [(other, span) for other in active if other[0] < span[0] and other[1] < span[1]]
        active.append(span)
    return pairs
