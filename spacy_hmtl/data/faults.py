"""What is wrong in a corpus file: each fault with its place, its effect and its remedy."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ..errors import Errors


class Place(NamedTuple):
    """Where something stands: file, line (from 1; 0 for the file as a whole), document id ("" if unknown)."""

    path: Path
    line: int = 0
    document: str = ""

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else str(self.path)
        return f"{where} (document {self.document})" if self.document else where


class Fault(NamedTuple):
    """Something that could not be converted.

    what: what was expected and what was found.
    remedy: what to do about it, a sentence with its full stop.
    unit: what was left out because of it: "name", "mention", "relation", "sentence", "document".
    """

    place: Place
    what: str
    remedy: str
    unit: str

    def __str__(self) -> str:
        return f"{Errors.H103.format(where=self.place, fault=self.what)}. {self.remedy} Skipped: the {self.unit}."


class Note(NamedTuple):
    """Something unusual that lost nothing: it was repaired, or kept as it is. `kind` is counted in reports."""

    place: Place
    kind: str


class ConversionError(ValueError):
    """A conversion that was given up; `log` holds the faults found until then."""

    def __init__(self, message: str, log: FaultLog | None = None) -> None:
        super().__init__(message)
        self.log = log or FaultLog()


@dataclass
class FaultLog:
    """The faults and notes of one conversion, in the order in which they were found.

    strict: stop at the first fault instead of listing it. Notes never stop.
    reading: the file that is being read, where there are several.
    """

    strict: bool = False
    faults: list[Fault] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    reading: Path | None = None

    def skip(self, place: Place, what: str, *, unit: str, remedy: str) -> None:
        """Report that a unit is left out.

        place (Place): Where the fault stands.
        what (str): What was expected and found, without a full stop.
        unit (str): What is left out, such as "mention" or "document".
        remedy (str): What to do, with a full stop.
        RAISES (ConversionError): H103, if the log is strict.
        """
        fault = Fault(place, what, remedy, unit)
        self.faults.append(fault)
        if self.strict:
            raise ConversionError(f"{Errors.H103.format(where=place, fault=what)}. {remedy}", self)

    def note(self, place: Place, kind: str) -> None:
        """Report something unusual that was repaired or kept.

        place (Place): Where it stands.
        kind (str): What it is, in words fit for a count ("spans that begin with I-, kept").
        """
        self.notes.append(Note(place, kind))

    def n_skipped(self) -> Counter[str]:
        """Count the units that were left out, by unit."""
        return Counter(fault.unit for fault in self.faults)

    def n_noted(self) -> Counter[str]:
        """Count the notes, by kind."""
        return Counter(note.kind for note in self.notes)
