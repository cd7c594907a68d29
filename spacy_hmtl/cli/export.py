"""`export`: a `.spacy` file to a format that other tools read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from wasabi.printer import Printer

from ..data.export import EXPORTS
from ..data.export.run import export
from ..data.faults import ConversionError
from .convert import print_log, print_report

FORMAT_HELP = "The format to write: " + "; ".join(f"{name} ({info.about})" for name, info in EXPORTS.items())


def export_cli(
    format: Annotated[str, typer.Argument(help=FORMAT_HELP, metavar="FORMAT")],
    input_path: Annotated[Path, typer.Argument(help="A .spacy file, or a folder of them", metavar="INPUT.spacy")],
    output_path: Annotated[
        Path, typer.Argument(metavar="OUTPUT", help="The file to write; for brat a new or empty folder")
    ],
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first thing the format cannot hold")] = False,
) -> None:
    """
    Write a .spacy file in another format and print what was written.

    `convert` reads the output back to the same annotation. The output appears when it is complete.

    \b
    Examples:
      python -m spacy hmtl export conll corpus/test.spacy key.conll
      python -m spacy hmtl export brat corpus/dev.spacy brat/dev
      python -m spacy hmtl export jsonl predictions.spacy predictions.jsonl
      python -m spacy hmtl export dygie corpus/train.spacy train.json
    """
    msg = Printer()
    try:
        report = export(format, input_path, output_path, strict=strict)
    except ConversionError as error:
        print_log(msg, error.log)
        msg.fail(str(error), exits=1)
    print_report(msg, report)
    print_log(msg, report.log)
    msg.good(f"Read {report.n_documents:,} documents, wrote {report.output}")
