"""LitBank: nested mentions (Bamman et al. 2019) and coreference (Bamman et al. 2020) of the same documents.

`entities/tsv/DOC.tsv` has a row per token: the token, a column of BIO tags per
level of nesting (the first is the innermost), a trailing tab. `coref/conll/DOC.conll`
has 13 tab-separated columns, the last with coreference brackets, empty for none.
The layers were annotated apart: a mention of a cluster need not be in `mentions`.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ...annotations import AnnotatedDocument, Layers
from ...errors import Errors
from ...types import Cluster, LabeledSpan
from ..faults import ConversionError, FaultLog, Place
from ..reading.brackets import ClusterReader
from ..reading.files import read_files
from ..reading.lines import Line, is_decoded, not_this_format, read_lines
from ..reading.tags import BEGINS_WITH_I, is_tag, spans_of_tags

ENTITIES = Path("entities", "tsv")
COREFERENCE = Path("coref", "conll")
NUMBER, WORD, BRACKETS, N_COLUMNS = 2, 3, 12, 13
MISSING_LAYER = "documents with one layer only, kept"


@dataclass
class _Tokens:
    """The tokens of one of the two files of a document."""

    words: list[str] = field(default_factory=list)
    sent_starts: list[int] = field(default_factory=list)


def read(path: Path, *, faults: FaultLog, ids: Container[str] | None = None) -> Iterator[AnnotatedDocument]:
    """Read LitBank: both layers of every document, sorted by document id.

    path (Path): The folder that holds `entities/tsv` and `coref/conll`.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only; an id is a file name without suffix.
    YIELDS (AnnotatedDocument): The documents, with `mentions` and `clusters`.
    RAISES (ConversionError): H101, H102, if the path is not such a folder.
    """
    if not path.exists():
        raise ConversionError(Errors.H101.format(path=path), faults)
    if not (path / ENTITIES).is_dir() and not (path / COREFERENCE).is_dir():
        reason = f"expected the folder that holds {ENTITIES} and {COREFERENCE}"
        raise ConversionError(Errors.H102.format(path=path, format="litbank", reason=reason), faults)
    names = {file.stem for file in (path / ENTITIES).glob("*.tsv")}
    names |= {file.stem for file in (path / COREFERENCE).glob("*.conll")}

    def read_pair(file: Path) -> Iterator[AnnotatedDocument]:
        doc = _read_document(path, file.stem, faults)
        if doc is not None:
            yield doc

    entity_files = [path / ENTITIES / f"{name}.tsv" for name in sorted(names) if ids is None or name in ids]
    files = [file if file.exists() else path / COREFERENCE / f"{file.stem}.conll" for file in entity_files]
    yield from read_files(files, read_pair, faults)


def _read_document(path: Path, name: str, faults: FaultLog) -> AnnotatedDocument | None:
    """Join the two layers of a document; None, with a fault, if a row cannot be read or the tokens differ."""
    entity_file, coref_file = path / ENTITIES / f"{name}.tsv", path / COREFERENCE / f"{name}.conll"
    tokens: _Tokens | None = None
    mentions: list[LabeledSpan] | None = None
    clusters: list[Cluster] | None = None
    if entity_file.exists():
        layer = _read_entities(entity_file, name, faults)
        if layer is None:
            return None
        tokens, mentions = layer
    if coref_file.exists():
        coref_layer = _read_coreference(coref_file, name, faults)
        if coref_layer is None:
            return None
        if tokens is not None and not _is_same(tokens, coref_layer[0], Place(coref_file, document=name), faults):
            return None
        tokens, clusters = coref_layer
    if tokens is None or not tokens.words:
        faults.skip(Place(path, document=name), "the document has no tokens", unit="document", remedy="Remove it.")
        return None
    if mentions is None or clusters is None:
        faults.note(Place(entity_file if mentions is None else coref_file, document=name), MISSING_LAYER)
    spaces = [True] * (len(tokens.words) - 1) + [False]
    return AnnotatedDocument(name, tokens.words, spaces, tokens.sent_starts, Layers(None, mentions, clusters))


def _is_same(entity_tokens: _Tokens, coref_tokens: _Tokens, place: Place, faults: FaultLog) -> bool:
    if entity_tokens == coref_tokens:
        return True
    pairs = zip(entity_tokens.words, coref_tokens.words)
    n_same = next(
        (i for i, (a, b) in enumerate(pairs) if a != b), min(map(len, (entity_tokens.words, coref_tokens.words)))
    )
    what = (
        f"the tokens or sentences differ from those in {ENTITIES} ({len(coref_tokens.words)} tokens here, "
        f"{len(entity_tokens.words)} there, the first {n_same} the same)"
    )
    faults.skip(place, what, unit="document", remedy="Take both files from the same release.")
    return False


def _read_entities(path: Path, name: str, faults: FaultLog) -> tuple[_Tokens, list[LabeledSpan]] | None:
    """Read the mentions of a document, all levels; None, with a fault, if a row cannot be read."""
    place = Place(path, document=name)
    tokens, mentions = _Tokens(), list[LabeledSpan]()
    for lines in _sentences(path, faults):
        if not tokens.words and "\t" not in lines[0].text:
            raise not_this_format(path, "litbank", "a token and tab-separated tags", lines[0], faults)
        if not is_decoded(lines, place, faults):
            return None
        rows = [line.text.removesuffix("\t").split("\t") for line in lines]
        for line, row in zip(lines, rows):
            what = ""
            if len(row) != len(rows[0]) or len(row) < 2:
                what = (
                    f"expected a token and {max(len(rows[0]) - 1, 1)} columns of tags, found {len(row)} columns in all"
                )
            elif not all(is_tag(tag) for tag in row[1:]) or not row[0]:
                what = f"expected a token and tags such as O or B-PER, found {line.text[:60]!r}"
            if what:
                faults.skip(place._replace(line=line.number), what, unit="document", remedy="Correct the row.")
                return None
        start = len(tokens.words)
        tokens.sent_starts.append(start)
        tokens.words += [row[0] for row in rows]
        for level in range(1, len(rows[0])):
            spans, repaired = spans_of_tags([row[level] for row in rows], offset=start)
            mentions += spans
            for span in repaired:
                faults.note(
                    place._replace(line=lines[span.start - start].number), BEGINS_WITH_I.format(label=span.label)
                )
    return tokens, sorted(mentions, key=lambda span: (span.start, -span.end, span.label))


def _read_coreference(path: Path, name: str, faults: FaultLog) -> tuple[_Tokens, list[Cluster]] | None:
    """Read the clusters of a document; None, with a fault, if a row cannot be read."""
    place = Place(path, document=name)
    tokens, reader = _Tokens(), ClusterReader(place, faults)
    for lines in _sentences(path, faults):
        if not is_decoded(lines, place, faults):
            return None
        if lines[0].text.startswith("#end"):
            continue
        if lines[0].text.startswith("#begin document"):
            lines = lines[1:]
        elif not tokens.words:
            raise not_this_format(path, "litbank", "#begin document (DOC); part 0", lines[0], faults)
        if lines and lines[-1].text.startswith("#end"):
            lines = lines[:-1]
        if lines:
            tokens.sent_starts.append(len(tokens.words))
        for line in lines:
            row = line.text.split("\t")
            what = ""
            if len(row) != N_COLUMNS or not row[WORD]:
                what = f"expected {N_COLUMNS} tab-separated columns (the last may be empty), found {len(row)}"
            elif not row[NUMBER].isdecimal():
                what = f"expected a token number in column {NUMBER + 1}, found {row[NUMBER]!r}"
            if what:
                remedy = "Correct the row; do not strip its trailing tab."
                faults.skip(place._replace(line=line.number), what, unit="document", remedy=remedy)
                return None
            if row[BRACKETS] not in ("", "-", "_"):
                reader.add(row[BRACKETS], len(tokens.words), line)
            tokens.words.append(row[WORD])
        reader.end_sentence()
    return tokens, reader.clusters()


def _sentences(path: Path, faults: FaultLog) -> Iterator[list[Line]]:
    """Group the lines of a file at its empty lines. A row of white space and tabs alone is empty too."""
    sentence: list[Line] = []
    for line in read_lines(path, faults):
        if line.text.strip():
            sentence.append(line)
        elif sentence:
            yield sentence
            sentence = []
    if sentence:
        yield sentence
