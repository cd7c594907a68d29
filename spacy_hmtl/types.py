"""Plain-Python shapes of annotation, shared by every room of the package.

Offsets are token offsets, end exclusive, counted in the whole document.
"""

from __future__ import annotations

from typing import NamedTuple

# Where a span begins and ends: (start, end).
MentionSpan = tuple[int, int]


class LabeledSpan(NamedTuple):
    """A name or a mention: tokens start to end (exclusive), its type, its confidence in [0, 1]."""

    start: int
    end: int
    label: str = ""
    score: float = 1.0


class Triple(NamedTuple):
    """A directed relation between two spans; `score` is its confidence in [0, 1]."""

    head: LabeledSpan
    label: str
    tail: LabeledSpan
    score: float = 1.0


# The mentions of one cluster, in document order. They have no label; their scores are those of their links.
Cluster = list[LabeledSpan]
