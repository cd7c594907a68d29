"""Tables of tokens and tags: which column holds what, and their rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ...errors import Errors
from ..faults import ConversionError, FaultLog
from .columns import (
    are_phrases,
    counts_up,
    is_no_token,
    is_tags,
    labels_of,
    language_prefix,
    misfit_of_number,
    misfit_of_words,
)
from .lines import Line, not_this_format
from .tags import is_tag

PROOF = 20_000  # lines of a file that prove its layout; of the others each row is checked
INNER = "files with outer and inner tags: the outer are names, both are mentions"
UNREAD = "files with further columns, not read ({columns})"
PREFIXED = "files whose tokens have the prefix {prefix!r}, taken off"
DOCUMENT_START = "-DOCSTART-"
_NEW_DOCUMENT = re.compile(r"#\s*newdoc\b")
_OTHER_FORMAT = re.compile(r"#\s*(begin document|doc \S+$)")
_TITLES = {
    *("#", "id", "index", "sentence", "token", "tokens", "word", "words", "form", "text", "pos", "pos_tag", "chunk"),
    *("tag", "tags", "label", "labels", "ner", "ner_tag", "ner_tags", "ner-tag", "iob", "bio", "entity", "entities"),
}


# Of each sentence, the rows with their columns.
Sentences = list[list[tuple[Line, list[str]]]]


class Table(NamedTuple):
    """The layout of a table: the columns (from 0; -1 for none) of what is read.

    n_columns: columns of a row.
    number, word, tag, inner: of the token number, the token, its tag, its tag of inner names.
    prefix: what stands before each token, such as "en:".
    unread: the other columns that hold something.
    """

    n_columns: int
    number: int
    word: int
    tag: int
    inner: int = -1
    prefix: str = ""
    unread: Sequence[int] = ()


class Row(NamedTuple):
    """A token with its tags; `inner` is "O" where the table has no inner names. `number` is -1 if it has none."""

    word: str
    tag: str
    inner: str
    number: int
    line: int


def find_table(
    path: Path, lines: Sequence[Line], word_column: int | None, tag_column: int | None, faults: FaultLog
) -> Table | None:
    """Prove the layout of a table by its first lines.

    path (Path): The file.
    lines (Sequence[Line]): Its first lines.
    word_column, tag_column (int | None): Columns that were asked for, from 1.
    faults (FaultLog): The faults found until then.
    RETURNS (Table | None): The layout; None if there is no row.
    RAISES (ConversionError): H102, if no column holds tags; H150, if the columns cannot be told.
    """
    opening = next((line for line in lines if line.text.strip()), None)
    sentences = _rows(lines)
    if opening is None or not sentences:
        return None
    sample = _Sample(path, sentences, faults)
    tags = [k for k in range(sample.n_columns) if is_tags(sample.values(k))]
    is_other = _OTHER_FORMAT.match(opening.text) is not None
    if is_other or sample.n_columns < 2 or not (tags or tag_column):
        line = opening if is_other else sample.line
        raise not_this_format(path, "iob", "a token and a tag such as O or B-PER", line, faults)
    sample.check_asked("--word-column", word_column)
    sample.check_asked("--tag-column", tag_column)
    number, word = sample.number_and_word(tags)
    word = word if word_column is None else word_column - 1
    number = -1 if number == word else number
    tag, inner = (tag_column - 1, -1) if tag_column else sample.tags(word, number, tags)
    if word_column is None:
        sample.check_words(word)
    unread = [k for k in range(sample.n_columns) if k not in (number, word, tag, inner)]
    unread = [k for k in unread if len(set(sample.values(k))) > 1]
    return Table(sample.n_columns, number, word, tag, inner, language_prefix(sample.values(word)), unread)


class _Sample:
    """The first rows of a table, of those that have as many columns as most."""

    def __init__(self, path: Path, sentences: Sentences, faults: FaultLog) -> None:
        rows = [row for sentence in sentences for _, row in sentence]
        self.n_columns = Counter(map(len, rows)).most_common(1)[0][0]
        fitting = ([pair for pair in sentence if len(pair[1]) == self.n_columns] for sentence in sentences)
        self._sentences = [sentence for sentence in fitting if sentence]
        self._path, self._faults = path, faults
        self.line = self._sentences[0][0][0]

    def column(self, k: int) -> list[list[str]]:
        """The values of a column, sentence by sentence."""
        return [[row[k] for _, row in sentence] for sentence in self._sentences]

    def values(self, k: int) -> list[str]:
        """The values of a column."""
        return [row[k] for sentence in self._sentences for _, row in sentence]

    def number_and_word(self, tags: Sequence[int]) -> tuple[int, int]:
        """The columns of the token numbers (-1 for none) and of the tokens; `tags` are those that hold tags."""
        for k in range(self.n_columns - 1):
            if counts_up(self.column(k)) and (self.n_columns > 2 or len(self.values(k)) > 1):
                return k, k + 1
            if not misfit_of_words(self.column(k)):
                break
        return (-1, 1) if self.n_columns == 2 and list(tags) == [0] else (-1, 0)

    def tags(self, word: int, number: int, tags: Sequence[int]) -> tuple[int, int]:
        """The columns of the tags and of the tags of inner names (-1 for none)."""
        labels = {k: labels_of(self.values(k)) for k in tags if k != word}
        names = [k for k in labels if not are_phrases(labels[k])] or list(labels)[-1:]
        if not names:
            holds = f"column {number + 1} counts the tokens, but " if number >= 0 else ""
            raise self._refuse(f"{holds}no column beside that of the tokens ({word + 1}) holds tags", "--tag-column")
        first, last = names[0], names[-1]
        if len(names) == 1:
            return first, -1
        if number >= 0 and len(names) == 2 and last == first + 1:
            return first, last
        if labels[last] and not any(labels[last] & labels[k] for k in names[:-1]) and last == self.n_columns - 1:
            return last, -1
        found = " and ".join(str(k + 1) for k in names)
        raise self._refuse(f"the columns {found} hold tags, and any of them could be the names", "--tag-column")

    def check_asked(self, option: str, column: int | None) -> None:
        """Refuse a column that was asked for and is not there."""
        if column is not None and column > self.n_columns:
            raise self._refuse(f"there is no column {column}, the rows have {self.n_columns}", option)

    def check_words(self, word: int) -> None:
        """Refuse a table whose column of tokens holds something else."""
        what = misfit_of_words(self.column(word))
        if what:
            raise self._refuse(f"column {word + 1} should hold the tokens, but holds {what}", "--word-column")

    def _refuse(self, reason: str, option: str) -> ConversionError:
        where = {"path": self._path, "line": self.line.number, "text": self.line.text[:60]}
        return ConversionError(Errors.H150.format(**where, reason=reason, option=option), self._faults)


def is_break(line: Line) -> bool:
    """Whether a line ends a sentence."""
    return not line.text.strip() or is_document_start(line)


def is_document_start(line: Line) -> bool:
    """Whether a line begins a document."""
    return DOCUMENT_START in columns_of(line)[:2] or _NEW_DOCUMENT.match(line.text) is not None


def columns_of(line: Line) -> list[str]:
    """The columns of a row: split at tabs, or at blanks where there is no tab."""
    return line.text.split("\t") if "\t" in line.text else line.text.split()


def is_comment(line: Line, table: Table) -> bool:
    """Whether a line within a sentence is none of its rows: a comment, or the titles of the columns."""
    columns = columns_of(line)
    return (line.text.startswith("#") and not _fits(columns, table)) or _is_header(columns)


def _fits(columns: Sequence[str], table: Table) -> bool:
    return len(columns) == table.n_columns and is_tag(columns[table.tag])


def read_row(line: Line, table: Table, before: int | None) -> Row | str:
    """Read a row, or say what is wrong with it; "" for the written form of several tokens.

    line (Line): The row.
    table (Table): The layout.
    before (int | None): The token number of the row before it in the sentence.
    """
    columns = columns_of(line)
    number = columns[table.number] if 0 <= table.number < len(columns) else ""
    if is_no_token(number):
        return ""
    if len(columns) != table.n_columns:
        some = f"{len(columns)} column{'s' if len(columns) != 1 else ''}"
        return f"expected {table.n_columns} columns as in the rows before, found {some} in {line.text[:40]!r}"
    word = columns[table.word].removeprefix(table.prefix)
    inner = columns[table.inner] if table.inner >= 0 else "O"
    if not word.strip():
        return "the token is empty"
    if not _fits(columns, table) or not is_tag(inner):
        found = inner if is_tag(columns[table.tag]) else columns[table.tag]
        return f"expected a tag such as O or B-PER in column {table.tag + 1}, found {found!r}"
    what = misfit_of_number(number, before) if table.number >= 0 else ""
    return what or Row(word, columns[table.tag], inner, int(number) if number else -1, line.number)


def _rows(lines: Sequence[Line]) -> Sentences:
    """The rows of the first lines, by sentence, without comments; rows that begin with # only if all do."""
    sentences: Sentences = [[]]
    for line in lines:
        if is_break(line):
            sentences.append([])
        elif not _is_header(columns_of(line)):
            sentences[-1].append((line, columns_of(line)))
    plain = [[pair for pair in sentence if not pair[0].text.startswith("#")] for sentence in sentences]
    return [sentence for sentence in (plain if any(plain) else sentences) if sentence]


def _is_header(columns: Sequence[str]) -> bool:
    """Whether a row holds the titles of the columns."""
    return len(columns) > 1 and all(cell.strip().lower() in _TITLES for cell in columns) and not is_tag(columns[-1])
