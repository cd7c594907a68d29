"""`data-check`: what a `.spacy` corpus holds in the four layers, and what several of them share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from wasabi.printer import Printer

from ..data.statistics import FIELDS, LABELLED, MIN_SENTENCE, N_EXAMPLES, SPAN_LAYERS, check_files
from .common import fail, save_json

Json = dict[str, Any]
Row = tuple[str, Callable[[Json], object]]
TOKENIZER_HELP = 'The language whose tokens the spans should align with; "whitespace": do not look'


def data_check_cli(
    paths: Annotated[list[Path], typer.Argument(help=".spacy files, or folders of them", metavar="FILE.spacy...")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="JSON file for the report")] = None,
    tokenizer: Annotated[str, typer.Option("--tokenizer", "-t", help=TOKENIZER_HELP)] = "en",
) -> None:
    """
    Report labels, nesting, lengths, pairs, clusters and misaligned spans of a corpus, and what its splits share.

    A span is misaligned if it has a boundary inside a token that the tokenizer makes of the text; a pipeline that gets
    plain text cannot find it. Documents are the same if they differ in white space and case only.

    \b
    Examples:
      python -m spacy hmtl data-check corpus/train.spacy
      python -m spacy hmtl data-check corpus/train.spacy corpus/dev.spacy corpus/test.spacy --output check.json
    """
    msg = Printer()
    try:
        report = check_files(paths, tokenizer=tokenizer)
    except (ValueError, OSError) as error:
        fail(error)
    files = report["files"]
    _print_table(msg, "Corpus", _sizes(), files)
    for layer in LABELLED:
        labels = sorted({label for file in files for label in file["labels"][layer]})
        if labels:
            _print_table(msg, f"Labels: {layer}", [_label_row(layer, label) for label in labels], files)
    for layer in SPAN_LAYERS:
        if any(file["annotated_documents"][layer] for file in files):
            title = "Spans: mentions of clusters" if layer == "clusters" else f"Spans: {layer}"
            _print_table(msg, title, _span_rows(layer), files)
    for layer, rows in (("clusters", _cluster_rows()), ("relations", _relation_rows())):
        if any(file["annotated_documents"][layer] for file in files):
            _print_table(msg, layer.capitalize(), rows, files)
    _print_doubts(msg, files)
    _print_overlap(msg, report)
    if output is not None:
        save_json(output, report, "the report")


def _print_table(msg: Printer, title: str, rows: Sequence[Row], files: Sequence[Json]) -> None:
    """Print a table with a column for each file."""
    table = [(name, *(_format(value(file)) for file in files)) for name, value in rows]
    aligns = ("l", *("r" for _ in files))
    msg.table(table, header=(title, *(Path(file["path"]).name for file in files)), aligns=aligns, divider=True)


def _format(value: object) -> str:
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _percent(part: float) -> str:
    return f"{100 * part:.1f} %"


def _sizes() -> list[Row]:
    def annotated(layer: str) -> Row:
        return f"  annotated for {layer}", lambda file: file["annotated_documents"][layer]

    return [
        ("documents", lambda file: file["documents"]),
        *(annotated(layer) for layer in FIELDS),
        ("  without any layer", lambda file: file["documents_without_layers"]),
        ("  without sentence boundaries", lambda file: file["documents_without_sentences"]),
        ("  same text as an earlier one", lambda file: file["repeated_texts"]["documents"]),
        ("  same id as an earlier one", lambda file: file["repeated_ids"]["documents"]),
        ("sentences", lambda file: file["sentences"]),
        ("tokens", lambda file: file["tokens"]),
    ]


def _label_row(layer: str, label: str) -> Row:
    return label or "(no label)", lambda file: file["labels"][layer].get(label, 0)


def _span_rows(layer: str) -> list[Row]:
    def spans(file: Json) -> Json:
        counts: Json = file["spans"][layer]
        return counts

    return [
        ("all", lambda file: spans(file)["count"]),
        ("tokens per span, mean", lambda file: spans(file)["length"]["mean"]),
        ("  median", lambda file: spans(file)["length"]["median"]),
        ("  90 % up to", lambda file: spans(file)["length"]["p90"]),
        ("  longest", lambda file: spans(file)["length"]["max"]),
        ("nested in another", lambda file: spans(file)["nested"]),
        ("  deepest level", lambda file: max(spans(file)["depths"], default=0)),
        ("pairs that cross", lambda file: spans(file)["crossing_pairs"]),
        ("same extent as another", lambda file: spans(file)["repeated"]),
        ("across a sentence end", lambda file: spans(file)["across_sentences"]),
        ("misaligned with the tokenizer", lambda file: spans(file)["misaligned"]),
        ("  share", lambda file: _percent(spans(file)["misaligned_share"])),
    ]


def _cluster_rows() -> list[Row]:
    return [
        ("all", lambda file: file["clusters"]["count"]),
        ("singletons", lambda file: file["clusters"]["singletons"]),
        ("mentions per cluster, mean", lambda file: file["clusters"]["size"]["mean"]),
        ("  median", lambda file: file["clusters"]["size"]["median"]),
        ("  90 % up to", lambda file: file["clusters"]["size"]["p90"]),
        ("  largest", lambda file: file["clusters"]["size"]["max"]),
    ]


def _relation_rows() -> list[Row]:
    return [
        ("all", lambda file: file["relations"]["count"]),
        ("across sentences", lambda file: file["relations"]["across_sentences"]),
        ("of a span with itself", lambda file: file["relations"]["to_itself"]),
        ("pairs with several relations", lambda file: file["relations"]["pairs_with_several"]),
        ("pairs of mentions in a sentence", lambda file: file["relations"]["pairs"]),
        ("  with a relation", lambda file: _percent(file["relations"]["related_share"])),
        ("pairs per sentence, mean", lambda file: file["relations"]["pairs_per_sentence"]["mean"]),
        ("  90 % up to", lambda file: file["relations"]["pairs_per_sentence"]["p90"]),
        ("  most", lambda file: file["relations"]["pairs_per_sentence"]["max"]),
    ]


def _print_doubts(msg: Printer, files: Sequence[Json]) -> None:
    """Warn of what looks like a slip of the conversion: no layer, a layer without a row, tokens that are none."""
    for file in files:
        path, n_documents = file["path"], file["documents"]
        if file["documents_without_layers"] == n_documents:
            msg.warn(f"{path}: no document has any layer: nothing can be learnt from it, and nothing scored")
        for layer in file["empty_layers"]:
            n_annotated = f"{file['annotated_documents'][layer]:,} of {n_documents:,} documents"
            msg.warn(
                f"{path}: {layer} are annotated in {n_annotated}, but there are none at all: is the layer missing?"
            )
        for what, found in file["tokens_that_are_no_text"].items():
            names = _listed(found["examples"], found["documents"])
            msg.warn(f"{path}: {what} in the place of tokens ({names}): was a wrong column taken for the words?")


def _print_overlap(msg: Printer, report: Json) -> None:
    """Say which documents, sentences and labels are in one file and in another: a line for each kind, with examples."""
    repeated = [file for file in report["files"] if file["repeated_texts"]["documents"]]
    if repeated:
        n_documents = sum(file["repeated_texts"]["documents"] for file in repeated)
        examples = [(file["path"], names) for file in repeated for names in file["repeated_texts"]["examples"]]
        shown = [f"{path}: {_listed(names, len(names), ' = ')}" for path, names in examples]
        n_texts = sum(file["repeated_texts"]["texts"] for file in repeated)
        msg.warn(f"{n_documents:,} documents have the text of an earlier one of their file ({_listed(shown, n_texts)})")
    _print_ids(msg, report)
    shared = [pair for pair in report["overlap"] if pair["documents"] or pair["sentences"]]
    if shared:
        shared.sort(key=lambda pair: (-pair["documents"], -pair["sentences"]))
        shown = [_shared(pair) for pair in shared]
        of = f"{len(shared):,} of {len(report['overlap']):,} pairs of files share"
        msg.warn(f"{of} documents or sentences of {MIN_SENTENCE} tokens or more: {_listed(shown, len(shown))}")
    elif report["overlap"]:
        msg.good(f"The files share no document and no sentence of {MIN_SENTENCE} tokens or more")
    for layer in LABELLED:
        pairs = [
            (*pair["files"], pair["new_labels"][layer]) for pair in report["overlap"] if layer in pair["new_labels"]
        ]
        shown = [
            f"{second} has labels that {first} lacks: {', '.join(labels)}" for first, second, labels in pairs if labels
        ]
        if shown:
            msg.warn(f"New labels ({layer}): {_listed(shown, len(shown))}")


def _print_ids(msg: Printer, report: Json) -> None:
    """Say which ids several documents have, in a file and across files."""
    repeated = [file for file in report["files"] if file["repeated_ids"]["documents"]]
    shown = [
        f"{file['path']}: {_listed(file['repeated_ids']['examples'], file['repeated_ids']['ids'], ', ')}"
        for file in repeated
    ]
    if repeated:
        n_documents = sum(file["repeated_ids"]["documents"] for file in repeated)
        msg.warn(
            f"{n_documents:,} documents have the id of an earlier one of their file ({_listed(shown, len(shown))})"
        )
    pairs = [pair for pair in report["overlap"] if pair["ids"]]
    shown = [
        f"{' and '.join(pair['files'])}, {pair['ids']:,} ids ({_listed(pair['id_examples'], pair['ids'], ', ')})"
        for pair in pairs
    ]
    if pairs:
        of = f"{len(pairs):,} of {len(report['overlap']):,} pairs of files"
        msg.warn(f"{of} have documents of the same id: {_listed(shown, len(shown))}")


def _shared(pair: Json) -> str:
    first, second = pair["files"]
    examples = "; ".join(" = ".join(names) for names in pair["examples"])
    found = f"{first} and {second}, {pair['documents']:,} documents and {pair['sentences']:,} sentences"
    return f"{found} ({examples})" if examples else found


def _listed(shown: Sequence[str], total: int, separator: str = "; ") -> str:
    """The first examples, and how many more there are."""
    listed = separator.join(shown[:N_EXAMPLES])
    n_more = total - len(shown[:N_EXAMPLES])
    return f"{listed} and {n_more:,} more" if n_more > 0 else listed
