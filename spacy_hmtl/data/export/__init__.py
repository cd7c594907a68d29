"""The way back: `.spacy` files to formats that other tools read. One file each, with a function `write`.

A new one is a file with `write(docs, output, *, log, shown)` and a line in `EXPORTS`. What a
format cannot hold is reported; what it holds, `convert` reads back the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from spacy.tokens import Doc

from ...errors import Errors
from ..faults import ConversionError, FaultLog

Writer = Callable[..., None]


class Export(NamedTuple):
    """An export format.

    about: what it is, in a line.
    is_folder: whether it is a folder of files, not a file.
    reader: the format of `convert` that reads it back.
    """

    about: str
    is_folder: bool
    reader: str


EXPORTS = {
    "brat": Export("brat stand-off, a .txt and an .ann per document: all four layers", True, "brat"),
    "conll": Export("CoNLL-2012, as the official coreference scorer needs it: coreference, names", False, "conll2012"),
    "dygie": Export("DyGIE++ JSON lines: all four layers", False, "dygie"),
    "jsonl": Export("our JSON lines with character offsets: all four layers, confidences", False, "jsonl"),
}


def get_export(name: str) -> Export:
    """Look up an export format.

    name (str): Its name, such as "brat".
    RETURNS (Export): What is known about it.
    RAISES (ConversionError): H141, if there is none of that name.
    """
    if name not in EXPORTS:
        raise ConversionError(Errors.H141.format(format=name, known=", ".join(sorted(EXPORTS))))
    return EXPORTS[name]


def write(name: str, docs: Iterable[Doc], output: Path, *, log: FaultLog, shown: Path) -> None:
    """Write Docs in an export format.

    name (str): Its name, such as "brat".
    docs (Iterable[Doc]): The Docs; each has a name in its meta group.
    output (Path): The file, or the folder, which is there and empty.
    log (FaultLog): Takes what the format cannot hold.
    shown (Path): What messages call the output, which may be written under another name first.
    RAISES (ConversionError): H141, if there is no such format.
    """
    get_export(name)
    writer: Writer = import_module(f"{__name__}.{name}").write
    writer(docs, output, log=log, shown=shown)
