"""Training log with a loss column for every task."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

from spacy.training.loggers import console_logger_v3

# What the training loop calls at each step, and at the end.
Loggers = tuple[Callable[[dict[str, Any] | None], None], Callable[[], None]]


def make_console_logger(
    *, progress_bar: str | None = None, console_output: bool = True, output_file: str | Path | None = None
) -> Callable[..., Loggers]:
    """spaCy's console logger, in which `hmtl` has one loss column per task instead of one in all.

    progress_bar (str, optional): "train" or "eval".
    console_output (bool): Print the table.
    output_file (str or Path, optional): JSON lines of every row.
    """
    setup = console_logger_v3(progress_bar=progress_bar, console_output=console_output, output_file=output_file)

    def setup_printer(nlp: Any, *streams: IO[str]) -> Loggers:
        pipes: list[tuple[str, Any]] = []
        for name, pipe in nlp.pipeline:
            tasks = getattr(pipe, "tasks", None)
            pipes += [(f"{name}_{task}", pipe) for task in tasks] if tasks else [(name, pipe)]
        log_step, finalize = setup(SimpleNamespace(pipeline=pipes, config=nlp.config), *streams)

        def log_with_all_tasks(info: dict[str, Any] | None) -> None:
            if info is not None:
                # A task that was not drawn since the last row has no loss to show.
                info = {**info, "losses": {**dict.fromkeys((name for name, _ in pipes), 0.0), **info["losses"]}}
            log_step(info)

        return log_with_all_tasks, finalize

    return setup_printer
