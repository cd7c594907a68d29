"""`report`: one HTML page of a training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from wasabi.printer import Printer

from ..errors import Errors
from ..files import write_text
from ..training.record import read_record
from ..visualize.report import render_report
from .common import fail

NAME = "training.jsonl"


def report_cli(
    training: Annotated[
        Path, typer.Argument(metavar="TRAINING", help="Folder of a training, with training.jsonl, or that file")
    ],
    output: Annotated[
        Path | None, typer.Argument(metavar="[OUTPUT]", help="The page; by default report.html in the folder")
    ] = None,
) -> None:
    """
    Make a page of a training: curves of loss and score, learning rate, gradient norms, time, config, data, versions.

    It is made from the file that `spacy_hmtl.ConsoleLogger.v1` writes as its `training_log`, even while the training
    runs. The page needs no network and no files beside it.

    \b
    Examples:
      python -m spacy train configs/hmtl_cpu.cfg --output training/x
        --training.logger.training_log training/x/training.jsonl
      python -m spacy hmtl report training/x
      python -m spacy hmtl report training/x/training.jsonl page.html
    """
    record = training / NAME if training.is_dir() else training
    target = output or record.with_name("report.html")
    try:
        if not record.is_file():
            raise FileNotFoundError(Errors.H666.format(path=training, name=NAME))
        try:
            lines = read_record(record)
            text = render_report(lines, f"Training {record.resolve().parent.name}")
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError, UnicodeDecodeError) as error:
            raise ValueError(Errors.H667.format(path=record, reason=error)) from error
        write_text(target, text)
    except (ValueError, OSError) as error:
        fail(error)
    Printer().good(f"Wrote {target}")
