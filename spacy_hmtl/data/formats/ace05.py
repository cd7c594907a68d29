"""ACE 2005: pairs of `DOCID.sgm` (the text) and `DOCID.apf.xml` (the annotation), see `FORMAT.md` of the data.

Mentions: of entities, by their heads (as HMTL) or full extents; values and times if
asked for. Names: the heads of mentions that are names (NAM). Coreference: the entities,
singletons included. Relations: types or subtypes; METONYMY is left out, as in most papers.

Text is tokenized by `spacy.blank("en")` and split by its sentencizer, paragraph by
paragraph. A mention whose boundary lies inside a token takes the whole token; a sentence
boundary inside a mention is removed. Both are counted.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from pathlib import Path, PurePosixPath

from ...annotations import AnnotatedDocument, Layers
from ...errors import Errors
from ...files import files_below
from ..faults import ConversionError, FaultLog, Place
from ..reading.ace_layers import LayerBuilder
from ..reading.ace_text import SourceText, delete_tags, tokenize
from ..reading.ace_xml import AceReader, n_matches
from ..reading.files import check_exists, check_found, read_files
from ..reading.lines import BYTE_ORDER_MARK, CRLF, is_decoded, not_this_format, read_lines
from ..reading.safe_xml import Element, read_xml

ANNOTATION, SOURCE = ".apf.xml", ".sgm"
ROOT = "source_file"
EXTENTS = ("head", "full")
RELATION_TYPES = ("type", "subtype")
GENRES = ("bc", "bn", "cts", "nw", "un", "wl")
# The LDC release has each document once per pass of annotation, the last one being timex2norm.
PASSES = ("fp1", "fp2", "adj", "timex2norm")
OTHER_PASS = "files left out, since the folder has the document twice (timex2norm is preferred)"
JOINED = "sentence boundaries inside a mention, removed"


def read(
    path: Path,
    *,
    faults: FaultLog,
    ids: Container[str] | None = None,
    extent: str = "head",
    relation_types: str = "type",
    values: bool = False,
    times: bool = False,
) -> Iterator[AnnotatedDocument]:
    """Read ACE documents.

    path (Path): An `.apf.xml` or `.sgm` file with the other one beside it, or a folder of
        such pairs, at any depth.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only; an id is a file name without suffix.
    extent (str): "head" or "full": what mentions are, in all layers but the names.
    relation_types (str): "type" (PHYS) or "subtype" (PHYS.Located).
    values (bool): Take the mentions of values too, labelled by their types.
    times (bool): Take the mentions of times too, labelled TIME.
    YIELDS (AnnotatedDocument): The documents, with all four layers; `meta` holds `genre`.
    RAISES (ConversionError): H101, H102, H128, if the path is no such file or folder; H130, if an option is unknown.
    """
    for name, value, known in (("extent", extent, EXTENTS), ("relation_types", relation_types, RELATION_TYPES)):
        if value not in known:
            raise ConversionError(Errors.H130.format(name=name, value=value, known=", ".join(known)), faults)
    check_exists(path, faults)

    def read_pair(file: Path) -> Iterator[AnnotatedDocument]:
        place = Place(file, document=file.name.removesuffix(ANNOTATION))
        document = _read_annotation(place, faults)
        source = _read_source(document, place, faults) if document is not None else None
        if document is None or source is None:
            return
        doc = _read_document(document, source, place, faults, extent, relation_types, values, times)
        if doc is not None:
            doc.meta["genre"] = _genre(file, document)
            yield doc

    yield from read_files(_files(path, ids, faults), read_pair, faults)


def normalize_id(text: str) -> str:
    """Turn a line of a file list into an id: `nw/timex2norm/DOCID.apf.xml` is DOCID.

    text (str): The line.
    RETURNS (str): The id.
    """
    return PurePosixPath(text).name.removesuffix(ANNOTATION).removesuffix(SOURCE)


def _files(path: Path, ids: Container[str] | None, faults: FaultLog) -> list[Path]:
    """List the `.apf.xml` files, one per document, sorted by document; report texts without one."""
    if not path.is_dir():
        if path.name.endswith(SOURCE):
            path = path.with_name(path.name.removesuffix(SOURCE) + ANNOTATION)
        return [path] if ids is None or path.name.removesuffix(ANNOTATION) in ids else []
    chosen: dict[str, Path] = {}
    annotations, texts = files_below(path, f"*{ANNOTATION}"), files_below(path, f"*{SOURCE}")
    check_found([*annotations, *texts], path, f"*{ANNOTATION}", faults)
    for file in sorted(annotations, key=lambda file: (_pass_of(file), file)):
        name = file.name.removesuffix(ANNOTATION)
        if ids is not None and name not in ids:
            continue
        if name in chosen:
            faults.note(Place(chosen[name], document=name), OTHER_PASS)
        chosen[name] = file
    for text in texts:
        name = text.name.removesuffix(SOURCE)
        if name not in chosen and (ids is None or name in ids):
            what, remedy = f"there is no {name}{ANNOTATION} for this text", "Put it beside the text."
            faults.skip(Place(text, document=name), what, unit="document", remedy=remedy)
    return [chosen[name] for name in sorted(chosen)]


def _pass_of(file: Path) -> int:
    return PASSES.index(file.parent.name) if file.parent.name in PASSES else -1


def _genre(file: Path, root: Element) -> str:
    folders = [folder for folder in file.parts[:-1] if folder in GENRES]
    return folders[-1] if folders else root.attributes.get("SOURCE", "")


def _read_annotation(place: Place, faults: FaultLog) -> Element | None:
    """Read the `.apf.xml` file; None, with a fault, if it cannot be read."""
    check_exists(place.path, faults)
    first = next((line for line in read_lines(place.path, FaultLog()) if line.text.strip()), None)
    if first is not None and not first.text.lstrip("\ufeff \t").startswith("<"):
        raise not_this_format(place.path, "ace05", "XML", first, faults)
    root = read_xml(place.path)
    if not isinstance(root, Element):
        faults.skip(place._replace(line=root.line), root.what, unit="document", remedy=root.remedy)
        return None
    if root.tag != ROOT:
        reason = f"expected the root element {ROOT!r}, found {root.tag!r}"
        raise ConversionError(Errors.H102.format(path=place.path, format="ace05", reason=reason), faults)
    if root.find("document") is None:
        what, remedy = f"there is no element 'document' in {ROOT!r}", "Correct the file; it may be cut short."
        faults.skip(place, what, unit="document", remedy=remedy)
        return None
    return root


def _read_source(root: Element, place: Place, faults: FaultLog) -> SourceText | None:
    """Read the `.sgm` file beside the annotation; None, with a fault, if it cannot be read.

    Offsets count Unix line ends and no byte order mark. A file that has others may have been
    changed after annotation or before it: the mentions tell which.
    """
    path = place.path.with_name(place.document + SOURCE)
    if not path.is_file():
        what = f"there is no {path.name} beside it"
        faults.skip(place, what, unit="document", remedy="Put the text beside the annotation.")
        return None
    log = FaultLog()
    lines = list(read_lines(path, log))
    faults.notes += log.notes
    if not is_decoded(lines, place._replace(path=path), faults):
        return None
    texts = ["\n".join(line.text for line in lines) + "\n"]
    kinds = {note.kind for note in log.notes}
    if CRLF in kinds:
        texts.append(path.read_bytes().decode("utf-8-sig"))
    if BYTE_ORDER_MARK in kinds:
        texts += ["\ufeff" + text for text in texts]
    sources = [delete_tags(text) for text in texts]
    return max(sources, key=lambda source: n_matches(root, source)) if len(sources) > 1 else sources[0]


def _read_document(
    root: Element,
    text: SourceText,
    place: Place,
    faults: FaultLog,
    extent: str,
    relation_types: str,
    values: bool,
    times: bool,
) -> AnnotatedDocument | None:
    """Join text and annotation; None, with a fault, if there is no text."""
    reader = AceReader(place, faults, text, extent)
    kinds = [kind for kind, wanted in (("value", values), ("timex2", times)) if wanted]
    elements = list(root.find_all("document"))
    mentions = [pair for element in elements for pair in reader.entity_mentions(element)]
    mentions += [pair for element in elements for kind in kinds for pair in reader.other_mentions(element, kind)]
    tokens = tokenize(text, [span for _, mention in mentions for span in (mention.span, mention.head)])
    if not tokens.words:
        faults.skip(place, "the text has no tokens", unit="document", remedy="Correct the .sgm file, or remove it.")
        return None
    for _ in range(tokens.n_joined):
        faults.note(place, JOINED)
    builder = LayerBuilder(tokens, faults)
    for mention_id, mention in mentions:
        builder.add_mention(mention_id, mention)
    for element in elements:
        for relation in reader.relations(element):
            builder.add_relation(relation, with_subtype=relation_types == "subtype")
    return AnnotatedDocument(
        place.document,
        tokens.words,
        tokens.spaces,
        tokens.sent_starts,
        layers=Layers(builder.names(), builder.mentions(), builder.clusters(), builder.relations),
    )
