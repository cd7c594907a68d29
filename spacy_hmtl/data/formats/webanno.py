"""INCEpTION and WebAnno: WebAnno TSV 3 with spans, relations and chains, one document per file; UIMA CAS JSON too.

After a header that names layers and features (`#T_SP=` spans, `#T_CH=` chains, `#T_RL=`
relations), one token per line with its offsets and a column per feature; `PER[1]` in several
lines is one annotation, `A[1]|B[2]` two; a relation stands at its target and names its source.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from ...annotations import AnnotatedDocument
from ..faults import FaultLog, Place
from ..reading.inception_layers import declared_by, is_taken, label_of, short_name
from ..reading.lines import Line, is_decoded, not_this_format, read_lines
from ..reading.standoff import CharSpan, CorpusLayers, Link, Standoff
from ..reading.standoff_build import build
from ..reading.tokens import Tokens
from ..reading.webanno_rows import (
    CHAIN,
    FORMAT,
    RELATION,
    ROW,
    SPAN,
    Item,
    Layer,
    is_slot,
    missing_columns,
    read_cell,
    read_layer,
    read_link,
)
from .cas import read as read_cas

INITIAL = "files without annotation (INITIAL_CAS), left out"
NOT_READ = "layers {name}, not read"
SLOTS = "slots of {name}, not read"
SEVERAL = "documents with several layers of spans, all of them read as mentions"
_REMEDY = "Give each annotation a number of its own, or export the document again."
_TOKEN = "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Token"


class _Unit(NamedTuple):
    """A row: a token, or a part of one. start, end: in the text that the tokens make up; token: its number there."""

    id: str
    start: int
    end: int
    cells: list[str]
    line: int
    token: int


def read(
    path: Path,
    *,
    faults: FaultLog,
    ids: Container[str] | None = None,
    names: bool = True,
    tokenizer: str = "en",
) -> Iterator[AnnotatedDocument]:
    """Read a document of INCEpTION, in WebAnno TSV 3 or in UIMA CAS JSON.

    Custom layers of spans and the one for named entities are mentions; layers of morphology and
    syntax are not read. A layer that the header does not name is not annotated.

    path (Path): The file. In an export of a project, `DOCUMENT/USER.tsv`.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only. The id is the file's name without suffix, after
        that of its folder and a slash where the folder is named like a document ("a.txt").
    names (bool): Take the spans as names too; of nested ones the outermost.
    tokenizer (str): A language of spaCy or "whitespace", for a CAS without tokens.
    YIELDS (AnnotatedDocument): The document, with `mentions` and `entities`, `relations` and `clusters` as
        far as the header names them.
    RAISES (ConversionError): H102, if the file is of another format.
    """
    if path.suffix == ".json":
        yield from read_cas(path, faults=faults, ids=ids, names=names, tokenizer=tokenizer)
        return
    name = f"{path.parent.name}/{path.stem}" if "." in path.parent.name.strip(".") else path.stem
    if ids is not None and name not in ids:
        return
    lines = list(read_lines(path, faults))
    first = next((line for line in lines if line.text.strip()), Line(1, ""))
    if not FORMAT.match(first.text):
        expected = "#FORMAT=WebAnno TSV 3 (export older versions again, as TSV 3)"
        raise not_this_format(path, "webanno", expected, first, faults)
    place = Place(path, document=name)
    if path.stem == "INITIAL_CAS":
        faults.note(place, INITIAL)
        return
    if is_decoded(lines, place, faults):
        document = _read_document(lines, names, place, faults)
        made = build(document, CorpusLayers(True, True, names), tokenizer, faults) if document else None
        if made is not None:
            yield made


def _read_document(lines: list[Line], names: bool, place: Place, faults: FaultLog) -> Standoff | None:
    """Read a file; None, with a fault, if a row cannot be read."""
    layers: list[Layer] = []
    for line in lines:
        if layer := read_layer(line.text, sum(layer.n_columns for layer in layers)):
            layers.append(layer)
    found = _read_units(lines, layers, place, faults)
    if found is None:
        return None
    text, tokens, units = found
    document = Standoff(place, text, [], tokens=tokens, layers=[])
    taken = [layer for layer in layers if is_taken(layer.type)]
    for layer in layers:
        if layer not in taken and any(read_cell(unit.cells[layer.first]) for unit in units):
            faults.note(place, NOT_READ.format(name=short_name(layer.type)))
    if sum(layer.kind == SPAN for layer in taken) > 1:
        faults.note(place, SEVERAL)
    reader = _Reader(document, units, names, faults)
    for layer in sorted(taken, key=lambda layer: layer.kind == RELATION):
        {SPAN: reader.add_spans, CHAIN: reader.add_chains, RELATION: reader.add_relations}[layer.kind](layer)
    return document


def _read_units(
    lines: list[Line], layers: list[Layer], place: Place, faults: FaultLog
) -> tuple[str, Tokens, list[_Unit]] | None:
    """Read the rows, and the text that they make up; None, with a fault, if one cannot be read."""
    text, tokens, units = "", Tokens([], [], [], []), list[_Unit]()
    sentence, end_of_last, origin = "", 0, (0, 0)
    for line in lines:
        if not line.text.strip() or line.text.startswith("#"):
            continue
        match = ROW.match(line.text)
        cells = line.text.split("\t")
        what = missing_columns(cells[3:], layers) if match else "expected a row such as `1-1<tab>0-4<tab>Mira<tab>...`"
        if match and not match[3] and not cells[2].strip():
            what = "the token is empty"
        if match is None or what:
            what = f"{what}, found {line.text[:40]!r}" if match is None else what
            faults.skip(place._replace(line=line.number), what, unit="document", remedy="Export the document again.")
            return None
        begin, end, word = int(match[4]), int(match[5]), cells[2]
        if match[3] is None:
            # Only the order of the tokens is taken from the offsets, which count UTF-16 units.
            text += " " if text and begin > end_of_last else ""
            origin, end_of_last = (begin, len(text)), end
            if match[1] != sentence:
                tokens.sent_starts.append(len(tokens.starts)) if tokens.sent_starts is not None else None
                sentence = match[1]
            text += word
            tokens.starts.append(origin[1])
            tokens.ends.append(len(text))
            start, stop = origin[1], len(text)
        else:
            start, stop = (origin[1] + _characters(text[origin[1] :], offset - origin[0]) for offset in (begin, end))
        units.append(_Unit(cells[0], start, stop, cells[3:], line.number, len(tokens.starts)))
    tokens.spaces.extend(text[end : end + 1] == " " for end in tokens.ends)
    return text, tokens, units


def _characters(text: str, n_units: int) -> int:
    """How many characters the first UTF-16 units of a text are."""
    return len(text.encode("utf-16-le")[: 2 * max(n_units, 0)].decode("utf-16-le", errors="ignore"))


class _Reader:
    """Adds the layers of a document to it."""

    def __init__(self, document: Standoff, units: list[_Unit], names: bool, faults: FaultLog) -> None:
        self._document = document
        self._units = units
        self._names = names
        self._faults = faults
        self._at: dict[tuple[str, str], str] = {}  # (type, unit) -> the span without a number that is there

    def add_spans(self, layer: Layer) -> None:
        """Read a layer of spans."""
        self._declare("mentions", *(["entities"] if self._names else []))
        found: dict[str, list[_Unit]] = {}
        features: dict[str, dict[str, str | None]] = {}
        has_slots = False
        for unit in self._units:
            for number, feature in enumerate(layer.features):
                cell = unit.cells[layer.first + number]
                if is_slot(layer, number):
                    has_slots = has_slots or bool(read_cell(cell))
                    continue
                for i, item in enumerate(read_cell(cell)):
                    key = self._key(layer, unit, item, i)
                    if not found.setdefault(key, []) or found[key][-1] is not unit:
                        found[key].append(unit)
                    features.setdefault(key, {})[feature] = item.value
        if has_slots:
            self._faults.note(self._document.place, SLOTS.format(name=short_name(layer.type)))
        for key, units in found.items():
            label = label_of(layer.type, features[key])
            self._document.spans.append(_span(key, units, label, ""))

    def _key(self, layer: Layer, unit: _Unit, item: Item, number: int) -> str:
        """The id of an annotation: its number, which is its own in the document, or layer, row and position."""
        if item.id:
            return f"[{item.id}]"
        key = f"{layer.type} {unit.id} {number}"
        self._at.setdefault((layer.type, unit.id), key)
        return key

    def add_chains(self, layer: Layer) -> None:
        """Read a layer of chains."""
        self._declare("clusters")
        chains: dict[int, dict[int, list[_Unit]]] = {}
        for unit in self._units:
            cells = unit.cells[layer.first : layer.first + layer.n_columns]
            for chain, link in next((links for links in map(read_link, cells) if links), []):
                chains.setdefault(chain, {}).setdefault(link, []).append(unit)
        groups = self._document.groups or []
        for chain, links in sorted(chains.items()):
            keys = [f"{layer.type} {chain}-{link}" for link in sorted(links)]
            spans = [_span(key, links[link], "", "argument") for key, link in zip(keys, sorted(links))]
            self._document.spans += spans
            groups.append((keys, spans[0].line))
        self._document.groups = groups

    def add_relations(self, layer: Layer) -> None:
        """Read a layer of relations: each stands at its target, with its source in the last column."""
        links = self._document.links or []
        for unit in self._units:
            columns = [read_cell(unit.cells[layer.first + i]) for i in range(layer.n_columns)]
            for i, source in enumerate(columns[-1]):
                values = {name: column[i].value for name, column in zip(layer.features, columns) if i < len(column)}
                head = self._argument(layer.base, str(source.value), source.id)
                tail = self._argument(layer.base, unit.id, source.second)
                links.append(Link(head, label_of(layer.type, values), tail, unit.line))
        self._document.links = links
        self._declare(*declared_by(links))

    def _argument(self, base: str, unit: str, number: int) -> str:
        """The id of an argument: by its number, or the one of the base layer in its row."""
        if number:
            return f"[{number}]"
        if base == _TOKEN:
            found = next((row for row in self._units if row.id == unit), None)
            key = f"token {unit}"
            if found is not None and all(span.id != key for span in self._document.spans):
                self._document.spans.append(_span(key, [found], "", "argument"))
            return key
        there = [key for (type, row), key in self._at.items() if row == unit and type == base]
        anywhere = [key for (_, row), key in self._at.items() if row == unit]
        return next(iter(there or anywhere), f"{short_name(base)} at {unit}")

    def _declare(self, *layers: str) -> None:
        said = self._document.layers or []
        self._document.layers = [*said, *(layer for layer in layers if layer not in said)]


def _span(key: str, units: list[_Unit], label: str, layer: str) -> CharSpan:
    start, end = min(unit.start for unit in units), max(unit.end for unit in units)
    # An annotation is one stretch: a number that stands again further on is a second annotation, by mistake.
    gap = next(((one, two) for one, two in pairwise(units) if two.token > one.token + 1), None)
    fault = f"its rows {gap[0].id} and {gap[1].id} do not follow each other" if gap and layer == "" else ""
    fault = fault and f"the annotation {key} is in pieces: {fault}"
    return CharSpan(key, start, end, label, units[0].line, layer=layer, fault=fault, remedy=_REMEDY if fault else "")
