"""UIMA CAS JSON, as INCEpTION exports it: one document per file, all its layers as feature structures.

Offsets count UTF-16 units, as in Java.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from ...annotations import AnnotatedDocument
from ...errors import Errors
from ..faults import ConversionError, FaultLog, Place
from ..reading.cas_json import SOFA, Structure, is_cas, read_structures
from ..reading.inception_layers import declared_by, is_taken, label_of, short_name
from ..reading.json_records import excerpt, read_values
from ..reading.standoff import CharSpan, CorpusLayers, Link, Standoff
from ..reading.standoff_build import build
from ..reading.tokens import Tokens

NOT_READ = "annotations of the layer {name}, not read"
SLOTS = "slots ({name}), not read"
OTHER_TOKENS = "documents whose tokens overlap or leave out some of the text, which was split anew"
OTHER_VIEW = "annotations of another view than the first, not read"
# The ends of a relation, head first.
_ENDS = (("Governor", "Dependent"), ("governor", "dependent"), ("source", "target"), ("from", "to"), ("head", "tail"))
_TOKEN, _SENTENCE = ".segmentation.type.Token", ".segmentation.type.Sentence"


def read(
    path: Path,
    *,
    faults: FaultLog,
    ids: Container[str] | None = None,
    names: bool = True,
    tokenizer: str = "en",
) -> Iterator[AnnotatedDocument]:
    """Read a document in UIMA CAS JSON.

    Custom layers of spans and the one for named entities are mentions; layers of morphology and
    syntax are not read. A layer of which the file has no annotation is not annotated.

    path (Path): The file.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only. The id is the file's name without suffix, after
        that of its folder and a slash where the folder is named like a document ("a.txt").
    names (bool): Take the spans as names too; of nested ones the outermost.
    tokenizer (str): A language of spaCy or "whitespace", where the file has no tokens.
    YIELDS (AnnotatedDocument): The document, with `mentions` and `entities`, `relations` and `clusters`.
    RAISES (ConversionError): H102, if the file is of another format; H140.
    """
    name = f"{path.parent.name}/{path.stem}" if "." in path.parent.name.strip(".") else path.stem
    if ids is not None and name not in ids:
        return
    for line, value in read_values(path, "cas", faults):
        if not is_cas(value):
            shown = list(value) if isinstance(value, dict) else value
            reason = f"expected an object with %FEATURE_STRUCTURES, found {excerpt(shown)} in line {line}"
            raise ConversionError(Errors.H102.format(path=path, format="cas", reason=reason), faults)
        document = _read_document(read_structures(value), names, Place(path, line, name), faults)
        made = build(document, CorpusLayers(True, True, names), tokenizer, faults) if document else None
        if made is not None:
            yield made


def _read_document(structures: Sequence[Structure], names: bool, place: Place, faults: FaultLog) -> Standoff | None:
    """Read a CAS; None, with a fault, if it has no text."""
    sofas = [row for row in structures if row.type == SOFA and isinstance(row.features.get("sofaString"), str)]
    if not sofas:
        what = "the file has no text (sofaString)"
        faults.skip(place, what, unit="document", remedy="Export the document again, with its text.")
        return None
    sofa = next((row for row in sofas if row.features.get("sofaID") == "_InitialView"), sofas[0])
    text: str = sofa.features["sofaString"]
    rows = [row for row in structures if not sofa.id or row.references.get("sofa", sofa.id) in (sofa.id, "1")]
    units = _units(text)
    document = Standoff(place, text, [], tokens=_tokens(rows, text, units, place, faults), layers=[])
    for _ in range(len(structures) - len(rows)):
        faults.note(place, OTHER_VIEW)
    reader = _Reader(document, {row.id: row for row in structures if row.id}, units, names, faults)
    for row in rows:
        reader.add(row)
    reader.add_chains(rows)
    return document


def _units(text: str) -> list[int]:
    """For each offset in UTF-16 units the offset in characters."""
    places: list[int] = []
    for i, character in enumerate(text):
        places += [i] * (2 if ord(character) > 0xFFFF else 1)
    return [*places, len(text)]


def _tokens(
    rows: Sequence[Structure], text: str, units: Sequence[int], place: Place, faults: FaultLog
) -> Tokens | None:
    """The tokens and sentences of a CAS; None if it has none, or, with a note, if they are not all of the text."""
    found = sorted(filter(None, (_extent(row, units) for row in rows if row.type.endswith(_TOKEN))))
    kept = [(start, end) for start, end in found if text[start:end].strip() and start < end]
    if not kept:
        return None
    between = "".join(
        text[end:start] for end, start in zip([0, *(end for _, end in kept)], [*(s for s, _ in kept), len(text)])
    )
    if between.strip() or any(second[0] < first[1] for first, second in pairwise(kept)):
        faults.note(place, OTHER_TOKENS)  # text outside the tokens would be lost
        return None
    firsts = sorted(filter(None, (_extent(row, units) for row in rows if row.type.endswith(_SENTENCE))))
    starts = [start for start, _ in kept]
    sent_starts = sorted({next((i for i, s in enumerate(starts) if s >= start), 0) for start, _ in firsts} | {0})
    spaces = [text[end : end + 1].isspace() for _, end in kept]
    return Tokens(starts, [end for _, end in kept], spaces, sent_starts if firsts else None)


def _extent(row: Structure, units: Sequence[int]) -> tuple[int, int] | None:
    """Where an annotation stands, in characters; None for a structure that is none, or lies outside the text."""
    begin, end = row.features.get("begin", 0), row.features.get("end")
    if type(begin) is not int or type(end) is not int or not 0 <= begin <= end < len(units):
        return None
    return units[begin], units[end]


class _Reader:
    """Adds the annotations of a document to it."""

    def __init__(
        self,
        document: Standoff,
        by_id: dict[str, Structure],
        units: Sequence[int],
        names: bool,
        faults: FaultLog,
    ) -> None:
        self._document = document
        self._by_id = by_id
        self._in_chains = {id for chain in by_id.values() for id in self._links_of(chain)}
        self._units = units
        self._names = names
        self._faults = faults

    def add(self, row: Structure) -> None:
        """Take an annotation: a span, or a relation between two."""
        place = self._document.place
        if "end" not in row.features and {"role", "target"} <= {*row.features, *row.references}:
            self._faults.note(place, SLOTS.format(name=short_name(row.type)))
        if "end" not in row.features or row.type.endswith((_TOKEN, _SENTENCE)) or row.id in self._in_chains:
            return
        if not is_taken(row.type):
            if not row.type.startswith("uima.") and "metadata" not in row.type:
                self._faults.note(place, NOT_READ.format(name=short_name(row.type)))
            return
        values = {name: _text(value) for name, value in row.features.items() if name not in ("begin", "end")}
        label = label_of(row.type, values)
        ends = self._ends(row)
        if ends is not None:
            head, tail = (self._argument(end) for end in ends)
            link = Link(head, label, tail, place.line)
            self._document.links = [*(self._document.links or []), link]
            self._declare(*declared_by([link]))
            return
        self._declare("mentions", *(["entities"] if self._names else []))
        self._document.spans.append(self._span(row, label, ""))

    def _ends(self, row: Structure) -> tuple[str, str] | None:
        """Ids of head and tail of a relation, as its features are called; None for a span."""
        references = {name: id for name, id in row.references.items() if name != "sofa"}
        pair = next((pair for pair in _ENDS if all(name in references for name in pair)), None)
        return None if pair is None else (references[pair[0]], references[pair[1]])

    def _argument(self, id: str) -> str:
        """The id of the span of an argument, which may be of a layer that is not read."""
        row = self._by_id.get(id)
        if row is not None and not is_taken(row.type) and all(span.id != id for span in self._document.spans):
            self._document.spans.append(self._span(row, "", "argument"))
        return id

    def add_chains(self, rows: Sequence[Structure]) -> None:
        """Take the chains, each a list of links."""
        for row in rows:
            if "first" not in row.references or not is_taken(row.type):
                continue
            group = self._links_of(row)
            self._document.spans += [self._span(self._by_id[id], "", "argument") for id in group]
            self._declare("clusters")
            self._document.groups = [*(self._document.groups or []), (group, self._document.place.line)]

    def _links_of(self, chain: Structure) -> list[str]:
        """The ids of the links of a chain, in order; none for a structure that is no chain."""
        group: list[str] = []
        id = chain.references.get("first", "")
        while id in self._by_id and id not in group:
            group.append(id)
            id = self._by_id[id].references.get("next", "")
        return group

    def _span(self, row: Structure, label: str, layer: str) -> CharSpan:
        line = self._document.place.line
        extent = _extent(row, self._units)
        shown = [row.features.get("begin", 0), row.features.get("end")]
        fault = "" if extent else f"the annotation {row.id} at {shown} lies outside the text"
        start, end = extent or (0, 0)
        return CharSpan(row.id, start, end, label, line, layer=layer, fault=fault)

    def _declare(self, *layers: str) -> None:
        said = self._document.layers or []
        self._document.layers = [*said, *(layer for layer in layers if layer not in said)]


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None if value is None or isinstance(value, (list, dict)) else str(value)
