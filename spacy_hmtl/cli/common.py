"""What the commands share: help texts, and how they end."""

from __future__ import annotations

from typing import NoReturn

import typer
from wasabi.printer import Printer

GPU_HELP = "The GPU to use; -1 for the CPU"


def fail(error: Exception | str) -> NoReturn:
    """Print the error and end the command with status 1."""
    Printer().fail(str(error))
    raise typer.Exit(1)
