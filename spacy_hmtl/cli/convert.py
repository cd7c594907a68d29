"""`convert`: corpus files to a `.spacy` file, with a table of what they hold."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from wasabi.printer import Printer

from ..annotations.layers import LAYERS
from ..data.convert import Report, convert
from ..data.faults import ConversionError, FaultLog
from ..data.formats import FORMATS, Option
from ..data.guess import AUTO

Command = TypeVar("Command", bound=Callable[..., None])

N_LISTED = 20
ARGUMENTS_HELP = (
    "The corpus, a file or a folder, and the .spacy file to write; before them the format of the corpus, guessed from "
    f"what it holds where none (or {AUTO}) is given: "
    + "; ".join(f"{name} ({info.about})" for name, info in FORMATS.items())
)


def with_format_options(command: Command) -> Command:
    """Give a command the options of all formats in place of its `**given`; each says which formats take it."""
    signature = inspect.signature(command, eval_str=True)
    fixed = [parameter for parameter in signature.parameters.values() if parameter.kind is not parameter.VAR_KEYWORD]
    takers: dict[str, list[str]] = {}
    for name, info in FORMATS.items():
        for key in info.options:
            takers.setdefault(key, []).append(name)
    known = {key: option for info in FORMATS.values() for key, option in info.options.items()}
    added = [_parameter(key, option, takers[key]) for key, option in known.items()]
    setattr(command, "__signature__", signature.replace(parameters=[*fixed, *added]))  # noqa: B010
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in [*fixed, *added]}
    return command


def _parameter(key: str, option: Option, takers: list[str]) -> inspect.Parameter:
    flag = f"--{key.replace('_', '-')}"
    if option.kind is bool and option.default:
        flag = f"{flag}/--no-{flag[2:]}"
    default = "" if option.default is None or option.kind is bool else f"; {option.default} if not given"
    about = f"{option.about} ({', '.join(takers)}{default})"
    kind: Any = option.kind | None
    annotation = Annotated[kind, typer.Option(flag, help=about, show_default=False)]
    return inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


@with_format_options
def convert_cli(
    arguments: Annotated[list[str], typer.Argument(help=ARGUMENTS_HELP, metavar="[FORMAT] INPUT OUTPUT.spacy")],
    ids: Annotated[Path | None, typer.Option("--ids", help="File with the ids of the documents to take")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first fault")] = False,
    limit: Annotated[int | None, typer.Option("--limit", help="Take at most N documents")] = None,
    labels: Annotated[
        Path | None, typer.Option("--labels", help="JSON file that renames, merges and drops labels, by layer")
    ] = None,
    **given: Any,
) -> None:
    """
    Convert a corpus to a .spacy file and print what it holds.

    Faults are listed with file and line and skipped; --strict stops at the first.
    The output is written at the end, in one step.

    \b
    Examples:
      python -m spacy hmtl convert annotations.jsonl corpus/mine.spacy
      python -m spacy hmtl convert demo assets/demo/texts corpus/train.spacy --ids assets/demo/splits/train.ids
      python -m spacy hmtl convert btc/a.conll corpus/names.spacy --labels labels.json
      python -m spacy hmtl convert iob wnut17train.conll corpus/ner.spacy --sents-per-doc 10
      python -m spacy hmtl convert litbank litbank corpus/coref.spacy --ids litbank/splits/train.ids
      python -m spacy hmtl convert conll04 train.txt corpus/relations.spacy --strict
      python -m spacy hmtl convert conll2012 v4/data/train/data/english/annotations corpus/ontonotes.spacy
      python -m spacy hmtl convert ace05 ace_2005_td_v7/data/English corpus/ace.spacy --ids train.txt --extent head
      python -m spacy hmtl convert gum ontogum/dep corpus/gum.spacy --ids ontogum/splits/train.ids
      python -m spacy hmtl convert brat my-project corpus/mine.spacy --tokenizer en --no-names
      python -m spacy hmtl convert dygie scierc/train.json corpus/scierc.spacy
    """
    if not 2 <= len(arguments) <= 3:
        raise typer.BadParameter(f"expected [FORMAT] INPUT OUTPUT.spacy, found {len(arguments)} arguments")
    format, input_path, output_path = arguments if len(arguments) == 3 else (AUTO, *arguments)
    if format == AUTO and input_path in FORMATS and not Path(input_path).exists():
        raise typer.BadParameter(f"expected INPUT and OUTPUT.spacy after the format {input_path}, found {output_path}")
    msg = Printer()
    options = {name: value for name, value in given.items() if value is not None}
    try:
        report = convert(format, input_path, output_path, ids=ids, strict=strict, limit=limit, labels=labels, **options)
    except ConversionError as error:
        print_log(msg, error.log)
        msg.fail(str(error), exits=1)
    if report.reason:
        msg.info(f"Read as {report.format}: {report.reason}")
    print_report(msg, report)
    print_log(msg, report.log)
    msg.good(f"Wrote {report.n_documents:,} documents to {report.output}")


def print_report(msg: Printer, report: Report) -> None:
    """Print the counts of a conversion: sizes, then each layer by label."""
    sizes = [("Documents", report.n_documents), ("Sentences", report.n_sentences), ("Tokens", report.n_tokens)]
    rows = [("", name, f"{count:,}") for name, count in sizes]
    for layer in (row.field for row in LAYERS.values()):
        if not report.annotated[layer]:
            rows.append((layer, "not annotated", ""))
            continue
        counts = report.labels[layer]
        if layer == "clusters":
            rows.append((layer, f"all ({report.annotated[layer]:,} documents annotated)", f"{counts['clusters']:,}"))
            rows += [("", name, f"{counts[name]:,}") for name in ("singletons", "mentions")]
            continue
        rows.append((layer, f"all ({report.annotated[layer]:,} documents annotated)", f"{sum(counts.values()):,}"))
        rows += [("", label, f"{count:,}") for label, count in counts.most_common()]
    msg.table(rows, header=("Layer", "Label", "Count"), aligns=("l", "l", "r"), divider=True)


def print_log(msg: Printer, log: FaultLog) -> None:
    """Print what was repaired or kept, the first faults, and how much was skipped."""
    for kind, count in log.n_noted().items():
        first = next(note.place for note in log.notes if note.kind == kind)
        msg.info(f"{count:,} {kind} (the first: {first})")
    for fault in log.faults[:N_LISTED]:
        msg.warn(str(fault))
    if len(log.faults) > N_LISTED:
        msg.warn(f"... and {len(log.faults) - N_LISTED:,} more faults")
    if log.faults:
        skipped = ", ".join(f"{count:,} {unit}{'s' if count > 1 else ''}" for unit, count in log.n_skipped().items())
        faults = f"{len(log.faults):,} fault{'s' if len(log.faults) > 1 else ''}"
        msg.warn(f"{faults}; skipped: {skipped}. Use --strict to stop at the first.")
