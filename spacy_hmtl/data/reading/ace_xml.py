"""The stand-off annotation of an ACE document (`.apf.xml`) as plain mentions and relations, in characters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..faults import FaultLog, Place
from .ace_text import CharSpan, SourceText, same_text, trim
from .safe_xml import Element

NO_HEAD = "mentions without a head, whose full extent is taken"
TIME = "TIME"


class AceMention(NamedTuple):
    """A mention in characters of its source.

    entity: id of its entity; "" for values and times, which have none.
    is_name: whether its TYPE is NAM.
    span, head: what is asked for (head or full extent), and the head.
    """

    label: str
    entity: str
    is_name: bool
    span: CharSpan
    head: CharSpan
    place: Place


class AceRelation(NamedTuple):
    """A relation mention; `head` and `tail` are the ids of the mentions that are Arg-1 and Arg-2."""

    type: str
    subtype: str
    head: str
    tail: str
    place: Place


def n_matches(root: Element, source: SourceText) -> int:
    """Count the mentions of entities whose text stands at their offsets in the source.

    root (Element): The element `source_file`.
    source (SourceText): A way to read the source.
    RETURNS (int): How many of the extents fit it.
    """
    charseqs = root.find_all("document", "entity", "entity_mention", "extent", "charseq")
    spans = ((charseq, _offsets(charseq)) for charseq in charseqs)
    return sum(span is not None and same_text(source.text[slice(*span)], charseq.text) for charseq, span in spans)


def _offsets(charseq: Element) -> CharSpan | None:
    """START and END as a span; None if they are no offsets."""
    start, last = (charseq.attributes.get(name, "") for name in ("START", "END"))
    if not all(offset.isascii() and offset.isdecimal() and len(offset) < 12 for offset in (start, last)):
        return None
    return int(start), int(last) + 1


def _excerpt(arguments: dict[str, list[str]]) -> str:
    return ", ".join(f"{role}={'+'.join(ids)}" for role, ids in sorted(arguments.items())) or "no arguments"


class AceReader:
    """Reads the annotation of one document.

    source (SourceText): The text the offsets count in.
    extent (str): "head" or "full".
    """

    def __init__(self, place: Place, faults: FaultLog, source: SourceText, extent: str) -> None:
        self._place = place
        self._faults = faults
        self._source = source
        self._extent = extent

    def entity_mentions(self, document: Element) -> Iterator[tuple[str, AceMention]]:
        """Yield the mentions of entities with their ids.

        document (Element): The element `document`.
        YIELDS (tuple): The id and the mention.
        """
        for entity in document.find_all("entity"):
            entity_id = entity.attributes.get("ID", f"line {entity.line}")
            label = entity.attributes.get("TYPE", "")
            for mention in entity.find_all("entity_mention"):
                place = self._place._replace(line=mention.line)
                extent = self._char_span(mention, "extent", place)
                if extent is None:
                    continue
                has_head = mention.find("head", "charseq") is not None
                head = self._char_span(mention, "head", place) if has_head else extent
                if head is None:
                    continue
                if not label:
                    self._skip(place, "its entity has no TYPE", "mention", "Add it, such as PER.")
                    continue
                if not has_head:
                    self._faults.note(place, NO_HEAD)
                is_name = mention.attributes.get("TYPE") == "NAM"
                span = head if self._extent == "head" else extent
                yield mention.attributes.get("ID", ""), AceMention(label, entity_id, is_name, span, head, place)

    def other_mentions(self, document: Element, kind: str) -> Iterator[tuple[str, AceMention]]:
        """Yield the mentions of values or times with their ids. They have a full extent only.

        document (Element): The element `document`.
        kind (str): "value" or "timex2".
        YIELDS (tuple): The id and the mention; its label is the value's TYPE, or TIME.
        """
        for element in document.find_all(kind):
            label = TIME if kind == "timex2" else element.attributes.get("TYPE", "VALUE")
            for mention in element.find_all(f"{kind}_mention"):
                place = self._place._replace(line=mention.line)
                span = self._char_span(mention, "extent", place)
                if span is not None:
                    yield mention.attributes.get("ID", ""), AceMention(label, "", False, span, span, place)

    def relations(self, document: Element) -> Iterator[AceRelation]:
        """Yield the relation mentions that have both arguments.

        document (Element): The element `document`.
        YIELDS (AceRelation): The relation; times and the like (other roles) are left aside.
        """
        for relation in document.find_all("relation"):
            for mention in relation.find_all("relation_mention"):
                place = self._place._replace(line=mention.line)
                arguments: dict[str, list[str]] = {}
                for argument in mention.find_all("relation_mention_argument"):
                    role, reference = (argument.attributes.get(name, "") for name in ("ROLE", "REFID"))
                    arguments.setdefault(role, []).append(reference)
                label = relation.attributes.get("TYPE", "")
                heads, tails = arguments.get("Arg-1", []), arguments.get("Arg-2", [])
                if not label or len(heads) != 1 or len(tails) != 1 or not heads[0] or not tails[0]:
                    what = f"expected a TYPE, Arg-1 and Arg-2, once each, found {label!r} and {_excerpt(arguments)}"
                    self._skip(place, what, "relation", "Correct the relation.")
                    continue
                subtype = relation.attributes.get("SUBTYPE", "")
                yield AceRelation(label, subtype, heads[0], tails[0], place)

    def _char_span(self, mention: Element, part: str, place: Place) -> CharSpan | None:
        """The characters of a mention's extent or head; None, with a fault, if they are not to be trusted."""
        charseq = mention.find(part, "charseq")
        if charseq is None:
            self._skip(place, f"the mention has no {part} with a charseq", "mention", "Add it.")
            return None
        place = place._replace(line=charseq.line)
        start, last = (charseq.attributes.get(name, "") for name in ("START", "END"))
        length = len(self._source.text)
        span = _offsets(charseq)
        if span is None:
            what = f"expected START and END in characters, found {start!r} and {last!r}"
            self._skip(place, what, "mention", "Correct the offsets.")
            return None
        if not span[0] < span[1] <= length:
            what = f"the {part} [{start}, {last}] is not in the source, which has the characters 0 to {length - 1}"
            self._skip(place, what, "mention", "Correct the offsets, or take both files from the same release.")
            return None
        found = self._source.text[slice(*span)]
        if not same_text(found, charseq.text) or not found.strip():
            what = f"expected {charseq.text[:60]!r} at the characters {start} to {last}, found {found[:60]!r}"
            self._skip(place, what, "mention", "Correct the offsets, or take both files from the same release.")
            return None
        return trim(self._source.text, span)

    def _skip(self, place: Place, what: str, unit: str, remedy: str) -> None:
        self._faults.skip(place, what, unit=unit, remedy=remedy)
