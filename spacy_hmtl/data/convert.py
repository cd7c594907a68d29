"""Corpus files to a DocBin: reads a format, counts what it holds, writes it in one piece."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import spacy
from spacy.vocab import Vocab

from ..annotations import LAYERS, AnnotatedDocument, to_doc
from ..errors import Errors
from ..files import describe_error, name_error
from .docbin import DocBinWriter
from .faults import ConversionError, FaultLog, Place
from .formats import get_format, get_reader, normalize_id
from .guess import AUTO, Guess, guess_format
from .label_map import LabelMap, read_label_map
from .reading.files import corpus_files, read_files
from .reading.lines import read_lines
from .unread import Unread

DROPPED = "{layer} labelled {label}, dropped by the label map"
UNNAMED = "{layer} labelled {label}, which the label map does not name, kept"
UNMET = "label {label} of the label map that no {layer} have"
SAME_ID = "documents with the id of an earlier one of their file, kept"
SAME_ID_ELSEWHERE = "documents with the id of one in an earlier file, kept"
WITHOUT_ARGUMENT = "relations whose argument the label map drops, dropped with it"


@dataclass
class Report:
    """What a conversion found.

    format, inputs, output: what was converted to where.
    reason: why this format was taken, where it was guessed; else "".
    n_documents, n_sentences, n_tokens: what was written.
    annotated: for each layer, the number of documents annotated for it.
    labels: for "entities", "mentions" and "relations" the count of each label; for
        "clusters" the counts of "clusters", "singletons" (among the clusters) and "mentions".
    log: faults (left out) and notes (repaired, or kept though unusual).
    """

    format: str
    inputs: list[Path]
    output: Path
    reason: str = ""
    n_documents: int = 0
    n_sentences: int = 0
    n_tokens: int = 0
    annotated: Counter[str] = field(default_factory=Counter)
    labels: dict[str, Counter[str]] = field(default_factory=lambda: {row.field: Counter() for row in LAYERS.values()})
    log: FaultLog = field(default_factory=FaultLog)

    def count(self, document: AnnotatedDocument) -> None:
        """Add a document to the counts.

        document (AnnotatedDocument): A document that is written.
        """
        self.n_documents += 1
        self.n_sentences += len(document.sent_starts or [])
        self.n_tokens += len(document.words)
        layers = document.layers
        self.annotated.update(layers.counts().keys())
        for name, counts in layers.labels().items():
            self.labels[name].update(counts)
        for cluster in layers.clusters or []:
            self.labels["clusters"].update(clusters=1, singletons=int(len(cluster) == 1), mentions=len(cluster))


def convert(
    format: str,
    input: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    ids: str | Path | None = None,
    strict: bool = False,
    limit: int | None = None,
    labels: str | Path | Mapping[str, Any] | None = None,
    **options: Any,
) -> Report:
    """Convert a corpus to a DocBin that `spacy_hmtl.MultiTaskCorpus.v1` reads.

    The output is written when all input was read, and then in one step: a
    conversion that fails leaves what was there before.

    format (str): Name of the format, see `spacy_hmtl.data.formats.FORMATS`; "auto" guesses it from what
        the first input holds.
    input (str | Path | Sequence): The corpus: a file, a folder, or several.
    output (str | Path): The `.spacy` file to write.
    ids (str | Path | None): File with the ids of the documents to take, one per line.
    strict (bool): Stop at the first fault instead of listing it and going on.
    limit (int | None): Take at most N documents.
    labels (str | Path | Mapping | None): A label map, or its JSON file, see `spacy_hmtl.data.label_map`.
    options (Any): Options of the format.
    RETURNS (Report): Counts and faults.
    RAISES (ConversionError): H101, if the input is missing; H102, if it is of another
        format; H172 and H173, if it cannot be guessed; H103, at the first fault if
        strict; H104, if no document was found; H174, if no layer of any could be read;
        H151, if nothing of a layer with faults could be read in a file;
        H120 to H125, H127 and H175, if an argument is wrong; H126, if a file cannot be read or
        written; H128, if a folder has no file of the format.
    """
    inputs = [Path(input)] if isinstance(input, (str, Path)) else [Path(path) for path in input]
    guess = guess_format(inputs[0]) if format == AUTO else Guess(format, "")
    report = Report(guess.format, inputs, Path(output), guess.reason, log=FaultLog(strict=strict))
    try:
        _check_arguments(report, limit, options)
        label_map = None if labels is None else _read_labels(labels)
        wanted = None
        if ids is not None:
            lines = read_ids(Path(ids), report.log)
            wanted = {normalize_id(report.format, text): number for text, number in lines.items()}
        _convert(report, wanted, ids, limit, label_map, options)
    except OSError as error:
        name_error(error, report.output)
        raise ConversionError(describe_error(error), report.log) from error
    return report


def _convert(
    report: Report,
    wanted: dict[str, int] | None,
    ids: str | Path | None,
    limit: int | None,
    label_map: LabelMap | None,
    options: dict[str, Any],
) -> None:
    """Read, count and write."""
    vocab, found, unread = spacy.blank("en").vocab, set[str](), Unread(report.log)
    seen: dict[str, Path | None] = {}
    with DocBinWriter(report.output) as writer:
        for document in islice(_read_all(report, wanted, options), limit):
            found.update((document.name, document.meta.get("document", "")))
            _note_same_id(document.name, seen, report)
            unread.settle(document)
            if label_map is not None:
                _map_labels(document, label_map, report)
            _add(document, writer, vocab, report)
        if not report.n_documents:
            raise ConversionError(Errors.H104.format(path=", ".join(map(str, report.inputs))), report.log)
        unread.check(", ".join(map(str, report.inputs)))
        if wanted is not None and ids is not None and limit is None:
            _report_missing_ids(wanted, found, Path(ids), report.log)
        for task, missing in (label_map.unmet() if label_map else {}).items():
            for label in missing:
                report.log.note(Place(report.inputs[0]), UNMET.format(label=label, layer=LAYERS[task].title))


def _note_same_id(name: str, seen: dict[str, Path | None], report: Report) -> None:
    """Say so where a document has the id of an earlier one: lists of ids, scores and graphs cannot tell them apart."""
    file = report.log.reading
    if name in seen:
        kind = SAME_ID if seen[name] == file else SAME_ID_ELSEWHERE
        report.log.note(Place(file or report.inputs[0], document=name), kind)
    seen.setdefault(name, file)


def _read_labels(labels: str | Path | Mapping[str, Any]) -> LabelMap:
    try:
        return read_label_map(labels)
    except ValueError as error:
        raise ConversionError(str(error)) from error


def _map_labels(document: AnnotatedDocument, label_map: LabelMap, report: Report) -> None:
    """Map the labels of a document, and note what that did."""
    place = Place(report.inputs[0], document=document.name)
    document.layers, change = label_map.apply(document.layers)
    document.meta = label_map.apply_meta(document.meta, document.layers, change)
    for kind, counts in ((DROPPED, change.dropped), (UNNAMED, change.unnamed)):
        for task, labels in counts.items():
            for label in labels.elements():
                report.log.note(place, kind.format(label=label, layer=LAYERS[task].title))
    for _ in range(change.n_relations):
        report.log.note(place, WITHOUT_ARGUMENT)


def read_ids(path: Path, log: FaultLog) -> dict[str, int]:
    """Read a list of document ids. A trailing `.tsv` is dropped, as LitBank's splits need.

    path (Path): The file, an id per line; empty lines do not count.
    log (FaultLog): Takes faults.
    RETURNS (dict[str, int]): Each id with its line number.
    RAISES (ConversionError): H101, if there is no such file; H124, if it lists none.
    """
    ids = {line.text.strip().removesuffix(".tsv"): line.number for line in read_lines(path, log) if line.text.strip()}
    if not ids:
        raise ConversionError(Errors.H124.format(path=path), log)
    return ids


def _check_arguments(report: Report, limit: int | None, options: dict[str, Any]) -> None:
    known = get_format(report.format).options
    for option in options:
        if option not in known:
            message = Errors.H122.format(format=report.format, option=option, known=", ".join(known) or "none")
            raise ConversionError(message)
    if limit is not None and limit < 1:
        raise ConversionError(Errors.H125.format(name="limit", value=limit))
    if report.output.is_dir():
        raise ConversionError(Errors.H123.format(path=report.output))
    for path in report.inputs:
        if not path.exists():
            raise ConversionError(Errors.H101.format(path=path))
        if report.output.exists() and path.samefile(report.output):
            raise ConversionError(Errors.H127.format(path=report.output))


def _read_all(report: Report, ids: dict[str, int] | None, options: dict[str, Any]) -> Iterator[AnnotatedDocument]:
    """Read every file of every input."""
    reader, pattern = get_reader(report.format), get_format(report.format).pattern
    files: list[Path] = []
    for path in report.inputs:
        found = corpus_files(path, pattern, report.log) if path.is_dir() and pattern else [path]
        if not found:
            raise ConversionError(Errors.H128.format(path=path, files=pattern), report.log)
        files += found
    yield from read_files(files, lambda file: reader(file, faults=report.log, ids=ids, **options), report.log)


def _add(document: AnnotatedDocument, writer: DocBinWriter, vocab: Vocab, report: Report) -> None:
    """Add a document to the output, or report why it does not fit on a Doc."""
    place = Place(report.inputs[0], document=document.name)
    # to_doc checks the layers; the writer cannot pack facts of a document such as numbers beyond 64 bits.
    try:
        writer.add(to_doc(document, vocab))
    except (ValueError, OverflowError) as error:
        report.log.skip(place, str(error), unit="document", remedy="Correct the annotation.")
        return
    report.count(document)


def _report_missing_ids(wanted: dict[str, int], found: set[str], path: Path, log: FaultLog) -> None:
    for name, line in wanted.items():
        if name not in found:
            what = f"the id {name} was not found in the corpus, or its document was skipped"
            log.skip(Place(path, line), what, unit="document", remedy="Correct the id, or the document.")
