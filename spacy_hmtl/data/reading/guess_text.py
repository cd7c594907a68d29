"""Which formats the first lines of a text file can be of."""

from __future__ import annotations

import re
from collections.abc import Sequence

_PUBTATOR = re.compile(r"[^|\t]+\|t\|")
_CONLLU_ROW = re.compile(r"\d+([-.]\d+)?(\t[^\t]*){9}$")
_XML = re.compile(r"\s*<(\?xml|!DOCTYPE|\w)")
_GAP = ("ID", "Text", "Pronoun", "Pronoun-offset", "A", "B")


def text_formats(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Say which formats a file can be of that is no JSON.

    lines (Sequence[str]): Its first lines.
    RETURNS (list): Names of formats, each with what tells; none for tables of tokens and tags, which a
        reader must look at.
    """
    filled = [line for line in lines if line.strip()]
    first = filled[0] if filled else ""
    if first.startswith("#FORMAT=WebAnno TSV 3"):
        return [("webanno", "the first line says WebAnno TSV 3")]
    if _PUBTATOR.match(first):
        return [("pubtator", "the first line is a title with |t|")]
    if all(column in first.split("\t") for column in _GAP):
        return [("gap", "its header has the columns of GAP")]
    if _XML.match(first):
        is_bioc = any("<collection" in line or "BioC" in line for line in filled[:20])
        is_ace = any("<source_file" in line or "<DOC>" in line for line in filled[:20])
        return [("bioc", "XML with a collection")] * is_bioc + [("ace05", "XML with a source file")] * is_ace
    if any(line.startswith("#begin document") for line in filled[:50]):
        return [("conll2012", "a line says #begin document")]
    if re.match(r"#doc \d+$", first):
        return [("conll04", "the first line is #doc and a number")]
    if re.match(r"#doc \S+-\d+$", first):
        return [("demo", "the first line is #doc and a name with a number")]
    return _conllu(filled)


def _conllu(filled: Sequence[str]) -> list[tuple[str, str]]:
    rows = [line for line in filled if not line.startswith("#")]
    if not rows or not all(_CONLLU_ROW.match(row) for row in rows[:50]):
        return []
    if not any("Entity=" in row.rpartition("\t")[2] for row in rows):
        return []
    fields = next((line.partition("=")[2].strip() for line in filled if line.startswith("# global.Entity")), "")
    name = "corefud" if fields.startswith("eid") else "gum"
    return [(name, "CoNLL-U with Entity= in the last column")]
