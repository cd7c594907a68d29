"""CoNLL-U files with `Entity=` in the last column: the way GUM, OntoGUM and CorefUD write mentions and clusters."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from pathlib import Path
from typing import NamedTuple

from ...annotations import AnnotatedDocument
from ..faults import FaultLog, Place
from .entity_brackets import EntityReader
from .lines import Line, is_decoded, not_this_format, read_lines, split_at_headers
from .tags import is_tag, spans_of_tags

NAMES = "documents without Entity=, whose names are read from the last column ({key})"
NAMES_TOO = "documents whose names are read from the last column ({key}), beside Entity="
NOTHING = "documents without Entity=, and without names in the last column, taken as not annotated"
UNREAD = "documents with {key}= in the last column, which is not read"
DECLARED = "documents that declare # global.Entity and have no Entity= in the last column, taken as without mentions"
ELSEWHERE = "documents with Entity= in another column or spelling, which is not read"
TYPE_FIRST = "documents without # global.Entity, whose brackets have the type before the number, as in (person-3)"
N_COLUMNS = 10
NUMBER, WORD, MISC = 0, 1, 9
NEW_DOCUMENT = re.compile(r"#\s*newdoc\b(?:\s+id\s*=\s*(.*?))?\s*$")
_COMMENT = re.compile(r"#\s*([^=]*?)\s*=\s*(.*?)\s*$")
_NUMBER = re.compile(r"(\d+)(?:-(\d+)|\.(\d+))?$")
_OLD_BRACKETS = re.compile(r"(\(?[a-z][a-z_]*-\d+\)?)+")
_GENRES = ("meta::genre", "genre", "newdoc_genre")
_FIELDS = "global.Entity"
_NAMES = ("name", "Name", "NER", "ner", "NE", "")
# Keys of the last column that hold annotation of mentions, beside those that hold tags.
_OTHER = ("Bridge", "SplitAnte", "ClusterId", "MentionSpan", "Coref", "Mention")


class _Row(NamedTuple):
    """A token, a range of tokens (`last` is its last number) or an empty node."""

    number: int
    last: int
    is_empty: bool
    word: str
    misc: dict[str, str]
    line: Line


class _Sentence(NamedTuple):
    rows: list[_Row]
    comments: dict[str, str]


def read_conllu(
    path: Path, *, format: str, faults: FaultLog, ids: Container[str] | None = None
) -> Iterator[AnnotatedDocument]:
    """Read a CoNLL-U file with `Entity=` annotation.

    path (Path): The file; documents begin with `# newdoc`. Without it, the file is one document.
    format (str): Name of the format, for messages.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only; an id stands after `# newdoc id =`.
    YIELDS (AnnotatedDocument): The documents, with `clusters`, and with `mentions` where
        they have types; `meta` holds `genre` and `speakers` where the file says so.
    RAISES (ConversionError): H102, if the first row has not ten columns.
    """
    fields, preamble, n_unnamed, is_first = "", list[Line](), 0, True
    for block in split_at_headers(read_lines(path, faults), NEW_DOCUMENT):
        rows = [line for line in block if line.text.strip() and not line.text.startswith("#")]
        if is_first and rows:
            is_first = False
            if rows[0].text.count("\t") != N_COLUMNS - 1:
                raise not_this_format(path, format, "CoNLL-U with ten tab-separated columns", rows[0], faults)
        header = NEW_DOCUMENT.match(block[0].text)
        if header is None and not rows:
            preamble = block
            continue
        name = header.group(1) if header else None
        if not name:
            n_unnamed += 1
            name = path.stem if n_unnamed == 1 else f"{path.stem}-{n_unnamed}"
        block, preamble = preamble + block, []
        fields = next((found for line in block if (found := _fields(line))), fields)
        if ids is None or name in ids:
            doc = _read_document(block, fields, Place(path, block[0].number, name), faults)
            if doc is not None:
                yield doc
    if is_first and preamble:
        raise not_this_format(path, format, "CoNLL-U with ten tab-separated columns", preamble[0], faults)


def _fields(line: Line) -> str:
    match = _COMMENT.match(line.text)
    return match.group(2) if match and match.group(1) == _FIELDS else ""


def _read_document(block: list[Line], fields: str, place: Place, faults: FaultLog) -> AnnotatedDocument | None:
    """Read one document; None, with a fault, if a row cannot be read."""
    if not is_decoded(block, place, faults):
        return None
    sentences = _read_sentences(block, place, faults)
    if sentences is None:
        return None
    doc = AnnotatedDocument(place.document, words=[], spaces=[], sent_starts=[])
    if not fields and _type_is_first(sentences):
        faults.note(place, TYPE_FIRST)
        fields = "etype-GRP"
    reader = EntityReader(place, faults, fields)
    speakers: list[str] = []
    for sentence in sentences:
        start = len(doc.words)
        _add_tokens(doc, sentence, reader)
        speakers += [sentence.comments.get("speaker", "")] * (len(doc.words) - start)
        reader.end_sentence()
        for key in _GENRES:
            if key in sentence.comments:
                doc.meta["genre"] = sentence.comments[key]
    if not doc.words:
        faults.skip(place, "the document has no tokens", unit="document", remedy="Add rows, or remove the header.")
        return None
    doc.spaces[-1] = False
    if any(speakers):
        doc.meta["speakers"] = speakers
    doc.layers.mentions, doc.layers.clusters = reader.finish()
    if doc.layers.clusters == [] and not any("Entity" in row.misc for s in sentences for row in s.rows):
        is_elsewhere = any("entity=" in row.line.text.lower() for s in sentences for row in s.rows)
        faults.note(place, ELSEWHERE if is_elsewhere else DECLARED)
        if is_elsewhere:
            doc.layers.mentions = doc.layers.clusters = None
    read = _read_names(doc, sentences, place, faults)
    if doc.layers.clusters is None and doc.layers.entities is None:
        faults.note(place, NOTHING)
    _note_unread(sentences, read, place, faults)
    return doc


def _type_is_first(sentences: list[_Sentence]) -> bool:
    """Whether brackets are as those of GUM before 2021: a word, a hyphen, a number."""
    cells = [row.misc["Entity"] for sentence in sentences for row in sentence.rows if "Entity" in row.misc]
    return bool(cells) and all(_OLD_BRACKETS.fullmatch(cell) for cell in cells)


def _read_sentences(block: list[Line], place: Place, faults: FaultLog) -> list[_Sentence] | None:
    """Read the rows and comments of a document, grouped by sentence; None, with a fault, if a row cannot be read."""
    sentences = [_Sentence([], {})]
    for line in block:
        if not line.text.strip():
            if sentences[-1].rows:
                sentences.append(_Sentence([], {}))
        elif line.text.startswith("#"):
            if match := _COMMENT.match(line.text):
                sentences[-1].comments[match.group(1)] = match.group(2)
        else:
            row = _read_row(line, sentences[-1].rows)
            if isinstance(row, str):
                faults.skip(place._replace(line=line.number), row, unit="document", remedy="Correct the row.")
                return None
            sentences[-1].rows.append(row)
    return [sentence for sentence in sentences if sentence.rows]


def _read_row(line: Line, earlier: list[_Row]) -> _Row | str:
    """Read a row, or say what is wrong with it."""
    columns = line.text.split("\t")
    if len(columns) != N_COLUMNS:
        return f"expected {N_COLUMNS} tab-separated columns, found {len(columns)}"
    match = _NUMBER.match(columns[NUMBER])
    if match is None:
        return f"expected a token number such as 7, 7-8 or 7.1, found {columns[NUMBER]!r}"
    number, last, node = match.groups()
    if not columns[WORD]:
        return "the token is empty"
    expected = 1 + max((row.number for row in earlier if row.number == row.last and not row.is_empty), default=0)
    if last is None and node is None and int(number) != expected:
        return f"expected token number {expected}, found {number}"
    pairs = (pair.partition("=") for pair in columns[MISC].split("|"))
    misc = {key: value for key, _, value in pairs if value}
    if is_tag(columns[MISC]):
        misc[""] = columns[MISC]
    return _Row(int(number), int(last or number), node is not None, columns[WORD], misc, line)


def _read_names(doc: AnnotatedDocument, sentences: list[_Sentence], place: Place, faults: FaultLog) -> str | None:
    """Read the names that some treebanks have in the last column, as `name=B-PER`, `NER=B-PER` or a tag alone.

    RETURNS (str | None): The key that was read, "" for tags alone; None if there are no names.
    """
    rows = [[row for row in sentence.rows if row.number == row.last and not row.is_empty] for sentence in sentences]
    for key in _NAMES:
        if not any(is_tag(row.misc.get(key, "")) for sentence in rows for row in sentence):
            continue
        faults.note(
            place, (NAMES if doc.layers.clusters is None else NAMES_TOO).format(key=f"{key}=" if key else "tags")
        )
        doc.layers.entities, start = [], 0
        for sentence in rows:
            tags = [row.misc.get(key, "O") for row in sentence]
            wrong = next((row for row, tag in zip(sentence, tags) if not is_tag(tag)), None)
            if wrong is not None:
                what = f"expected a tag such as O or B-PER, found {wrong.misc[key]!r}"
                faults.skip(
                    place._replace(line=wrong.line.number), what, unit="name", remedy="Correct the last column."
                )
                tags = ["O"] * len(tags)
            doc.layers.entities += spans_of_tags(tags, offset=start)[0]
            start += len(sentence)
        return key
    return None


def _note_unread(sentences: list[_Sentence], read: str | None, place: Place, faults: FaultLog) -> None:
    """Say which annotation of the last column is not read: other mentions, and keys whose values all are tags."""
    values: dict[str, set[str]] = {}
    for row in (row for sentence in sentences for row in sentence.rows):
        for key, value in row.misc.items():
            values.setdefault(key, set()).add(value)
    for key, found in values.items():
        are_tags = found != {"O"} and all(map(is_tag, found))
        if key and key != read and (key in _OTHER or key in _NAMES or are_tags):
            faults.note(place, UNREAD.format(key=key))


def _add_tokens(doc: AnnotatedDocument, sentence: _Sentence, reader: EntityReader) -> None:
    """Add the tokens of a sentence and hand their brackets to the reader."""
    doc.sent_starts = [*(doc.sent_starts or []), len(doc.words)]
    tokens = {row.number: row for row in sentence.rows if row.number == row.last and not row.is_empty}
    no_space: dict[int, bool] = {number: "SpaceAfter" in row.misc for number, row in tokens.items()}
    for row in sentence.rows:
        if row.number < row.last:  # 7-8: the written form of the tokens 7 and 8
            inside = [n for n in range(row.number, row.last + 1) if n in tokens]
            is_split = "".join(tokens[n].word for n in inside) == row.word
            no_space.update((n, is_split) for n in inside[:-1])
            no_space.update((n, "SpaceAfter" in row.misc) for n in inside[-1:])
    for row in sentence.rows:
        if row.number < row.last:
            continue
        brackets = row.misc.get("Entity", "")
        if brackets:
            reader.add(brackets, len(doc.words), row.line, is_empty=row.is_empty)
        if not row.is_empty:
            doc.words.append(row.word)
            doc.spaces.append(not no_space[row.number])
