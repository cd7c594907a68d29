"""GAP (Webster et al. 2018): for a pronoun in a passage, which of two names it means, or neither.

Tab-separated, with a header: ID, Text, Pronoun, Pronoun-offset, A, A-offset, A-coref, B,
B-offset, B-coref, URL. Offsets count characters.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from pathlib import Path

from ...annotations import AnnotatedDocument
from ..faults import FaultLog, Place
from ..reading.lines import Line, is_decoded, not_this_format, read_lines
from ..reading.standoff import CharSpan, CorpusLayers, Standoff
from ..reading.standoff_build import build

COLUMNS = ("ID", "Text", "Pronoun", "Pronoun-offset", "A", "A-offset", "A-coref", "B", "B-offset", "B-coref")
UNLABELLED = "passages of which the file does not say whom the pronoun means, taken as not annotated"
_REMEDY = "Correct the row; offsets count characters (Unicode code points) of the text, from 0."
_SPANS = ("Pronoun", "A", "B")
_TRUTH = {"true": True, "false": False}


def read(
    path: Path, *, faults: FaultLog, ids: Container[str] | None = None, tokenizer: str = "en"
) -> Iterator[AnnotatedDocument]:
    """Read a file of GAP.

    Its clusters are what the corpus states and no more: the pronoun with the name it means, and
    each other name alone. Nothing else of the passage is annotated, so that
    `meta["partial"] = ["coref"]`: the scorer then looks at these three mentions only.

    path (Path): The file, such as `gap-development.tsv`.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only.
    tokenizer (str): A language of spaCy or "whitespace".
    YIELDS (AnnotatedDocument): The passages, with `clusters`.
    RAISES (ConversionError): H102, if the file is of another format; H140.
    """
    columns: list[str] = []
    for line in read_lines(path, faults):
        if not columns:
            columns = line.text.split("\t")
            if any(name not in columns for name in COLUMNS if not name.endswith("coref")):
                raise not_this_format(path, "gap", f"the columns {', '.join(COLUMNS)}", line, faults)
            continue
        if not line.text.strip():
            continue
        cells = line.text.split("\t")
        row = dict(zip(columns, cells))
        place = Place(path, line.number, row.get("ID") or f"{path.stem}-{line.number - 1}")
        if (ids is None or place.document in ids) and is_decoded([line], place, faults):
            document = _read_row(row, line, len(cells) - len(columns), place, faults)
            made = build(document, CorpusLayers(False, True, False), tokenizer, faults) if document else None
            if made is not None:
                yield made


def _read_row(row: dict[str, str], line: Line, n_more: int, place: Place, faults: FaultLog) -> Standoff | None:
    """Read a passage; None, with a fault, if a column cannot be read."""
    what = (
        f"expected as many cells as columns, found {abs(n_more)} {'more' if n_more > 0 else 'fewer'}" if n_more else ""
    )
    for name in _SPANS:
        offset = row.get(f"{name}-offset", "")
        if not what and not (offset.isascii() and offset.isdigit()):
            what = f"expected a number in the column {name}-offset, found {offset!r}"
        if not what and not row["Text"].startswith(row[name], int(offset)):
            start = int(offset)
            found = row["Text"][start : start + len(row[name])]
            what = f"the text has {found!r} at {name}-offset {start}, but the column {name} says {row[name]!r}"
    truths = [_TRUTH.get(row.get(f"{name}-coref", "").strip().lower()) for name in "AB"]
    given = [row.get(f"{name}-coref", "").strip() for name in "AB"]
    if not what and None in truths and any(given):
        what = f"expected TRUE or FALSE in the columns A-coref and B-coref, found {given}"
    if not what and truths == [True, True]:
        what = "the pronoun cannot mean both A and B"
    if what:
        faults.skip(place, what, unit="document", remedy=_REMEDY)
        return None
    spans = [
        CharSpan(
            name, int(row[f"{name}-offset"]), int(row[f"{name}-offset"]) + len(row[name]), "", line.number, row[name]
        )
        for name in _SPANS
    ]
    document = Standoff(place, row["Text"], [span._replace(layer="argument") for span in spans], layers=["clusters"])
    if None in truths:
        faults.note(place, UNLABELLED)
        document.layers = []
        return document
    meant = [name for name, truth in zip("AB", truths) if truth]
    document.groups = [(["Pronoun", *meant], line.number), *(([n], line.number) for n in "AB" if n not in meant)]
    document.meta = {"partial": ["coref"], **({"url": row["URL"]} if row.get("URL") else {})}
    return document
