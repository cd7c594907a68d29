"""brat stand-off: a text in `DOC.txt`, its annotation in `DOC.ann`.

`T1<tab>LABEL 0 5<tab>text` is a span of characters, `R1<tab>LABEL Arg1:T1 Arg2:T2` a
relation, `*<tab>Equiv T1 T2` a group that corefers. Events, notes and attributes are not
read, but for the attribute `Layer` of our own export, which tells names from mentions.
LitBank's files are recognised: there the labels are `KIND_CATEGORY`, and coreference is a
second span of the same extent, labelled with the name of the entity.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from ...annotations import AnnotatedDocument
from ...types import MentionSpan
from ..faults import FaultLog, Place
from ..reading.brat_text import BratText, read_text
from ..reading.files import check_exists, check_found, read_files
from ..reading.lines import Line, is_decoded, not_this_format, read_lines
from ..reading.standoff import SPAN_TWICE, CharSpan, CorpusLayers, Link, Standoff, build, layers_of
from ..reading.tokens import WHITESPACE, tokenize

LITBANK = "files in LitBank's style (split at white space; PROP mentions are names, entity labels are clusters)"
UNREAD = {
    "E": "events (E), not read",
    "A": "attributes (A), not read",
    "M": "attributes (M), not read",
    "N": "normalizations (N), not read",
    "#": "notes (#), not read",
}
NO_LABEL = "_"  # what our export writes for a span without a type: brat needs one
_LINE = re.compile(r"([TREAMN#]\d+|\*|#)\t")
_SPAN = re.compile(r"(T\d+)\t(.+?) (-?\d+ -?\d+(?:;-?\d+ -?\d+)*)(?:\t(.*))?")
_RELATION = re.compile(r"(R\d+)\t(.+?) Arg1:(\S+) Arg2:(\S+)\s*")
_GROUP = re.compile(r"\*\t(\S+)((?: \S+)*)\s*")
_LAYER = re.compile(r"A\d+\tLayer (T\d+) (name|mention|both|argument)")
_KIND = re.compile(r"(PROP|NOM|PRON)_[A-Z]+")


class _Row(NamedTuple):
    """A T line: its fragments are (start, end) in characters of the text."""

    id: str
    label: str
    fragments: list[tuple[int, int]]
    text: str | None
    line: int


def read(
    path: Path,
    *,
    faults: FaultLog,
    ids: Container[str] | None = None,
    names: bool = True,
    tokenizer: str = "en",
    lines: bool = True,
) -> Iterator[AnnotatedDocument]:
    """Read a file or a folder of brat.

    path (Path): A folder, of which all `.ann` files are read, or a `.ann` or `.txt` file.
    faults (FaultLog): Takes what is wrong; discontinuous spans are left out.
    ids (Container[str] | None): Read these documents only; an id is the file's path in the
        folder, without suffix.
    names (bool): Take the spans as names too; of nested ones the outermost.
    tokenizer (str): A language of spaCy or "whitespace".
    lines (bool): Begin a sentence with each line of the text, as brat does.
    YIELDS (AnnotatedDocument): The documents, with `mentions`; `relations` and `clusters`
        if there are any in the folder; relations named COREF and the like make clusters.
    RAISES (ConversionError): H101, H102, H128, if a file is missing or of another format; H140.
    """
    check_exists(path, faults)
    root = path if path.is_dir() else path.parent
    files = sorted(path.rglob("*.ann")) if path.is_dir() else [path.with_suffix(".ann")]
    check_found(files, path, "*.ann", faults)
    wanted = {file: str(file.relative_to(root).with_suffix("").as_posix()) for file in files}
    wanted = {file: name for file, name in wanted.items() if ids is None or name in ids}
    tokenize("", tokenizer)
    layers = _layers_of_files(list(wanted), names)

    def read_file(file: Path) -> Iterator[AnnotatedDocument]:
        document = _read_document(Place(file, document=wanted[file]), names, tokenizer, lines, faults)
        made = build(document, layers, tokenizer, faults) if document else None
        if made is not None:
            yield made

    yield from read_files(list(wanted), read_file, faults)


def _layers_of_files(files: Sequence[Path], names: bool) -> CorpusLayers:
    """Look for relations and groups in all files: a file without some is annotated if others have some."""
    links: dict[str, Link] = {}
    has_groups = False
    silent = FaultLog()
    for file in files:
        rows = read_lines(file, silent) if file.is_file() and b"\0" not in file.read_bytes() else []
        for row in rows:
            match = _RELATION.fullmatch(row.text)
            if match:
                links[match[2]] = Link("", match[2], "", 0)
            has_groups = has_groups or row.text.startswith("*\t")
    layers = layers_of([Standoff(Place(Path()), "", [], links=list(links.values()))], names)
    return layers._replace(relations=bool(links) and layers.relations, clusters=has_groups or layers.clusters)


def _read_document(place: Place, names: bool, tokenizer: str, lines: bool, faults: FaultLog) -> Standoff | None:
    """Read one document; None, with a fault, if a file is missing or not UTF-8."""
    rows = [row for row in read_lines(place.path, faults) if row.text.strip()]
    if rows and not _LINE.match(rows[0].text):
        raise not_this_format(place.path, "brat", "a line such as T1<tab>PER 0 5<tab>Alice", rows[0], faults)
    texts = place.path.with_suffix(".txt")
    if not texts.is_file():
        what, remedy = f"its text {texts.name} is missing", "Put it beside the annotation."
        faults.skip(place, what, unit="document", remedy=remedy)
        return None
    if not is_decoded(rows, place, faults):
        return None
    spans, document = list[_Row](), Standoff(place, "", [], links=[], groups=[])
    levels: dict[str, str] = {}
    for row in rows:
        what = _read_row(row, spans, document, levels, faults)
        if what:
            unit = {"T": "mention", "R": "relation", "*": "group"}.get(row.text[:1], "line")
            faults.skip(place._replace(line=row.number), what, unit=unit, remedy="Mend the line.")
    text = read_text(place, [(start, end, row.text) for row in spans for start, end in row.fragments[:1]], faults)
    if text is None:
        return None
    document.text = text.text
    document.spans = [_char_span(row, text, levels.get(row.id, "")) for row in spans]
    if text.side is None and not levels and _is_litbank(spans):
        faults.note(place, LITBANK)
        _read_litbank(document, names, faults)
        tokenizer = WHITESPACE
    _add_tokens(document, text, tokenizer, lines)
    return document


def _read_row(row: Line, spans: list[_Row], document: Standoff, levels: dict[str, str], faults: FaultLog) -> str:
    """Read a line of annotation; return what is wrong with it, or ""."""
    kind = row.text[0]
    if kind == "T" and (match := _SPAN.fullmatch(row.text)):
        pairs = [pair.split() for pair in match[3].split(";")]
        fragments = [(int(start), int(end)) for start, end in pairs]
        label = "" if match[2] == NO_LABEL else match[2]
        spans.append(_Row(match[1], label, fragments, match[4], row.number))
    elif kind == "R" and (match := _RELATION.fullmatch(row.text)):
        label = "" if match[2] == NO_LABEL else match[2]
        document.links = [*(document.links or []), Link(match[3], label, match[4], row.number)]
    elif kind == "*" and (match := _GROUP.fullmatch(row.text)):
        document.groups = [*(document.groups or []), (match[2].split(), row.number)]
    elif match := _LAYER.fullmatch(row.text):
        levels[match[1]] = match[2]
    elif kind in UNREAD:
        faults.note(document.place._replace(line=row.number), UNREAD[kind])
    else:
        forms = "T1<tab>LABEL 0 5<tab>text, R1<tab>LABEL Arg1:T1 Arg2:T2 or *<tab>Equiv T1 T2"
        return f"expected {forms}, found {row.text[:60]!r}"
    return ""


def _char_span(row: _Row, text: BratText, layer: str) -> CharSpan:
    """Join the fragments of a span where only white space is between them, as brat splits at line ends."""
    fragments = [(text.offset(start), text.offset(end)) for start, end in row.fragments]
    gaps = [text.text[end:start] for (_, end), (start, _) in pairwise(fragments)]
    fault = ""
    if any(gap.strip() or not gap for gap in gaps):
        fault = f"the span {row.id} is discontinuous ({len(fragments)} fragments), which is not supported"
    return CharSpan(row.id, fragments[0][0], fragments[-1][1], row.label, row.line, row.text, layer, fault)


def _add_tokens(document: Standoff, text: BratText, tokenizer: str, lines: bool) -> None:
    """Take the tokens, layers and facts of our own export, or split the text."""
    side = text.side
    if side is None:
        document.tokens = None if not lines else tokenize(document.text, tokenizer, by_line=True)
        return
    document.tokens, document.layers, document.meta, document.is_exact = side.tokens, side.layers, side.meta, True
    document.place = document.place._replace(document=side.name)


def _is_litbank(rows: Sequence[_Row]) -> bool:
    """Whether the labels are KIND_CATEGORY, or stand on the extent of one that is."""
    extents = {tuple(row.fragments) for row in rows if _KIND.fullmatch(row.label)}
    return bool(extents) and all(tuple(row.fragments) in extents for row in rows)


def _read_litbank(document: Standoff, names: bool, faults: FaultLog) -> None:
    """Turn the labels of entities into clusters; a mention without one is a cluster of its own."""
    mentions: dict[MentionSpan, CharSpan] = {}
    groups: dict[str, list[CharSpan]] = {}
    for span in document.spans:
        kind = _KIND.fullmatch(span.label)
        if kind is None:
            groups.setdefault(span.label, []).append(span)
        elif span[1:3] in mentions:
            faults.note(document.place._replace(line=span.line), SPAN_TWICE)
        else:
            mentions[span[1:3]] = span._replace(layer="both" if kind[1] == "PROP" else "mention")
    # A relation may point to either of the spans of an extent.
    ids = {span.id: mentions[span[1:3]].id for span in document.spans}
    links = document.links or []
    document.links = [
        Link(ids.get(link.head, link.head), link.label, ids.get(link.tail, link.tail), link.line) for link in links
    ]
    document.groups = [([ids[span.id] for span in group], group[0].line) for group in groups.values()]
    named = {id for group, _ in document.groups for id in group}
    document.groups += [([span.id], span.line) for span in mentions.values() if span.id not in named]
    document.spans = list(mentions.values())
    document.layers = ["mentions", "clusters", "relations", *(["entities"] if names else [])]
