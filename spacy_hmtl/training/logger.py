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
        columns = _columns(nlp.pipeline)
        pipes = [(column, pipe) for column, (_, pipe) in columns.items()]
        log_step, finalize = setup(SimpleNamespace(pipeline=pipes, config=nlp.config), *streams)

        def log_with_all_tasks(info: dict[str, Any] | None) -> None:
            if info is not None:
                # A task that was not drawn since the last row has no loss to show.
                losses = {column: info["losses"].get(key, 0.0) for column, (key, _) in columns.items()}
                info = {**info, "losses": {**info["losses"], **losses}}
            log_step(info)

        return log_with_all_tasks, finalize

    return setup_printer


def _columns(pipeline: list[tuple[str, Any]]) -> dict[str, tuple[str, Any]]:
    """Loss columns: name -> (key of the loss, pipe). A task's own name serves where no other pipe has it."""
    columns: dict[str, tuple[str, Any]] = {}
    taken = [name for name, _ in pipeline] + [task for _, pipe in pipeline for task in getattr(pipe, "tasks", [])]
    for name, pipe in pipeline:
        for task in getattr(pipe, "tasks", []):
            key = f"{name}_{task}"
            columns[task if taken.count(task) == 1 else key] = (key, pipe)
        if not hasattr(pipe, "tasks"):
            columns[name] = (name, pipe)
    return columns
