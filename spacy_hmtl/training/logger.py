"""Training log: a loss column for every task, `-` where there is nothing to show, a bar, and a file for the report."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

from spacy.training.loggers import console_logger_v3
from tqdm import tqdm
from wasabi.printer import Printer

from ..progress import is_watched, make_bar
from .gaps import Table, open_log, row_as_json
from .new_labels import add_new_labels
from .record import Record

# What the training loop calls at each step, and at the end.
Loggers = tuple[Callable[[dict[str, Any] | None], None], Callable[[], None]]
# How much the latest update counts in the loss that the bar shows.
_LATEST = 0.2
# Rows after which scores of 0 are no longer to be expected.
_FIRST_ROWS = 3


def make_console_logger(
    *,
    progress_bar: str | None = "auto",
    console_output: bool = True,
    output_file: str | Path | None = None,
    training_log: str | Path | None = None,
    every: int = 20,
) -> Callable[..., Loggers]:
    """spaCy's console logger, in which `hmtl` has one loss column per task instead of one in all.

    `-` stands for the loss of a task that nothing was learnt of since the last row, and for a score that does not
    exist, since no development document is annotated for its task or no level finds it. SCORE is the weighted mean
    of those that do.

    Before the first update, a loaded component gets the labels that are new in the training data.

    progress_bar (str, optional): "auto" shows updates, the time left and the loss of each task on a terminal, and
        nothing elsewhere; "train" and "eval" are spaCy's bars; None shows none.
    console_output (bool): Print the table.
    output_file (str or Path, optional): JSON lines of every row, with null for what is `-`; a file that exists is
        left as it is.
    training_log (str or Path, optional): JSON lines that `hmtl report` makes a page of: config, versions, counts of
        data; losses, gradient norms and learning rate every N updates; all scores.
    every (int): Updates between two lines of `training_log`.
    """
    own_bar = progress_bar == "auto" and console_output
    setup = console_logger_v3(
        progress_bar=None if progress_bar == "auto" else progress_bar,
        console_output=console_output,
    )
    path = None if output_file is None else Path(output_file)

    def setup_printer(nlp: Any, *streams: IO[str]) -> Loggers:
        # The last moment before the first update at which the pipeline can be seen.
        add_new_labels(nlp, nlp.pipeline)
        columns = _columns(nlp.pipeline)
        pipes = [(column, pipe) for column, (_, pipe) in columns.items()]
        weights = {key: weight for key, weight in nlp.config["training"]["score_weights"].items() if weight is not None}
        table: Any = Table(streams[0] if streams else sys.stdout)
        file = open_log(path, table)
        log_step, finalize = setup(SimpleNamespace(pipeline=pipes, config=nlp.config), table, *streams[1:])
        stderr = streams[1] if len(streams) > 1 else None
        bar = _Bar(nlp, stderr) if own_bar and is_watched(stderr) else None
        first_rows = _FirstRows(nlp.config, streams[0] if streams else None) if console_output else None
        record = None if training_log is None else Record(Path(training_log), nlp, every)

        def log_with_all_tasks(info: dict[str, Any] | None) -> None:
            if record is not None:
                record.step(info)
            if info is not None:
                # A task that was not drawn since the last row has no loss to show.
                losses = {column: info["losses"].get(key, 0.0) for column, (key, _) in columns.items()}
                info = _with_gaps(info, losses, columns, weights)
                if file is not None:
                    file.write(row_as_json(info, list(columns), list(weights)) + "\n")
            if bar is not None and info is not None:
                bar.clear()
            log_step(info)
            if first_rows is not None and info is not None:
                first_rows(info, losses)
            if bar is not None:
                bar.advance(info)

        def finalize_all() -> None:
            if bar is not None:
                bar.close()
            if record is not None:
                record.close()
            finalize()
            if file is not None:
                file.close()

        return log_with_all_tasks, finalize_all

    return setup_printer


def _with_gaps(
    info: Mapping[str, Any],
    losses: Mapping[str, float],
    columns: Mapping[str, tuple[str, Any]],
    weights: Mapping[str, float],
) -> dict[str, Any]:
    """What the training loop says, with NaN where there is nothing to show.

    losses (Mapping): Of each column.
    columns (Mapping): Name of each column to the key of its loss, and its pipe.
    weights (Mapping): Of the scores that make up SCORE.
    """
    shown = {
        column: math.nan if loss == 0.0 and hasattr(columns[column][1], "tasks") else loss
        for column, loss in losses.items()
    }
    scores = info["other_scores"]
    found = sum(weight for key, weight in weights.items() if key in scores)
    score = float(info["score"]) * sum(weights.values()) / found if found else math.nan
    there = {key: scores.get(key, math.nan) for key in weights}
    return {**info, "losses": {**info["losses"], **shown}, "score": score, "other_scores": there}


class _Bar:
    """Updates of all updates, the time left, and the loss of each task, in nats per document, lately."""

    def __init__(self, nlp: Any, stream: IO[str] | None) -> None:
        self._pipes = [pipe for _, pipe in nlp.pipeline if hasattr(pipe, "latest_losses")]
        self._tasks = list(dict.fromkeys(task for pipe in self._pipes for task in pipe.tasks))
        self._losses: dict[str, float] = {}
        # Nobody knows how many updates an epoch has until it has passed.
        self._bar: tqdm[Any] = make_bar(nlp.config["training"]["max_steps"] or None, "updates", stream=stream)

    def clear(self) -> None:
        """Make room for a row of the table."""
        self._bar.clear()

    def advance(self, info: dict[str, Any] | None) -> None:
        """Count an update. info (dict, optional): That of a row of the table, whose number of updates is exact."""
        for task, loss in self._latest():
            before = self._losses.get(task, loss)
            self._losses[task] = before + _LATEST * (loss - before)
        if self._losses:
            losses = ", ".join(f"{task} {self._losses[task]:.1f}" for task in self._tasks if task in self._losses)
            self._bar.set_postfix_str(f"losses: {losses}", refresh=False)
        self._bar.update(1 if info is None else int(info["step"]) - self._bar.n)
        if info is not None:
            self._bar.refresh()

    def _latest(self) -> Iterator[tuple[str, float]]:
        for pipe in self._pipes:
            yield from pipe.latest_losses.items()

    def close(self) -> None:
        self._bar.close()


class _FirstRows:
    """Says once why the first rows of a table show 0.00, if they do."""

    def __init__(self, config: Any, stream: IO[str] | None) -> None:
        training = config["training"]
        optimizer = training["optimizer"]
        rate = optimizer.get("learn_rate")
        self._warmup = int(rate.get("warmup_steps", 0)) if isinstance(rate, dict) else 0
        self._has_averages = bool(optimizer.get("use_averages"))
        self._columns = [name for name, weight in training["score_weights"].items() if weight]
        self._stream = sys.stdout if stream is None else stream
        self._n_rows = 0

    def __call__(self, info: dict[str, Any], losses: dict[str, float]) -> None:
        self._n_rows += 1
        scores = info["other_scores"]
        zeros = [name for name in self._columns if round(100 * float(scores.get(name) or 0.0), 2) == 0.0]
        # The row before any learning explains itself by the next one.
        if self._n_rows > _FIRST_ROWS or not (zeros or 0.0 in losses.values()):
            return
        self._n_rows = _FIRST_ROWS
        text = Printer(no_print=True).info(f"0.00 in the first rows: {self._reasons(0.0 in losses.values())}")
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def _reasons(self, no_loss: bool) -> str:
        reasons = ["row 0 is before any learning"]
        if no_loss:
            reasons.append("a task without a loss, -, was not drawn since the row before")
        if self._warmup:
            reasons.append(f"the learning rate rises from 0 over the first {self._warmup:,} updates")
        if self._has_averages:
            reasons.append("scores are those of averaged weights, which lag behind at first")
        return "; ".join([*reasons, "tasks on higher levels come later"]) + "."


def _columns(pipeline: list[tuple[str, Any]]) -> dict[str, tuple[str, Any]]:
    """Loss columns: name -> (key of the loss, pipe). A task's own name serves where no other pipe has it."""
    columns: dict[str, tuple[str, Any]] = {}
    taken = [name for name, _ in pipeline] + [task for _, pipe in pipeline for task in getattr(pipe, "tasks", [])]
    for name, pipe in pipeline:
        for task in getattr(pipe, "tasks", []):
            key = f"{name}_{task}"
            columns[task if taken.count(task) == 1 else key] = (key, pipe)
        if getattr(pipe, "is_trainable", False) and not hasattr(pipe, "tasks"):
            columns[name] = (name, pipe)
    return columns
