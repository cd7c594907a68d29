"""A part of a Doc as a Doc of its own, with its layers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from spacy.tokens import Doc

from ..errors import Errors
from ..types import MentionSpan
from .groups import ENTITIES, get_meta, set_meta
from .layers import Layers, read, write


def slice_doc(doc: Doc, start: int, end: int) -> tuple[Doc, Layers]:
    """Tokens start to end as a new Doc, with every name, mention and relation that lies inside.

    A cluster is kept with its mentions that lie inside, even if it is only one.

    doc (Doc): Left as it is.
    start, end (int): Tokens, end exclusive, 0 <= start <= end <= len(doc).
    RETURNS (Doc, Layers): The part, and what was cut off, with the offsets of `doc`: names and
        mentions that cross a boundary of the part, and relations with only one argument inside.
        What lies wholly outside does not count.
    RAISES (ValueError): H560.
    """
    if not 0 <= start <= end <= len(doc):
        raise ValueError(Errors.H560.format(start=start, end=end, length=len(doc)))
    layers = read(doc)
    (part,) = split_doc(doc, layers, [(start, end)])

    def touches(first: int, last: int) -> MentionSpan | None:
        return (first, last) if max(first, start) < min(last, end) else None

    touching = layers.moved(touches)
    if layers.relations is not None:
        # One argument inside is enough to be missed; both are in `touching` only if both touch.
        arguments = [(relation, (relation.head[:2], relation.tail[:2])) for relation in layers.relations]
        near = [relation for relation, spans in arguments if any(touches(*span) for span in spans)]
        touching = replace(touching, relations=near)
    return part, touching.less(_inside(layers, start, end))


def split_doc(doc: Doc, layers: Layers, parts: Iterable[MentionSpan]) -> Iterator[Doc]:
    """Parts of a Doc as Docs of their own, each with what lies inside.

    layers (Layers): Those of the Doc.
    parts (Iterable): Start and end of each part, in tokens.
    YIELDS (Doc): The parts.
    """
    for start, end in parts:
        part = doc[start:end].as_doc()
        part.has_unknown_spaces = doc.has_unknown_spaces
        write(part, _inside(layers, start, end).shifted(-start), scored_entities=ENTITIES in doc.spans)
        if meta := get_meta(doc):
            if isinstance(meta.get("speakers"), list):
                meta["speakers"] = meta["speakers"][start:end]
            set_meta(part, meta)
        yield part


def _inside(layers: Layers, start: int, end: int) -> Layers:
    return layers.moved(lambda first, last: (first, last) if start <= first and last <= end else None)
