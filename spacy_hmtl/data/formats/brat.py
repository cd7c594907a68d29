"""brat stand-off: a text in `DOC.txt`, its annotation in `DOC.ann`.

`T1<tab>LABEL 0 5<tab>text` is a span of characters, `R1<tab>LABEL Arg1:T1 Arg2:T2` a
relation (whatever its roles are called, the first is the head), `*<tab>Equiv T1 T2` a group
that corefers, `E1<tab>LABEL:T3 Agent:T1` an event: it stands for its trigger T3, its arguments
become relations if that is asked for. Notes, normalizations and attributes are not
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
from ...errors import Errors
from ...files import files_below
from ...types import MentionSpan
from ..faults import ConversionError, FaultLog, Place
from ..reading.brat_lines import LINE, SpanRow, read_annotation
from ..reading.brat_text import BratText, read_side, read_text
from ..reading.files import check_exists, check_found, read_files
from ..reading.lines import is_decoded, not_this_format, read_lines
from ..reading.standoff import CharSpan, CorpusLayers, Link, Standoff, layers_of
from ..reading.standoff_build import build
from ..reading.standoff_spans import SPAN_TWICE
from ..reading.tokens import WHITESPACE, tokenize

LITBANK = "files in LitBank's style (split at white space; PROP mentions are names, entity labels are clusters)"
EMPTY = "files without a line of annotation, taken as annotated with nothing there, as other files have some"
ALL_EMPTY = "files without a line of annotation, as all of the folder are, taken as not annotated"
HULL, FIRST, SKIP = "hull", "first", "skip"
PIECES = {
    HULL: "discontinuous spans, taken from the first piece to the last",
    FIRST: "discontinuous spans, of which the first piece was taken",
}
_KIND = re.compile(r"(PROP|NOM|PRON)_[A-Z]+")


class _Options(NamedTuple):
    """See `read`."""

    names: bool
    tokenizer: str
    lines: bool
    event_arguments: bool
    discontinuous: str


def read(
    path: Path,
    *,
    faults: FaultLog,
    ids: Container[str] | None = None,
    names: bool = True,
    tokenizer: str = "en",
    lines: bool = True,
    event_arguments: bool = False,
    discontinuous: str = SKIP,
) -> Iterator[AnnotatedDocument]:
    """Read a file or a folder of brat.

    path (Path): A folder, of which all `.ann` files are read, or a `.ann` or `.txt` file.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only; an id is the file's path in the
        folder, without suffix.
    names (bool): Take the spans as names too; of nested ones the outermost.
    tokenizer (str): A language of spaCy or "whitespace".
    lines (bool): Begin a sentence with each line of the text, as brat does.
    event_arguments (bool): Make a relation of each argument of an event: from its trigger, with the role as label.
    discontinuous (str): Of a span in pieces, take the "hull" (from the first piece to the last) or the "first"
        piece, or "skip" the span, which is a fault. Pieces with white space between them are one.
    YIELDS (AnnotatedDocument): The documents, with `mentions`; `relations` and `clusters`
        if there are any in the folder; relations named COREF and the like make clusters.
    RAISES (ConversionError): H101, H102, H128, if a file is missing or of another format; H130, H140.
    """
    if discontinuous not in (HULL, FIRST, SKIP):
        known = ", ".join((HULL, FIRST, SKIP))
        raise ConversionError(Errors.H130.format(name="discontinuous", known=known, value=discontinuous), faults)
    options = _Options(names, tokenizer, lines, event_arguments, discontinuous)
    check_exists(path, faults)
    root = path if path.is_dir() else path.parent
    files = [path.with_suffix(".ann")]
    if path.is_dir():
        texts = set(files_below(path, "*.txt"))
        # A text that is a link out of the folder is none of it.
        annotations = files_below(path, "*.ann")
        files = [f for f in annotations if f.with_suffix(".txt") in texts or not f.with_suffix(".txt").is_symlink()]
    check_found(files, path, "*.ann", faults)
    wanted = {file: str(file.relative_to(root).with_suffix("").as_posix()) for file in files}
    wanted = {file: name for file, name in wanted.items() if ids is None or name in ids}
    tokenize("", tokenizer)
    layers = _layers_of_files(list(wanted), options)
    has_lines = any(file.is_file() and file.read_bytes().strip() for file in files)

    def read_file(file: Path) -> Iterator[AnnotatedDocument]:
        document = _read_document(Place(file, document=wanted[file]), options, faults, has_lines)
        made = build(document, layers, tokenizer, faults) if document else None
        if made is not None:
            yield made

    yield from read_files(list(wanted), read_file, faults)


def _layers_of_files(files: Sequence[Path], options: _Options) -> CorpusLayers:
    """Look for relations and groups in all files: a file without some is annotated if others have some."""
    links: dict[str, Link] = {}
    has_groups = False
    for file in files:
        is_text = file.is_file() and b"\0" not in file.read_bytes()
        rows = [row for row in read_lines(file, FaultLog()) if row.text.strip()] if is_text else []
        annotation = read_annotation(rows, Place(file), options.event_arguments, FaultLog())
        links.update((link.label, link) for link in annotation.links)
        has_groups = has_groups or bool(annotation.groups)
    layers = layers_of([Standoff(Place(Path()), "", [], links=list(links.values()))], options.names)
    return layers._replace(relations=bool(links) and layers.relations, clusters=has_groups or layers.clusters)


def _read_document(place: Place, options: _Options, faults: FaultLog, has_lines: bool) -> Standoff | None:
    """Read one document; None, with a fault, if a file is missing or not UTF-8.

    has_lines (bool): Whether any file of the folder has a line. brat makes empty files of texts nobody has looked at.
    """
    rows = [row for row in read_lines(place.path, faults) if row.text.strip()]
    if rows and not LINE.match(rows[0].text):
        raise not_this_format(place.path, "brat", "a line such as T1<tab>PER 0 5<tab>Alice", rows[0], faults)
    texts = place.path.with_suffix(".txt")
    if not texts.is_file():
        what, remedy = f"its text {texts.name} is missing", "Put it beside the annotation."
        faults.skip(place, what, unit="document", remedy=remedy)
        return None
    if not is_decoded(rows, place, faults):
        return None
    side = read_side(place, faults)
    place = place if side is None else place._replace(document=side.name)
    annotation = read_annotation(rows, place, options.event_arguments, faults)
    pieces = [(start, end, row.text) for row in annotation.spans for start, end in row.fragments[:1]]
    text = read_text(place, pieces, side, faults)
    if text is None:
        return None
    document = Standoff(place, text.text, [], links=annotation.links, groups=annotation.groups)
    for row in annotation.spans:
        layer = annotation.levels.get(row.id, "mention" if row.id in annotation.triggers else "")
        document.spans.append(_char_span(row, text, layer, options.discontinuous, place, faults))
    if not rows and text.side is None:
        faults.note(place, EMPTY if has_lines else ALL_EMPTY)
        document.layers = None if has_lines else []
    tokenizer = options.tokenizer
    if text.side is None and not annotation.levels and _is_litbank(annotation.spans):
        faults.note(place, LITBANK)
        _read_litbank(document, options.names, faults)
        tokenizer = WHITESPACE
    _add_tokens(document, text, tokenizer, options.lines)
    return document


def _char_span(
    row: SpanRow, text: BratText, layer: str, discontinuous: str, place: Place, faults: FaultLog
) -> CharSpan:
    """Join the pieces of a span where only white space is between them, as brat splits at line ends."""
    pieces = [(text.offset(start), text.offset(end)) for start, end in row.fragments]
    start, end = pieces[0][0], pieces[-1][1]
    # Further columns may follow the text, which may hold tabs itself.
    n_columns = text.text.count("\t", max(start, 0), max(end, 0)) + 1
    said = None if row.text is None else "\t".join(row.text.split("\t")[:n_columns])
    span = CharSpan(row.id, start, end, row.label, row.line, said, layer)
    if not any(text.text[max(end, 0) : max(start, 0)].strip() for (_, end), (start, _) in pairwise(pieces)):
        return span
    if discontinuous == SKIP:
        remedy = "Take the whole stretch with --discontinuous hull, or the first piece with --discontinuous first."
        return span._replace(fault=f"the span {row.id} is discontinuous ({len(pieces)} pieces)", remedy=remedy)
    first, said = text.text[max(start, 0) : max(pieces[0][1], 0)], said or ""
    if said and not "".join(said.split()).startswith("".join(first.split())):
        return span._replace(fault=f"the span {row.id} begins with {first[:60]!r}, but the file says {said[:60]!r}")
    faults.note(place._replace(line=row.line), PIECES[discontinuous])
    return span._replace(text=None, end=pieces[0][1] if discontinuous == FIRST else end)


def _add_tokens(document: Standoff, text: BratText, tokenizer: str, lines: bool) -> None:
    """Take the tokens, layers and facts of our own export, or split the text."""
    side = text.side
    if side is None:
        document.tokens = None if not lines else tokenize(document.text, tokenizer, by_line=True)
        return
    document.tokens, document.layers, document.meta, document.is_exact = side.tokens, side.layers, side.meta, True


def _is_litbank(rows: Sequence[SpanRow]) -> bool:
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
