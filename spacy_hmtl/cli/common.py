"""What the commands share: help texts, and how they end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from wasabi.printer import Printer

from ..annotate.documents import is_annotated_data
from ..files import describe_error, write_json

INPUT_HELP = (
    "A .txt, .jsonl or .parquet (key text; id and meta are kept) or .spacy file, a folder of them, "
    '"-" for standard input, or a text (a sentence, or anything with --text)'
)
# Arguments and options of several commands.
Model = Annotated[
    str, typer.Argument(metavar="MODEL", help="A pipeline: a folder, or the name of an installed package")
]
IsText = Annotated[bool, typer.Option("--text", help="The input is a text, even if it looks like a path")]
BatchSize = Annotated[int, typer.Option("--batch-size", "-b", help="Documents per batch", min=1)]
GpuId = Annotated[int, typer.Option("--gpu-id", "-g", help="The GPU to use; -1 for the CPU")]
MaxRun = Annotated[
    int,
    typer.Option(
        "--max-run", help="Refuse texts with more characters than this without white space; 0: no limit", min=0
    ),
]
MaxTokens = Annotated[
    int, typer.Option("--max-tokens", help="Refuse texts with more tokens than this; 0: no limit", min=0)
]
N_LISTED = 20
# Of commands that take overrides of a config.
CONTEXT = {"allow_extra_args": True, "ignore_unknown_options": True}


def check_arguments(source: str, arguments: list[str], output: str) -> bool:
    """Whether a source is a pipeline, whose input stands before the output, rather than annotated documents.

    RAISES (typer.BadParameter): If there are too few or too many arguments.
    """
    has_model = not is_annotated_data(source)
    if len(arguments) != 1 + has_model:
        expected = f"TEXT {output}" if has_model else output
        raise typer.BadParameter(f"expected {expected} after {source}, found {len(arguments)} arguments")
    return has_model


def print_failed(failed: list[str], unit: str = "document") -> None:
    """Print the first messages, and how many there are."""
    msg = Printer()
    for message in failed[:N_LISTED]:
        msg.warn(message)
    if failed:
        msg.warn(f"{len(failed):,} {unit}{'s' if len(failed) > 1 else ''} left out")


def save_json(path: Path, value: Any, what: str) -> None:
    """Write a JSON file in one step and say so, or end the command with status 1."""
    try:
        write_json(path, value)
    except OSError as error:
        fail(error)
    Printer().good(f"Wrote {what} to {path}")


def fail(error: Exception | str) -> NoReturn:
    """Print the error and end the command with status 1."""
    Printer().fail(error if isinstance(error, str) else describe_error(error))
    raise typer.Exit(1)
