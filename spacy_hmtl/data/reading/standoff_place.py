"""Offsets of the documents of an annotation tool in characters, whatever they count in its file."""

from __future__ import annotations

from collections.abc import Sequence

from ..faults import FaultLog
from .offsets import CHARACTERS, Offsets, find_convention
from .standoff import Standoff


def place_spans(documents: Sequence[Standoff], faults: FaultLog) -> None:
    """Turn the offsets of all spans of a file into characters, as the texts show what they count.

    documents (Sequence[Standoff]): All its documents; their spans are replaced.
    faults (FaultLog): Takes a note of each span that was converted.
    """
    spans: list[Offsets] = []
    for document in documents:
        tokens = document.tokens
        boundaries = (frozenset(tokens.starts), frozenset(tokens.ends)) if tokens else None
        spans += [Offsets(document.text, span.start, span.end, span.text, boundaries) for span in document.spans]
    convention = find_convention(spans)
    if convention is CHARACTERS:
        return
    for document in documents:
        for number, span in enumerate(document.spans):
            start, end = convention.convert(document.text, span.start, span.end)
            if (start, end) not in ((-1, -1), span[1:3]):
                faults.note(document.place, convention.about)
                document.spans[number] = span._replace(start=start, end=end)
