"""CoNLL-2012: names and coreference of OntoNotes, in its layouts v4 to v12, gold or automatic.

`#begin document (ID); part NNN`, then a row per token, split at blanks or tabs, an
empty line after each sentence, `#end document`. Columns: document, part, token number,
word, part of speech, parse, lemma, frameset, sense, speaker, name, as many predicate
arguments as the sentence has predicates, coreference. A part is a document.

Of tables with other columns the tokens and the coreference are read: the column of tokens
follows that of the token numbers, the coreference is last (CoNLL-U under `#begin document`,
tables of three to five columns, OntoGUM's). A document whose columns cannot be told is a fault.

Not annotated for names: a name column of `-` or `_` alone; of `*` alone in the genre
`pt` (the Bible has no names annotated in OntoNotes). Elsewhere `*` says "no name here",
unless `empty_names_absent` asks to take a document without a single name as not annotated.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from pathlib import Path
from typing import NamedTuple

from ...annotations import AnnotatedDocument, Layers
from ...files import files_below
from ..faults import FaultLog, Place
from ..reading.brackets import ClusterReader
from ..reading.coref_table import NOTHING, CorefRow, read_rows
from ..reading.files import check_exists, check_found, read_files
from ..reading.lines import not_this_format, read_lines, split_at_headers
from ..reading.name_brackets import NameReader

HEADER = re.compile(r"#\s*begin document\b\s*\(?(.*?)\)?\s*;?(?:\s*part\s+(\d+))?\s*$")
LONGEST = 200  # tokens of a sentence
UNNAMED_GENRE = "pt"
UNNAMED = f"documents of the genre {UNNAMED_GENRE} without a name, marked as not annotated for names"
NO_MENTION = "documents without a coreference mention, kept as annotated (OntoNotes v12: see --empty-coref-absent)"
NO_NAME = "documents without a name, kept as annotated for names (see --empty-names-absent)"
NO_SENTENCES = f"documents without sentence ends, and with more than {LONGEST} tokens: of unknown sentences"
OTHER_KIND = "files left out, since the folder has a {kind} file of the same document"
# AllenNLP and its forerunners write these two tokens of OntoNotes without the slash, HMTL too.
_NORMALISED = {"/.": ".", "/?": "?"}
_FILE_NAME = re.compile(r"(.*?)(?:[._]v\d+)?[._](gold|auto)_conll$")


class _Absent(NamedTuple):
    """Which layers a document is not annotated for if they are empty."""

    coref: bool
    names: bool


def read(
    path: Path,
    *,
    faults: FaultLog,
    ids: Container[str] | None = None,
    auto: bool = False,
    empty_coref_absent: bool = False,
    empty_names_absent: bool = False,
) -> Iterator[AnnotatedDocument]:
    """Read a file or a folder of CoNLL-2012 files.

    path (Path): A file, or a folder with files named `*_conll` or `*.conll`, at any depth.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only; an id is `ID` (all its parts) or `ID_N` (part N).
    auto (bool): Where a folder has both, read `*_auto_conll`, not `*_gold_conll`.
    empty_coref_absent (bool): A document without a mention is not annotated for coreference.
    empty_names_absent (bool): A document without a name is not annotated for names.
    YIELDS (AnnotatedDocument): The documents, with `entities` and `clusters`; `meta` holds
        `document`, `part`, `genre`, and in `speakers` the speaker of each token.
    RAISES (ConversionError): H101, H128, if there is no file; H102, if a file has no such header.
    """
    check_exists(path, faults)
    files = _files(path, "auto" if auto else "gold", faults) if path.is_dir() else [path]
    absent = _Absent(empty_coref_absent, empty_names_absent)
    yield from read_files(files, lambda file: _read_file(file, faults, ids, absent), faults)


def normalize_id(text: str) -> str:
    """Turn a line of a file list into an id: `data/.../annotations/ID.v4_gold_conll` is ID.

    text (str): The line.
    RETURNS (str): The id, of a document or of a part.
    """
    match = _FILE_NAME.fullmatch(text)
    name = match.group(1) if match else text
    return name.rpartition("annotations/")[2]


def _files(folder: Path, kind: str, faults: FaultLog) -> list[Path]:
    """List the files of a folder, one per document where gold and automatic ones lie side by side."""
    chosen: dict[tuple[Path, str], Path] = {}
    for file in files_below(folder, "*conll"):
        match = _FILE_NAME.fullmatch(file.name)
        if match is None and file.suffix != ".conll":
            continue
        key = file.parent, match.group(1) if match else file.name
        if key not in chosen:
            chosen[key] = file
            continue
        takes_over = match is not None and match.group(2) == kind
        faults.note(Place(chosen[key] if takes_over else file), OTHER_KIND.format(kind=kind))
        if takes_over:
            chosen[key] = file
    check_found(list(chosen.values()), folder, "*gold_conll, *auto_conll or *.conll", faults)
    return list(chosen.values())


def _read_file(
    path: Path, faults: FaultLog, ids: Container[str] | None, absent: _Absent
) -> Iterator[AnnotatedDocument]:
    for block in split_at_headers(read_lines(path, faults), HEADER):
        header = HEADER.match(block[0].text)
        if header is None:
            first = next(line for line in block if line.text.strip())
            raise not_this_format(path, "conll2012", "#begin document (ID); part 000", first, faults)
        document, part = header.group(1) or path.stem, header.group(2)
        name = document if part is None else f"{document}_{int(part)}"
        if ids is not None and name not in ids and document not in ids:
            continue
        place = Place(path, block[0].number, name)
        sentences = read_rows(block, place, faults)
        if sentences is not None:
            doc = _read_document(sentences, place, faults, document)
            doc.meta["part"] = int(part or 0)
            if not doc.layers.clusters and absent.coref:
                doc.layers.clusters = None
            elif doc.layers.clusters == []:
                faults.note(place, NO_MENTION)
            if not doc.layers.entities and absent.names:
                doc.layers.entities = None
            elif doc.layers.entities == []:
                faults.note(place, NO_NAME)
            yield doc


def _read_document(sentences: list[list[CorefRow]], place: Place, faults: FaultLog, document: str) -> AnnotatedDocument:
    """Read the names and clusters of a document."""
    names, clusters = NameReader(place, faults), ClusterReader(place, faults)
    sent_starts, words, token = list[int](), list[str](), 0
    for sentence in sentences:
        sent_starts.append(token)
        for row in sentence:
            if row.name not in NOTHING:
                names.add(row.name, token, row.line)
            if row.coreference not in NOTHING:
                clusters.add(row.coreference, token, row.line)
            words.append(_NORMALISED.get(row.word, row.word))
            token += 1
        names.end_sentence()
        clusters.end_sentence()
    rows = [row for sentence in sentences for row in sentence]
    genre = document.split("/")[0] if "/" in document else ""
    spaces = [True] * (token - 1) + [False]
    doc = AnnotatedDocument(place.document, words, spaces, sent_starts, layers=Layers(entities=names.spans))
    if len(sentences) == 1 and token > LONGEST:
        doc.sent_starts = None
        faults.note(place, NO_SENTENCES)
    doc.meta.update(document=document, genre=genre)
    if any(row.speaker for row in rows):
        doc.meta["speakers"] = [row.speaker for row in rows]
    if all(row.coreference == "_" for row in rows):
        doc.layers.clusters = None
    else:
        doc.layers.clusters = clusters.clusters()
    if all(row.name in NOTHING for row in rows):
        doc.layers.entities = None
    elif genre == UNNAMED_GENRE and all(row.name in (*NOTHING, "*") for row in rows):
        doc.layers.entities = None
        faults.note(place, UNNAMED)
    return doc
