"""PubTator: titles and abstracts with mentions and relations between concepts (BioRED, BC5CDR, NCBI Disease ...).

`ID|t|title` and `ID|a|abstract`; then lines with tabs: a mention is the id, start, end, its
text, its type and its concept; a relation the id, its label and two concepts. Offsets count
characters of the title, a space and the abstract. An empty line ends a document.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

from ...annotations import AnnotatedDocument
from ..faults import FaultLog, Place
from ..reading.concepts import Concepts, drop_empty_links
from ..reading.lines import Line, is_decoded, not_this_format, read_lines
from ..reading.offsets import CHARACTERS, Offsets, find_convention
from ..reading.standoff import CharSpan, Standoff
from ..reading.standoff_build import build_all

HEADER = re.compile(r"([^|\t]+)\|([a-z]{1,12})\|(.*)", re.DOTALL)
_OFFSET = re.compile(r"\d{1,9}")
_ROWS = "A mention is ID, start, end, text, type and concept, a relation ID, label and two concepts, with tabs between."


def read(
    path: Path,
    *,
    faults: FaultLog,
    ids: Container[str] | None = None,
    names: bool = True,
    tokenizer: str = "en",
) -> Iterator[AnnotatedDocument]:
    """Read a file of PubTator.

    A relation holds between concepts; it is written once, between the two mentions of them that
    are nearest to each other. Mentions of one concept need not corefer (all patients are one
    concept), so that there are no clusters.

    path (Path): The file, such as `Train.PubTator`.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only.
    names (bool): Take the mentions as names too; of nested ones the outermost.
    tokenizer (str): A language of spaCy or "whitespace".
    YIELDS (AnnotatedDocument): The documents, with `mentions` and `entities`, and `relations` if the file
        has some; `meta["concepts"]` holds [start, end, concept] of each mention, in characters.
    RAISES (ConversionError): H102, if the file is of another format; H140.
    """
    documents: list[Standoff] = []
    for lines in _blocks(path, faults):
        place = Place(path, lines[0].number, _id(lines[0]))
        if (ids is None or place.document in ids) and is_decoded(lines, place, faults):
            documents.append(_read_document(lines, place, faults))
    drop_empty_links(documents)
    yield from build_all(documents, names, tokenizer, faults)


def _blocks(path: Path, faults: FaultLog) -> Iterator[list[Line]]:
    """The lines of each document, without empty ones; a title begins one where no line is empty."""
    block: list[Line] = []
    has_title = False
    for line in read_lines(path, faults):
        if not line.text.strip():
            continue
        match = HEADER.match(line.text)
        if not block and match is None:
            expected = "a title such as `123|t|The title`"
            raise not_this_format(path, "pubtator", expected, line, faults)
        is_title = match is not None and match[2] == "t" and "\t" not in line.text[: match.start(3)]
        if block and match and (match[1].strip() != _id(block[0]) or (is_title and has_title)):
            yield block
            block = []
        has_title = is_title or (has_title and bool(block))
        block.append(line)
    if block:
        yield block


def _id(header: Line) -> str:
    match = HEADER.match(header.text)
    return match[1].strip() if match else ""


def _read_document(lines: list[Line], place: Place, faults: FaultLog) -> Standoff:
    """Read one document."""
    headers = [match for match in (HEADER.match(line.text) for line in lines if "\t" not in line.text[:40]) if match]
    parts = [match[3] for match in headers]
    rows = [(line, line.text.split("\t")) for line in lines if not HEADER.match(line.text) or "\t" in line.text[:40]]
    mentions = [(line, row) for line, row in rows if _is_mention(row, place)]
    text = _text(parts, mentions)
    spans = [Offsets(text, int(row[1]), int(row[2]), row[3]) for _, row in mentions]
    convention = find_convention(spans)
    document = Standoff(place, text, [], links=[])
    concepts, listed = Concepts(document, faults), list[list[Any]]()
    for number, (span, (line, row)) in enumerate(zip(spans, mentions)):
        start, end = convention.convert(text, span.start, span.end)
        if convention is not CHARACTERS:
            faults.note(place._replace(line=line.number), convention.about)
        document.spans.append(CharSpan(f"#{number}", start, end, row[4].strip(), line.number, row[3]))
        if len(row) > 5:
            concepts.add(row[5], document.spans[-1])
            listed.append([start, end, row[5].strip()])
    document.meta = {"concepts": listed} if listed else {}
    known, n_faults = {id(line) for line, _ in mentions}, len(faults.faults)
    for line, row in rows:
        if id(line) not in known:
            _read_relation(line, row, concepts, place, faults)
    if not mentions and any(fault.unit == "line" for fault in faults.faults[n_faults:]):
        document.layers = []  # none could be read, which is not "nothing there"
    return document


def _is_mention(row: list[str], place: Place) -> bool:
    is_placed = all(_OFFSET.fullmatch(cell.strip()) for cell in row[1:3])
    return len(row) >= 5 and is_placed and bool(row[4].strip()) and row[0].strip() == place.document


def _text(parts: list[str], mentions: list[tuple[Line, list[str]]]) -> str:
    """Title and abstract with what stands between them: as most mentions have it, a space, or nothing."""
    spaced, joined = " ".join(parts), "".join(parts)

    def n_fitting(text: str) -> int:
        return sum(text[int(row[1]) : int(row[2])] == row[3] for _, row in mentions)

    return joined if n_fitting(joined) > n_fitting(spaced) else spaced


def _read_relation(line: Line, row: list[str], concepts: Concepts, place: Place, faults: FaultLog) -> None:
    """Read a relation, or report a line that is neither relation nor mention."""
    place = place._replace(line=line.number)
    what = ""
    if row[0].strip() != place.document:
        what = f"expected a line of document {place.document}, found {line.text[:60]!r}"
    elif len(row) < 4 or _OFFSET.fullmatch(row[1].strip()) or not all(cell.strip() for cell in row[1:4]):
        what = f"expected a mention or a relation, found {line.text[:60]!r}"
    if what:
        faults.skip(place, what, unit="line", remedy=_ROWS)
        return
    concepts.relate(row[2].strip(), row[1].strip(), row[3].strip(), line.number)
