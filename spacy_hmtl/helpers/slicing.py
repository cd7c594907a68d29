"""A part of a Doc as a Doc of its own."""

from __future__ import annotations

from spacy.tokens import Doc

from ..annotations.layers import read
from ..annotations.slicing import slice_doc as cut_out
from ..errors import Errors
from .layers import Dropped, dropped


def slice_doc(doc: Doc, start: int, end: int) -> tuple[Doc, Dropped]:
    """Tokens start to end as a new Doc, with every name, mention and relation that lies inside.

    A cluster is kept with its mentions that lie inside, even if it is only one.

    start, end (int): Tokens, end exclusive, 0 <= start <= end <= len(doc).
    RETURNS (Doc, Dropped): The part, and what was cut off: names and mentions that cross a
        border of the part, and relations with only one argument inside. What lies wholly
        outside does not count.
    RAISES (ValueError): H560.
    """
    if not 0 <= start <= end <= len(doc):
        raise ValueError(Errors.H560.format(start=start, end=end, length=len(doc)))
    part, _ = cut_out(doc, start, end)
    layers = read(doc)

    def touches(first: int, last: int) -> tuple[int, int] | None:
        return (first, last) if max(first, start) < min(last, end) else None

    touching = layers.moved(touches)
    # One argument inside is enough to be missed; both are in `touching` only if both touch.
    touching.relations = [
        r for r in layers.relations or [] if touches(r.head.start, r.head.end) or touches(r.tail.start, r.tail.end)
    ]
    return part, dropped(touching, read(part))
