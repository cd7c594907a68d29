"""The corpus formats: one file each, with a function `read` that yields `AnnotatedDocument`s.

A new format is a file of its name (with `_` for `-`) with `read(path, *, faults, ids=None, **options)` and a line
in `FORMATS`, which also says what options it takes; `convert` and its `--help` follow from
there. Nothing is imported before it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType
from typing import NamedTuple

from ...annotations import AnnotatedDocument
from ...errors import Errors
from ..faults import ConversionError

Reader = Callable[..., Iterator[AnnotatedDocument]]


class Option(NamedTuple):
    """An option of a reader: an argument of `read`, and an option of `convert`.

    about: what it does, in a line for `--help`.
    kind: bool, int or str.
    default: what the readers take where it is not given, for `--help`.
    """

    about: str
    kind: type = str
    default: bool | int | str | None = None


class Format(NamedTuple):
    """A corpus format.

    about: what it is, in a line.
    pattern: globs of the files to read where the input is a folder, with spaces between; ""
        if the reader takes the folder itself.
    options: keyword arguments of its reader beyond `faults` and `ids`. An option of the
        same name is the same in all formats.
    """

    about: str
    pattern: str
    options: dict[str, Option] = {}


_NAMES = {"names": Option("Take the typed spans as names too", bool, True)}
_TOKENIZER = {"tokenizer": Option('A language of spaCy, such as "en", or "whitespace"', str, "en")}
_ENDS = {"ends": Option("Whether the ends of token spans are inclusive or exclusive; found if not given", str)}
_OFFSETS = {
    "offsets": Option("Whether offsets count tokens in the document or in the sentence; found if not given", str)
}
_DISCONTINUOUS = {
    "discontinuous": Option("Of a span in several pieces, take the hull or the first piece, or skip it", str, "skip")
}

FORMATS = {
    "ace05": Format(
        "ACE 2005 (.apf.xml and .sgm): all four layers",
        "",
        {
            "extent": Option("What mentions are: head or full", str, "head"),
            "relation_types": Option("Labels of relations: type or subtype", str, "type"),
            "values": Option("Take values as mentions too", bool, False),
            "times": Option("Take times as mentions too", bool, False),
        },
    ),
    "bioc": Format(
        "BioC XML and JSON: mentions, relations", "*.xml *.json*", {**_NAMES, **_TOKENIZER, **_DISCONTINUOUS}
    ),
    "brat": Format(
        "brat stand-off (.ann and .txt): mentions, relations, coreference",
        "",
        {
            **_NAMES,
            **_TOKENIZER,
            "lines": Option("A line of the text is a sentence", bool, True),
            "event_arguments": Option("Make a relation of each argument of an event", bool, False),
            **_DISCONTINUOUS,
        },
    ),
    "cas": Format(
        "UIMA CAS JSON, as INCEpTION exports it: mentions, relations, coreference", "*.json", {**_NAMES, **_TOKENIZER}
    ),
    "conll2012": Format(
        "CoNLL-2012 (OntoNotes *_gold_conll): names, coreference",
        "",
        {
            "auto": Option("Take *_auto_conll files before *_gold_conll ones", bool, False),
            "empty_coref_absent": Option(
                "A document without a mention is not annotated for coreference (OntoNotes v12)", bool, False
            ),
            "empty_names_absent": Option("A document without a name is not annotated for names", bool, False),
        },
    ),
    "conll04": Format("CoNLL04 (train.txt ...): names, mentions, relations", "*.txt"),
    "crossre": Format("CrossRE, also DyGIE++ lines: names, mentions, relations", "*.json*", {**_NAMES, **_ENDS}),
    "coref-json": Format(
        "JSON lines of coreference systems (e2e, SpanBERT, PreCo, wl-coref, fastcoref): coreference, names",
        "*.json*",
        {**_NAMES, **_TOKENIZER, **_ENDS, **_OFFSETS},
    ),
    "corefud": Format("CorefUD (.conllu with Entity=): coreference, typed mentions", "*.conllu"),
    "demo": Format("our own readable format: all four layers", "*.txt"),
    "doccano": Format("doccano JSON lines: mentions, relations", "*.json*", {**_NAMES, **_TOKENIZER}),
    "dygie": Format("DyGIE++ and SciERC JSON lines: all four layers", "*.json*", {**_NAMES, **_ENDS, **_OFFSETS}),
    "gap": Format("GAP (.tsv): the name that a pronoun means", "*.tsv", _TOKENIZER),
    "gum": Format("GUM and OntoGUM (.conllu with Entity=): coreference, typed nested mentions", "*.conllu"),
    "iob": Format(
        "tokens and BIO tags, such as WNUT17: names",
        "*",
        {
            "sents_per_doc": Option("Sentences per document", int, 1),
            "word_column": Option("The column of the tokens, from 1; found if not given", int),
            "tag_column": Option("The column of the tags, from 1; found if not given", int),
        },
    ),
    "jsonl": Format("our JSON lines, as `annotate` writes them: all four layers", "*.jsonl"),
    "knowledgenet": Format("KnowledgeNet lines: relations", "*.json*", _TOKENIZER),
    "labelstudio": Format(
        "Label Studio JSON export: mentions, relations",
        "*.json*",
        {
            **_NAMES,
            **_TOKENIZER,
            "relation_label": Option("The label of arrows without one; COREF makes clusters", str),
            "predictions": Option("Read the first prediction of each task, not the annotation", bool, False),
        },
    ),
    "litbank": Format("the LitBank folder: nested mentions, coreference", ""),
    "prodigy": Format("Prodigy JSON lines: mentions, relations, coreference", "*.json*", {**_NAMES, **_TOKENIZER}),
    "pubtator": Format(
        "PubTator (BioRED, BC5CDR): mentions, relations", "*.[Pp]ub[Tt]ator *.txt", {**_NAMES, **_TOKENIZER}
    ),
    "redocred": Format("DocRED and Re-DocRED: relations between entities of documents", "*.json*", _NAMES),
    "spans": Format(
        "text with spans in the spellings of many tools: mentions, relations", "*.json*", {**_NAMES, **_TOKENIZER}
    ),
    "spert": Format("token JSON of SpERT, GLiNER, OneIE: mentions, relations", "*.json*", {**_NAMES, **_ENDS}),
    "webanno": Format(
        "INCEpTION (WebAnno TSV 3, CAS JSON): mentions, relations, coreference", "*.tsv", {**_NAMES, **_TOKENIZER}
    ),
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
    reader: Reader = _module(name).read
    return reader


def normalize_id(name: str, text: str) -> str:
    """Turn a line of a list of ids into an id, as the format's own lists need it.

    name (str): The name of the format.
    text (str): The line.
    RETURNS (str): The id; the line itself where the format has no function `normalize_id`.
    RAISES (ConversionError): H121, if there is no format of that name.
    """
    get_format(name)
    normalize = getattr(_module(name), "normalize_id", str)
    return str(normalize(text))


def _module(name: str) -> ModuleType:
    return import_module(f"{__name__}.{name.replace('-', '_')}")
