"""BioC in XML and in JSON to one tree of plain values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import Errors
from ..faults import ConversionError, FaultLog
from .json_records import JsonObject, excerpt, read_values
from .safe_xml import Element, XmlFault, read_xml

# Keys that are read, and those that hold no annotation; "line" is ours. PubTator 3 writes its relations twice.
_OF_DOCUMENT = frozenset(
    ("id", "infons", "passages", "annotations", "relations", "line", "pmid", "pmcid", "meta", "created", "accessions")
) | {"journal", "year", "authors", "relations_display"}
_OF_PASSAGE = frozenset(("offset", "text", "infons", "sentences", "annotations", "relations", "line"))
_OF_ANNOTATION = frozenset(("id", "infons", "locations", "text", "line"))
_OF_RELATION = frozenset(("id", "infons", "nodes", "line"))


@dataclass
class Annotation:
    """A mention. locations: (offset, length) of its pieces, in characters of the document."""

    id: str
    infons: dict[str, str]
    locations: list[tuple[int, int]]
    text: str | None
    line: int


@dataclass
class BiocRelation:
    """A relation. nodes: (refid, role)."""

    id: str
    infons: dict[str, str]
    nodes: list[tuple[str, str]]
    line: int


@dataclass
class Passage:
    """A passage or a sentence: its text and what is annotated in it."""

    offset: int
    text: str
    annotations: list[Annotation] = field(default_factory=list)


@dataclass
class BiocDocument:
    """A document.

    annotations: those that stand in no passage.
    faults: parts that could not be read, for messages.
    unread: the objects that may have keys which are not read, each after those that are known.
    """

    id: str
    line: int
    passages: list[Passage]
    annotations: list[Annotation]
    relations: list[BiocRelation]
    faults: list[str]
    unread: list[tuple[frozenset[str], JsonObject]] = field(default_factory=list)


def read_bioc(path: Path, faults: FaultLog) -> Iterator[BiocDocument]:
    """Read a collection, in XML or in JSON.

    path (Path): The file.
    faults (FaultLog): Takes what is wrong with lines of JSON.
    YIELDS (BiocDocument): The documents.
    RAISES (ConversionError): H101; H102, if the file is no BioC.
    """
    if not path.is_file():
        raise ConversionError(Errors.H101.format(path=path), faults)
    with path.open("rb") as file:
        start = file.read(512).removeprefix(b"\xef\xbb\xbf").lstrip()
    found = _from_xml(path, faults) if start.startswith(b"<") else _from_json(path, faults)
    yield from (_make_document(fields) for fields in found)


def _from_xml(path: Path, faults: FaultLog) -> Iterator[JsonObject]:
    """The documents of an XML file, laid out as in JSON."""
    root = read_xml(path)
    if isinstance(root, XmlFault):
        where = f"{root.what} in line {root.line}"
        raise ConversionError(Errors.H102.format(path=path, format="bioc", reason=where), faults)
    documents = [root] if root.tag == "document" else list(root.find_all("document"))
    if root.tag not in ("collection", "document") or not documents:
        reason = f"expected <collection> with <document>, found <{root.tag}>"
        raise ConversionError(Errors.H102.format(path=path, format="bioc", reason=reason), faults)
    yield from map(_element, documents)


def _element(element: Element) -> JsonObject:
    """An element of BioC XML as the object that BioC JSON has for it."""
    fields: JsonObject = {**element.attributes, "line": element.line, "infons": {}}
    for child in element.children:
        if child.tag == "infon":
            fields["infons"][child.attributes.get("key", "")] = child.text
        elif child.children or child.tag in ("annotation", "relation", "location", "node", "passage", "sentence"):
            fields.setdefault(f"{child.tag}s", []).append(_element(child))
        else:
            fields[child.tag] = child.text
    return fields


def _from_json(path: Path, faults: FaultLog) -> Iterator[JsonObject]:
    """The documents of a JSON file: a collection, a list of documents, or one per line."""
    is_first = True
    for line, value in read_values(path, "bioc", faults):
        documents = value.get("documents", value.get("PubTator3")) if isinstance(value, dict) else None
        for item in documents if isinstance(documents, list) else [value]:
            if not isinstance(item, dict) or not isinstance(item.get("passages"), list):
                if is_first:
                    reason = f"expected `documents` with `passages`, found {excerpt(item)} in line {line}"
                    raise ConversionError(Errors.H102.format(path=path, format="bioc", reason=reason), faults)
                item = {"id": "", "passages": []}
            is_first = False
            yield {"line": line, **item}


def _make_document(fields: JsonObject) -> BiocDocument:
    line = _whole(fields.get("line")) or 0
    document = BiocDocument(str(fields.get("id", "")).strip(), line, [], [], [], [], [(_OF_DOCUMENT, fields)])
    for passage in _objects(fields, "passages"):
        # A passage has a text of its own, or sentences that have theirs.
        for part in [passage, *_objects(passage, "sentences")]:
            offset, text = _whole(part.get("offset", passage.get("offset"))), part.get("text")
            rows = [_annotation(row, line) for row in _objects(part, "annotations")]
            document.faults += [row for row in rows if isinstance(row, str)]
            found = [row for row in rows if isinstance(row, Annotation)]
            if isinstance(text, str) and text and offset is not None:
                document.passages.append(Passage(offset, text, found))
            else:
                document.annotations += found
            document.relations += [_relation(row, line) for row in _objects(part, "relations")]
            document.unread.append((_OF_PASSAGE, part))
            document.unread += [(_OF_ANNOTATION, row) for row in _objects(part, "annotations")]
            document.unread += [(_OF_RELATION, row) for row in _objects(part, "relations")]
    for row in _objects(fields, "annotations"):
        annotation = _annotation(row, line)
        if isinstance(annotation, str):
            document.faults.append(annotation)
        else:
            document.annotations.append(annotation)
    document.relations += [_relation(row, line) for row in _objects(fields, "relations")]
    document.unread += [(_OF_RELATION, row) for row in _objects(fields, "relations")]
    return document


def _annotation(row: JsonObject, line: int) -> Annotation | str:
    pairs = [(_whole(place.get("offset")), _whole(place.get("length"))) for place in _objects(row, "locations")]
    locations = [(offset, length) for offset, length in pairs if offset is not None and length is not None]
    if not locations or len(locations) < len(pairs):
        return f"the annotation {row.get('id', '')!r} has no offset and length"
    text = row.get("text")
    where = _whole(row.get("line")) or line
    return Annotation(str(row.get("id", "")), _infons(row), locations, text if isinstance(text, str) else None, where)


def _relation(row: JsonObject, line: int) -> BiocRelation:
    nodes = [(str(node.get("refid", "")), str(node.get("role", ""))) for node in _objects(row, "nodes")]
    return BiocRelation(str(row.get("id", "")), _infons(row), nodes, _whole(row.get("line")) or line)


def _infons(row: JsonObject) -> dict[str, str]:
    infons = row.get("infons")
    if not isinstance(infons, dict):
        return {}
    texts: dict[str, str] = {}
    for key, value in infons.items():
        if isinstance(value, dict):  # PubTator 3: an argument with its identifier
            value = next((value[k] for k in ("identifier", "accession", "id") if value.get(k) is not None), None)
        if isinstance(value, (str, int, float)):
            texts[key] = str(value).strip()
    return texts


def _objects(fields: JsonObject, key: str) -> list[JsonObject]:
    rows: Any = fields.get(key)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _whole(value: Any) -> int | None:
    if type(value) is int:
        return value
    return int(value) if isinstance(value, str) and value.strip().isdigit() else None
