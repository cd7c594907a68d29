"""What the commands take: pipelines, and documents from .txt, .jsonl, .parquet and .spacy files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import spacy
from spacy.tokens import Doc

from ..annotations.groups import get_meta
from ..annotations.jsonl import make_meta, read_records
from ..data.docbin import count_docs, read_docs
from ..errors import Errors
from ..files import files_below
from .parquet import count_rows, read_parquet

SUFFIXES = (".txt", ".jsonl", ".parquet", ".spacy")


class Input(NamedTuple):
    """One document to annotate; plain data, so that it can travel to other processes.

    name: for messages: its id, or the file and line it comes from.
    text: the document.
    meta: what is carried to the output: the id as "name", and facts about the document.
    doc: bytes of a Doc whose tokens are kept, or None: then the text is tokenized.
    """

    name: str
    text: str
    meta: dict[str, Any]
    doc: bytes | None = None


def list_files(
    path: Path, *, suffixes: tuple[str, ...] = SUFFIXES, leave_out: tuple[Path, ...] = (), shown: str = ""
) -> list[Path]:
    """The file itself, or all that can be read below a folder, in order of their names.

    suffixes (tuple): Of the files below a folder.
    leave_out (tuple): Files that are no input although they lie there, such as the output.
    shown (str): What messages call the path, where it says nothing to the user.
    RAISES (ValueError): H101, H104, H504.
    """
    if not path.exists():
        raise FileNotFoundError(Errors.H101.format(path=path))
    if path.is_file():
        if path.suffix.lower() not in SUFFIXES:
            raise ValueError(Errors.H504.format(path=shown or path))
        return [path]
    others = {file.resolve() for file in leave_out}
    files = [f for f in files_below(path) if f.suffix.lower() in suffixes and f.resolve() not in others]
    if not files:
        raise ValueError(Errors.H104.format(path=path))
    return files


def read_inputs(path: Path, *, leave_out: tuple[Path, ...] = (), shown: str = "") -> Iterator[Input]:
    """Documents of a file or folder, one at a time.

    A .txt file is one document, a line of a .jsonl file and a row of a .parquet file one
    with the keys text, id and meta, and the Docs of a .spacy file keep their tokens.

    shown (str): What messages call the file, where its path says nothing to the user; a text has no id then.
    RAISES (ValueError): H101, H102, H104, H120, H501, H502, H504, H540, H542, H544, naming file and line.
    """
    for file in list_files(path, leave_out=leave_out):
        suffix = file.suffix.lower()
        if suffix == ".txt":
            name = file.name if path.is_file() else file.relative_to(path).as_posix()
            yield Input(shown or name, _read_text(file, shown), {} if shown else {"name": name})
        elif suffix == ".spacy":
            yield from _read_spacy(file, shown)
        else:
            yield from _read_rows(file, shown)


def count_inputs(path: Path, *, leave_out: tuple[Path, ...] = (), shown: str = "") -> int:
    """How many documents `read_inputs` gives, without making them. RAISES (ValueError): As `read_inputs`."""
    total = 0
    for file in list_files(path, leave_out=leave_out):
        suffix = file.suffix.lower()
        if suffix == ".spacy":
            total += count_docs(file, shown=shown)
        elif suffix == ".parquet":
            total += count_rows(file, shown=shown)
        elif suffix == ".jsonl":
            with file.open("rb") as lines:
                total += sum(1 for line in lines if line.strip())
        else:
            total += 1
    return total


def _read_text(file: Path, shown: str) -> str:
    """The text as it stands, so that offsets count in the file: line breaks are not translated."""
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(Errors.H120.format(path=shown or file, reason=error, encoding="latin1")) from error


def _read_spacy(file: Path, shown: str) -> Iterator[Input]:
    for i, doc in enumerate(read_docs(file, spacy.blank("xx"), shown=shown)):
        meta = get_meta(doc)
        yield Input(str(meta.get("name") or f"{shown or file}:{i + 1}"), doc.text, meta, pack_doc(doc))


def _read_rows(file: Path, shown: str) -> Iterator[Input]:
    is_parquet = file.suffix.lower() == ".parquet"
    for where, record in read_parquet(file, shown=shown) if is_parquet else read_records(file, shown=shown):
        text, meta = record.get("text"), record.get("meta")
        if not isinstance(text, str):
            found = f"the keys {', '.join(record)}" if "text" not in record else type(text).__name__
            raise ValueError(Errors.H502.format(where=where, key="text", found=found))
        name = record.get("id")
        # A meta that is no object is carried under its key.
        facts = meta if isinstance(meta, dict) or meta is None else {"meta": meta}
        yield Input(where if name is None else str(name), text, make_meta(name, facts))


def pack_doc(doc: Doc) -> bytes:
    """What a default DocBin keeps of a Doc, as bytes: no user data and no tensor."""
    return doc.to_bytes(exclude=["user_data", "user_data_keys", "user_data_values", "tensor"])
