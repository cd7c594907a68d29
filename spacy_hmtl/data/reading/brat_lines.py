"""The lines of brat's `.ann` files: spans, relations, groups and events."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..faults import FaultLog, Place
from .lines import Line
from .standoff import Link

ARGUMENTS = "events with arguments, of which the trigger is read only (see --event-arguments)"
UNREAD = {
    "A": "attributes (A), not read",
    "M": "attributes (M), not read",
    "N": "normalizations (N), not read",
    "#": "notes (#), not read",
}
NO_LABEL = "_"  # what our export writes for a span without a type: brat needs one
LINE = re.compile(r"([TREAMN#]\d\S*|\*|#)\t")
_SPAN = re.compile(r"(T\d\S*)\t(.+?)[ \t](-?\d+[ \t]-?\d+(?:;-?\d+[ \t]-?\d+)*)(?:\t(.*))?")
_GROUP = re.compile(r"\*\t(\S+)((?:\s+\S+)*)\s*")
_LAYER = re.compile(r"A\d+\tLayer (T\d+) (name|mention|both|argument)")
_ARGUMENT = re.compile(r"([^\s:]+):(\S+)")
_FORMS = "T1<tab>LABEL 0 5<tab>text, R1<tab>LABEL Arg1:T1 Arg2:T2 or *<tab>Equiv T1 T2"


class SpanRow(NamedTuple):
    """A T line: its fragments are (start, end) in characters of the file; what follows them, or None."""

    id: str
    label: str
    fragments: list[tuple[int, int]]
    text: str | None
    line: int


class _Event(NamedTuple):
    """An E line: its trigger, and (role, id) of each argument."""

    trigger: str
    arguments: list[tuple[str, str]]
    line: int


@dataclass
class Annotation:
    """What the lines of a file say.

    levels: by id of a span the value of the attribute `Layer` of our own export.
    triggers: ids of the spans that are triggers of events.
    """

    spans: list[SpanRow] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    groups: list[tuple[list[str], int]] = field(default_factory=list)
    levels: dict[str, str] = field(default_factory=dict)
    triggers: set[str] = field(default_factory=set)


def read_annotation(rows: Sequence[Line], place: Place, event_arguments: bool, faults: FaultLog) -> Annotation:
    """Read the lines of a file.

    rows (Sequence[Line]): The lines that are not empty.
    place (Place): The document.
    event_arguments (bool): Make a relation of each argument of an event, from its trigger.
    faults (FaultLog): Takes what is wrong, and notes of what is not read.
    RETURNS (Annotation): What they say; an event that is an argument or in a group is its trigger.
    """
    annotation, events = Annotation(), dict[str, _Event]()
    for row in rows:
        what = _read_row(row, annotation, events)
        if what:
            unit = {"T": "mention", "R": "relation", "*": "group", "E": "event"}.get(row.text[:1], "line")
            faults.skip(place._replace(line=row.number), what, unit=unit, remedy="Correct the line.")
        elif row.text[0] in UNREAD and not _LAYER.fullmatch(row.text):
            faults.note(place._replace(line=row.number), UNREAD[row.text[0]])
    for event in events.values():
        annotation.triggers.add(event.trigger)
        if event_arguments:
            annotation.links += [Link(event.trigger, role, id, event.line) for role, id in event.arguments]
        elif event.arguments:
            faults.note(place._replace(line=event.line), ARGUMENTS)
    _resolve(annotation, {id: event.trigger for id, event in events.items()}, place, faults)
    return annotation


def _read_row(row: Line, annotation: Annotation, events: dict[str, _Event]) -> str:
    """Read a line; return what is wrong with it, or ""."""
    kind = row.text[0] if LINE.match(row.text) else ""
    if kind == "T" and (match := _SPAN.fullmatch(row.text)):
        pairs = [pair.split() for pair in match[3].split(";")]
        fragments = sorted((int(start), int(end)) for start, end in pairs)
        annotation.spans.append(SpanRow(match[1], _label(match[2]), fragments, match[4], row.number))
    elif kind == "*" and (match := _GROUP.fullmatch(row.text)):
        annotation.groups.append((match[2].split(), row.number))
    elif kind and kind in "RE":
        return _read_link(row, annotation, events)
    elif match := _LAYER.fullmatch(row.text):
        annotation.levels[match[1]] = match[2]
    elif kind not in UNREAD:
        return f"expected {_FORMS}, found {row.text[:60]!r}"
    return ""


def _read_link(row: Line, annotation: Annotation, events: dict[str, _Event]) -> str:
    """Read a relation or an event; return what is wrong with it, or ""."""
    id, _, rest = row.text.partition("\t")
    parts = rest.split()
    # The label of a relation stands before the first ROLE:ID; that of an event is the first ROLE.
    n_words = next((i for i, part in enumerate(parts) if _ARGUMENT.fullmatch(part) and (i or id[0] == "E")), len(parts))
    arguments = [_ARGUMENT.fullmatch(part) for part in parts[n_words:]]
    found = [(match[1], match[2]) for match in arguments if match]
    if len(found) < len(arguments) or (id[0] == "R" and not n_words) or (id[0] == "E" and (n_words or not found)):
        form = "E1<tab>LABEL:T1 Role:T2" if id[0] == "E" else _FORMS
        return f"expected {form}, found {row.text[:60]!r}"
    if id[0] == "E":
        roles = [(re.sub(r"(?<=\D)\d+$", "", role), argument) for role, argument in found[1:]]  # Theme2: another Theme
        events[id] = _Event(found[0][1], roles, row.number)
        return ""
    if len(found) != 2:
        return f"a relation has two arguments, found {len(found)} in {row.text[:60]!r}"
    if [role.lower() for role, _ in found] == ["arg2", "arg1"]:
        found.reverse()
    label = _label(" ".join(parts[:n_words]))
    annotation.links.append(Link(found[0][1], label, found[1][1], row.number))
    return ""


def _resolve(annotation: Annotation, triggers: dict[str, str], place: Place, faults: FaultLog) -> None:
    """Put the triggers in place of the events in links and groups."""
    links: list[Link] = []
    for link in annotation.links:
        head, tail = triggers.get(link.head, link.head), triggers.get(link.tail, link.tail)
        if head == tail and link.head != link.tail:
            what = f"both arguments of {link.label}, {link.head} and {link.tail}, stand for the span {head}"
            remedy = "A relation needs two spans; two events of one trigger cannot be told apart."
            faults.skip(place._replace(line=link.line), what, unit="relation", remedy=remedy)
            continue
        links.append(link._replace(head=head, tail=tail))
    annotation.links = links
    annotation.groups = [([triggers.get(id, id) for id in ids], line) for ids, line in annotation.groups]


def _label(text: str) -> str:
    return "" if text == NO_LABEL else text
