"""What the commands share: help texts, and how they end."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import typer
from wasabi.printer import Printer

from ..annotate.documents import is_annotated_data
from ..files import describe_error, write_json

GPU_HELP = "The GPU to use; -1 for the CPU"
INPUT_HELP = (
    "A .txt, .jsonl or .parquet (key text; id and meta are kept) or .spacy file, a folder of them, "
    '"-" for standard input, or a text (a sentence, or anything with --text)'
)
TEXT_HELP = "The input is a text, even where it looks like a path"
RUN_HELP = "Longest run of characters without white space; a text with more is refused. 0: no limit"
TOKENS_HELP = "Most tokens of a text; one with more is refused. 0: no limit"
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
