"""The corpus formats: one file each, with a function `read` that yields `AnnotatedDocument`s.

A new format is a file with `read(path, *, faults, ids=None, **options)` and a line
in `FORMATS`. Nothing is imported before it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import NamedTuple

from ...annotations import AnnotatedDocument
from ...errors import Errors
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
    "ace05": Format(
        "ACE 2005 (.apf.xml and .sgm): all four layers",
        "",
        ("extent", "relation_types", "values", "times"),
    ),
    "brat": Format(
        "brat stand-off (.ann and .txt): mentions, relations, coreference", "", ("names", "tokenizer", "lines")
    ),
    "conll2012": Format(
        "CoNLL-2012 (OntoNotes *_gold_conll): names, coreference",
        "",
        ("auto", "empty_coref_absent", "empty_names_absent"),
    ),
    "conll04": Format("CoNLL04 (train.txt ...): names, mentions, relations", "*.txt"),
    "crossre": Format("CrossRE, also DyGIE++ lines: names, mentions, relations", "*.json*", ("names",)),
    "corefud": Format("CorefUD (.conllu with Entity=): coreference, typed mentions", "*.conllu"),
    "demo": Format("our own readable format: all four layers", "*.txt"),
    "doccano": Format("doccano JSON lines: mentions, relations", "*.json*", ("names", "tokenizer")),
    "dygie": Format("DyGIE++ and SciERC JSON lines: all four layers", "*.json*", ("names",)),
    "gum": Format("GUM and OntoGUM (.conllu with Entity=): coreference, typed nested mentions", "*.conllu"),
    "iob": Format("tokens and BIO tags, such as WNUT17: names", "*", ("sents_per_doc", "word_column", "tag_column")),
    "jsonl": Format("our JSON lines, as `annotate` writes them: all four layers", "*.jsonl"),
    "labelstudio": Format("Label Studio JSON export: mentions, relations", "*.json*", ("names", "tokenizer")),
    "litbank": Format("the LitBank folder: nested mentions, coreference", ""),
    "prodigy": Format("Prodigy JSON lines: mentions, relations, coreference", "*.json*", ("names", "tokenizer")),
    "redocred": Format("DocRED and Re-DocRED: relations between entities of documents", "*.json*", ("names",)),
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


def normalize_id(name: str, text: str) -> str:
    """Turn a line of a list of ids into an id, as the format's own lists need it.

    name (str): The name of the format.
    text (str): The line.
    RETURNS (str): The id; the line itself where the format has no function `normalize_id`.
    RAISES (ConversionError): H121, if there is no format of that name.
    """
    get_format(name)
    normalize = getattr(import_module(f"{__name__}.{name}"), "normalize_id", str)
    return str(normalize(text))
