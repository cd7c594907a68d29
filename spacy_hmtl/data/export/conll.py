"""CoNLL-2012, as the official coreference scorer reads it: coreference in the last column, names in the one before.

Source of the format: conll/reference-coreference-scorers, `README.txt`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from spacy.tokens import Doc

from ...annotations import AnnotatedDocument
from ...annotations.documents import from_doc
from ...annotations.layers import extents
from ...types import LabeledSpan, MentionSpan
from ..faults import FaultLog, Place

SPACE = "tokens, labels and ids with white space or brackets, written with underscores"
JOINED = "sentence ends inside a mention, not written"
_UNWANTED = re.compile(r"\s+")
_UNWANTED_IN_LABELS = re.compile(r"[\s()*]+")


def write(docs: Iterable[Doc], output: Path, *, log: FaultLog, shown: Path) -> None:
    """Write the Docs that are annotated for coreference.

    docs (Iterable[Doc]): The Docs.
    output (Path): The file.
    log (FaultLog): Takes the Docs left out, and notes of what looks different.
    shown (Path): What they call the file.
    """
    with output.open("w", encoding="utf-8", newline="\n") as file:
        for doc in docs:
            document = from_doc(doc)
            place = Place(shown, document=document.name)
            if document.layers.clusters is None:
                what = "the document is not annotated for coreference"
                log.skip(place, what, unit="document", remedy="Export it to another format, or annotate it.")
                continue
            file.writelines(f"{line}\n" for line in to_lines(document, place, log))


def to_lines(doc: AnnotatedDocument, place: Place, log: FaultLog) -> list[str]:
    """Make the lines of a document.

    doc (AnnotatedDocument): The document, with `clusters`.
    place (Place): Where it goes, for notes.
    log (FaultLog): Takes notes.
    RETURNS (list[str]): The lines.
    """

    def clean(text: str, unwanted: re.Pattern[str] = _UNWANTED) -> str:
        cleaned = unwanted.sub("_", text)
        if cleaned != text:
            log.note(place, SPACE)
        return cleaned or "_"

    document, part = clean(str(doc.meta.get("document") or doc.name)), doc.meta.get("part") or 0
    speakers = doc.meta.get("speakers")
    if not isinstance(speakers, list) or len(speakers) != len(doc.words):
        speakers = ["-"] * len(doc.words)
    names = _name_column(doc.layers.entities, len(doc.words), lambda label: clean(label, _UNWANTED_IN_LABELS))
    clusters = _cluster_column(extents(doc.layers.clusters), len(doc.words))
    starts = _sentence_starts(doc, place, log)
    lines = [f"#begin document ({document}); part {part:03d}"]
    number = 0
    for i, word in enumerate(doc.words):
        if i in starts and i:
            lines.append("")
        number = 0 if i in starts else number + 1
        columns = [document, str(part), str(number), clean(word), "-", "-", "-", "-", "-", clean(str(speakers[i]))]
        lines.append("\t".join([*columns, names[i], clusters[i]]))
    return [*lines, "", "#end document"]


def _sentence_starts(doc: AnnotatedDocument, place: Place, log: FaultLog) -> set[int]:
    """The tokens that begin a sentence. Brackets are closed in the sentence they are opened in."""
    spans = [mention for cluster in extents(doc.layers.clusters) for mention in cluster]
    spans += [span[:2] for span in doc.layers.entities or []]
    inside = {i for start, end in spans for i in range(start + 1, end)}
    starts = {0, *(doc.sent_starts or [])}
    for _ in starts & inside:
        log.note(place, JOINED)
    return starts - inside


def _name_column(names: Sequence[LabeledSpan] | None, n_tokens: int, clean: Callable[[str], str]) -> list[str]:
    if names is None:
        return ["-"] * n_tokens
    column = ["*"] * n_tokens
    for name in names:
        label = clean(name.label)
        column[name.start] = f"({label}" + column[name.start]
        column[name.end - 1] = column[name.end - 1] + ")"
    return column


def _cluster_column(clusters: Sequence[Sequence[MentionSpan]], n_tokens: int) -> list[str]:
    """Brackets at each token: those that open, the longer first; those of one token; those that close."""
    opening: dict[int, list[tuple[int, str]]] = {}
    single: dict[int, list[str]] = {}
    closing: dict[int, list[tuple[int, str]]] = {}
    for number, cluster in enumerate(clusters):
        for start, end in cluster:
            if end - start == 1:
                single.setdefault(start, []).append(f"({number})")
                continue
            opening.setdefault(start, []).append((-end, f"({number}"))
            closing.setdefault(end - 1, []).append((-start, f"{number})"))
    column: list[str] = []
    for i in range(n_tokens):
        brackets = [text for _, text in sorted(opening.get(i, []))]
        brackets += single.get(i, [])
        brackets += [text for _, text in sorted(closing.get(i, []))]
        column.append("|".join(brackets) or "-")
    return column
