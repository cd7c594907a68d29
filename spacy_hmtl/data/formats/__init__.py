"""The corpus formats: one file each, with a function `read` that yields `AnnotatedDocument`s.

A new format is a file with `read(path, *, faults, ids=None, **options)` and a line
in `FORMATS`. Nothing is imported before it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import NamedTuple

from ...errors import Errors
from ...types import AnnotatedDocument
from ..faults import ConversionError

Reader = Callable[..., Iterator[AnnotatedDocument]]


class Format(NamedTuple):
    """A corpus format.

    about: what it is, in a line.
    pattern: glob of the files to read where the input is a folder; "" if the
        reader takes the folder itself.
    options: keyword arguments of its reader beyond `faults` and `ids`.
    """

    about: str
    pattern: str
    options: tuple[str, ...] = ()


FORMATS = {
    "conll04": Format("CoNLL04 (train.txt ...): names, mentions, relations", "*.txt"),
    "demo": Format("our own readable format: all four layers", "*.txt"),
    "iob": Format("tokens and BIO tags, such as WNUT17: names", "*", ("sents_per_doc",)),
    "litbank": Format("the LitBank folder: nested mentions, coreference", ""),
}


def get_format(name: str) -> Format:
    """Look up a format.

    name (str): Its name, such as "demo".
    RETURNS (Format): What is known about it.
    RAISES (ConversionError): H121, if there is none of that name.
    """
    if name not in FORMATS:
        raise ConversionError(Errors.H121.format(format=name, known=", ".join(sorted(FORMATS))))
    return FORMATS[name]


def get_reader(name: str) -> Reader:
    """Import the reader of a format.

    name (str): Its name, such as "demo".
    RETURNS (Reader): `read(path, *, faults, ids=None, **options)`.
    RAISES (ConversionError): H121, if there is none of that name.
    """
    get_format(name)
    reader: Reader = import_module(f"{__name__}.{name}").read
    return reader
