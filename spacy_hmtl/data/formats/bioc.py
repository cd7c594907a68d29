"""BioC in XML and in JSON: passages with mentions and relations (BioRED, BC5CDR, PubTator 3 ...).

Annotations have an infon `type` and the offsets of their pieces in the document; relations
name two annotations as nodes, or two concepts (`entity1` and `entity2`, `Chemical` and `Disease`, `role1` and `role2`).
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ...annotations import AnnotatedDocument
from ...errors import Errors
from ..faults import ConversionError, FaultLog, Place
from ..reading.bioc_tree import Annotation, BiocDocument, BiocRelation, read_bioc
from ..reading.concepts import Concepts, drop_empty_links
from ..reading.json_records import note_unread
from ..reading.offsets import CHARACTERS, Convention, Offsets, find_convention
from ..reading.standoff import CharSpan, Link, Standoff
from ..reading.standoff_build import build_all

BREAK = "\n"  # between passages
IN_PASSAGE = "annotations whose offsets count in their passage, converted"
DISCONTINUOUS = ("skip", "hull", "first")
TAKEN = {
    "hull": "discontinuous mentions, taken as the whole stretch",
    "first": "discontinuous mentions, of which the first piece was taken",
}
_TYPES = ("type", "Type", "class", "category", "label", "entity_type", "relation", "relation type", "semantic_type")
_NO_CONCEPTS = {*_TYPES, "score", "updated_at", "annotator", "name", "text", "biotype", "valid"}
_TAILS = frozenset(("object", "tail", "target", "arg2", "to"))
_HEADS = frozenset(("subject", "head", "source", "arg1", "from"))


class _Placed(NamedTuple):
    """An annotation in its passage. start: of the passage, in the text of the document."""

    annotation: Annotation
    text: str
    offset: int
    start: int


def read(
    path: Path,
    *,
    faults: FaultLog,
    ids: Container[str] | None = None,
    names: bool = True,
    tokenizer: str = "en",
    discontinuous: str = "skip",
) -> Iterator[AnnotatedDocument]:
    """Read a file of BioC.

    A relation between concepts is written once, between the two mentions of them that are
    nearest to each other. There are no clusters: see `pubtator`.

    path (Path): The file.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only.
    names (bool): Take the annotations as names too; of nested ones the outermost.
    tokenizer (str): A language of spaCy or "whitespace".
    discontinuous (str): Of an annotation in several pieces take the "hull" or the "first" one, or "skip" it.
    YIELDS (AnnotatedDocument): The documents, with `mentions` and `entities`, and `relations` if the file has some.
    RAISES (ConversionError): H102, if the file is of another format; H130; H140.
    """
    if discontinuous not in DISCONTINUOUS:
        known = ", ".join(DISCONTINUOUS)
        raise ConversionError(Errors.H130.format(name="--discontinuous", known=known, value=discontinuous), faults)
    sources: list[tuple[BiocDocument, Standoff, list[_Placed]]] = []
    for number, source in enumerate(read_bioc(path, faults), start=1):
        name = source.id or f"{path.stem}-{number}"
        if ids is None or name in ids:
            document = Standoff(Place(path, source.line, name), "", [])
            for keys, fields in source.unread:
                note_unread(fields, keys, document.place, faults)
            sources.append((source, document, _lay_out(source, document, faults)))
    in_passage, convention = _convention([item for _, _, placed in sources for item in placed])
    for source, document, placed in sources:
        spans = [_span(item, in_passage, convention, discontinuous, document, faults) for item in placed]
        document.spans = [span for span in spans if span is not None]
        _add_relations(source, document, placed, faults)
    documents = [document for _, document, _ in sources]
    drop_empty_links(documents)
    yield from build_all(documents, names, tokenizer, faults)


def _lay_out(source: BiocDocument, document: Standoff, faults: FaultLog) -> list[_Placed]:
    """Put the passages one after the other, and each annotation into its passage."""
    placed: list[_Placed] = []
    waiting = list(source.annotations)
    for passage in source.passages:
        start = len(document.text) + len(BREAK) if document.text else 0
        document.text += (BREAK if document.text else "") + passage.text
        end = passage.offset + len(passage.text)
        inside = [one for one in waiting if passage.offset <= one.locations[0][0] < end]
        waiting = [one for one in waiting if one not in inside]
        placed += [_Placed(one, passage.text, passage.offset, start) for one in [*passage.annotations, *inside]]
    remedy = "Offsets count characters of the document, from 0."
    for what in [*source.faults, *(f"the annotation {one.id!r} lies in no passage" for one in waiting)]:
        faults.skip(document.place, what, unit="mention", remedy=remedy)
    return placed


def _convention(placed: Sequence[_Placed]) -> tuple[bool, Convention]:
    """Whether offsets count in the passage, and what they count, as the texts of the annotations show."""

    def offsets(in_passage: bool) -> list[Offsets]:
        found = []
        for one in placed:
            offset, length = one.annotation.locations[0]
            start = offset - (0 if in_passage else one.offset)
            covered = one.annotation.text if len(one.annotation.locations) == 1 else None
            found.append(Offsets(one.text, start, start + length, covered))
        return found

    def n_fitting(spans: Sequence[Offsets]) -> int:
        return sum(s.covered is not None and s.start >= 0 and s.text[s.start : s.end] == s.covered for s in spans)

    inside, outside = offsets(True), offsets(False)
    in_passage = n_fitting(inside) > n_fitting(outside)
    return in_passage, find_convention(inside if in_passage else outside)


def _span(
    item: _Placed, in_passage: bool, convention: Convention, discontinuous: str, document: Standoff, faults: FaultLog
) -> CharSpan | None:
    """Place an annotation in the document."""
    annotation, place = item.annotation, document.place._replace(line=item.annotation.line)
    label = next((annotation.infons[key] for key in _TYPES if annotation.infons.get(key)), "")
    pieces: list[tuple[int, int]] = []
    for offset, length in sorted(annotation.locations):
        first = offset - (0 if in_passage else item.offset)
        start, end = convention.convert(item.text, first, first + length)
        pieces.append((start, end))
    if in_passage and item.offset:
        faults.note(place, IN_PASSAGE)
    if convention is not CHARACTERS:
        faults.note(place, convention.about)
    joined = _join(pieces, item.text)
    fault = ""
    if len(joined) > 1 and discontinuous == "skip":
        fault = f"the annotation {annotation.id!r} has {len(joined)} pieces"
        remedy = "Use --discontinuous hull for the whole stretch, or --discontinuous first for the first piece."
        faults.skip(place, fault, unit="mention", remedy=remedy)
        return None
    if not label:
        what = f"the annotation {annotation.id!r} has no infon type"
        faults.skip(place, what, unit="mention", remedy="Give it a type.")
        return None
    if len(joined) > 1:
        faults.note(place, TAKEN[discontinuous])
    start, end = joined[0] if discontinuous == "first" else (joined[0][0], joined[-1][1])
    covered = annotation.text if len(joined) == 1 else None
    return CharSpan(annotation.id, item.start + start, item.start + end, label, annotation.line, covered)


def _join(pieces: Sequence[tuple[int, int]], text: str) -> list[tuple[int, int]]:
    """Join pieces with nothing but white space between them."""
    joined = [pieces[0]]
    for start, end in pieces[1:]:
        if not text[joined[-1][1] : start].strip():
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _add_relations(source: BiocDocument, document: Standoff, placed: Sequence[_Placed], faults: FaultLog) -> None:
    """Read the relations between annotations, and those between concepts."""
    concepts = Concepts(document, faults)
    by_id = {span.id: span for span in document.spans}
    for item in placed:
        infons = item.annotation.infons
        for key, value in infons.items():
            # Whatever a corpus calls them: identifiers have digits.
            if key not in _NO_CONCEPTS and any(map(str.isdigit, value)) and item.annotation.id in by_id:
                concepts.add(value, by_id[item.annotation.id])
    document.links = []
    for relation in source.relations:
        label = next((relation.infons[key] for key in _TYPES if relation.infons.get(key)), "")
        nodes = _ordered(relation.nodes)
        named = [value for key, value in relation.infons.items() if value != label and concepts.has(value)]
        what = ""
        if not label:
            what = "it has no infon type"
        elif len(nodes) == 2:
            document.links.append(Link(nodes[0], label, nodes[1], relation.line))
        elif not nodes and len(named) == 2:
            concepts.relate(named[0], label, named[1], relation.line)
        else:
            what = f"expected two arguments, found {len(nodes) or len(named)}"
        if what:
            place = document.place._replace(line=relation.line)
            remedy = "Give it a type, and two annotations or concepts of the document."
            faults.skip(place, f"in the relation {_shown(relation)} {what}", unit="relation", remedy=remedy)


def _shown(relation: BiocRelation) -> str:
    return repr(relation.id or relation.infons)


def _ordered(nodes: Sequence[tuple[str, str]]) -> list[str]:
    """The arguments of a relation, its head first: as their roles say, or in the order of the file."""
    roles = [role.lower() for _, role in nodes]
    numbered = all(role[-1:].isdigit() for role in roles)
    is_turned = len(nodes) == 2 and (
        (numbered and roles[0] > roles[1]) or (roles[0] in _TAILS and (roles[1] in _HEADS or roles[1] not in _TAILS))
    )
    refids = [refid for refid, _ in nodes]
    return refids[::-1] if is_turned else refids
