"""Relations between concepts of a knowledge base, as biomedical corpora have them, to relations between mentions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product

from ..faults import FaultLog
from .standoff import CharSpan, Link, Standoff

# Between the ids of a mention of several concepts.
_SEPARATORS = re.compile(r"[,;|+]")
_NO_CONCEPT = frozenset(("", "-", "-1", "none", "None", "null"))


class Concepts:
    """The mentions of each concept of a document.

    document (Standoff): The document; links are added to it.
    faults (FaultLog): Takes what is wrong.
    """

    def __init__(self, document: Standoff, faults: FaultLog) -> None:
        self._document = document
        self._faults = faults
        self._exact: dict[str, list[CharSpan]] = {}
        self._parts: dict[str, list[CharSpan]] = {}

    def add(self, concept: str, span: CharSpan) -> None:
        """Take a mention.

        concept (str): Its concept, or several with a separator between them; "-1" and the like are none.
        span (CharSpan): The mention.
        """
        if concept.strip() in _NO_CONCEPT:
            return
        self._exact.setdefault(concept.strip(), []).append(span)
        for part in _SEPARATORS.split(concept):
            if part.strip() not in _NO_CONCEPT:
                self._parts.setdefault(part.strip(), []).append(span)

    def has(self, concept: str) -> bool:
        """Whether a concept is mentioned."""
        return bool(self._find(concept))

    def relate(self, head: str, label: str, tail: str, line: int) -> None:
        """Add a relation between the two mentions of its concepts that are nearest to each other.

        head, tail (str): Concepts.
        label (str): The relation.
        line (int): Where it stands.
        """
        pairs = [(a, b) for a, b in product(self._find(head), self._find(tail)) if (a.start, a.end) != (b.start, b.end)]
        if not pairs:
            lacking = [concept for concept in (head, tail) if not self._find(concept)]
            what = f"no mention is of the concept {lacking[0]}" if lacking else "both concepts have one mention only"
            place = self._document.place._replace(line=line)
            what = f"in the relation {label} of {head} and {tail}, {what}"
            self._faults.skip(place, what, unit="relation", remedy="Correct the concepts, or add the mention.")
            return
        first, second = min(pairs, key=_distance)
        self._document.links = [*(self._document.links or []), Link(first.id, label, second.id, line)]

    def _find(self, concept: str) -> Sequence[CharSpan]:
        # "Chemical|MESH:D003920", as PubTator 3 writes an argument.
        names = (concept, concept.partition("|")[2])
        return next((found for name in names for found in (self._exact.get(name), self._parts.get(name)) if found), [])


def _distance(pair: tuple[CharSpan, CharSpan]) -> int:
    """Characters between two spans; less than 0 if they overlap."""
    return max(pair[0].start, pair[1].start) - min(pair[0].end, pair[1].end)


def drop_empty_links(documents: Sequence[Standoff]) -> None:
    """Where no document of a file has a relation, relations are not annotated."""
    if not any(document.links for document in documents):
        for document in documents:
            document.links = None
