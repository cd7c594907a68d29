"""Arguments and options that several benchmarks take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Pipeline = Annotated[str, typer.Argument(help="Folder or installed package")]
Sentences = Annotated[Path, typer.Argument(help="Documents with sentence boundaries (.spacy)")]
Rounds = Annotated[int, typer.Option(help="The fastest counts")]
Output = Annotated[Path | None, typer.Option(help="Result file (JSON)")]
