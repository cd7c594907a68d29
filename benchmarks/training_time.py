"""How many updates training takes: all tasks in one model against one model for each.

    python benchmarks/training_time.py train configs/hmtl_trf.cfg training/time --data corpus/open --encoder FOLDER
    python benchmarks/training_time.py table training/time

Trains four models of one task each until their development score has not risen for `patience`
updates, then one model of all tasks for as many updates as the four needed together to reach
their best. `table` shows when the one model reached the best score of each of the four. The
learning rate is constant, so that no schedule ties a score to the length of its training.
What was trained before is not trained again.

Source: the training-time table of Sanh, Wolf and Ruder (2019), here on the open benchmark.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from spacy_hmtl.experiments.setups import SETUPS, setup_overrides

app = typer.Typer(add_completion=False, no_args_is_help=True)
# Task -> setup of the paper, name in the table, corpus, and the score that counts.
TASKS = {
    "ner": ("B", "names, WNUT17", "wnut17", "ents_f"),
    "emd": ("C", "mentions, LitBank", "litbank", "mentions_f"),
    "relation": ("D", "relations, CoNLL04", "conll04", "relations_last_token_f"),
    "coref": ("E", "coreference, LitBank", "litbank", "coref_f"),
}
ALL, LOG, COST = "all", "log.jsonl", "seconds.txt"
RATE, WARMUP, FOREVER = 0.001, 200, 1_000_000_000
Output = Annotated[Path, typer.Argument(help="Folder of the trainings")]


class Point(NamedTuple):
    """Development scores after some updates, in per cent."""

    step: int
    scores: dict[str, Any]


@app.command()
def train(
    config: Path,
    output: Output,
    data: Annotated[Path, typer.Option(help="Folder of the converted corpora, NAME-train.spacy and NAME-dev.spacy")],
    encoder: Annotated[str, typer.Option(help="Folder of a transformer")],
    every: Annotated[int, typer.Option(help="Updates between evaluations")] = 100,
    patience: Annotated[int, typer.Option(help="Updates without a better score that end a single task")] = 500,
    seed: int = 0,
) -> None:
    """Train four models of one task, then one of all."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    common = ["--system.seed", str(seed), "--paths.encoder", encoder, "--training.eval_frequency", str(every)]
    common += ["--training.optimizer.learn_rate.initial_rate", str(RATE)]
    common += ["--training.optimizer.learn_rate.warmup_steps", str(WARMUP)]
    common += ["--training.optimizer.learn_rate.total_steps", str(FOREVER)]
    for task, (_, _, corpus, _) in TASKS.items():
        for part in ("train", "dev"):
            common += [f"--paths.{task}_{part}", str(data / f"{corpus}-{part}.spacy")]
    for task, (setup, *_) in TASKS.items():
        limits = ["--training.patience", str(patience), "--training.max_steps", "0"]
        _train(config, output / task, [*common, *limits, *setup_overrides(SETUPS[setup].levels)])
    total = sum(best(read_log(output / task), key).step for task, (*_, key) in TASKS.items())
    _train(config, output / ALL, [*common, "--training.patience", "0", "--training.max_steps", str(total)])
    table(output)


def _train(config: Path, folder: Path, overrides: list[str]) -> None:
    if (folder / COST).exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    log = ["--training.logger.output_file", str(folder / LOG)]
    (folder / LOG).unlink(missing_ok=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = ["train", str(config), "--output", str(folder), *overrides, *log]
    subprocess.run([sys.executable, "-m", "spacy", *command], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    (folder / COST).write_text(f"{seconds:.0f}\n", encoding="utf-8")


def read_log(folder: Path) -> list[Point]:
    """Evaluations of a training, in order."""
    rows = [json.loads(line) for line in (folder / LOG).read_text(encoding="utf-8").splitlines()]
    return [Point(row["step"], row["scores"]) for row in rows if row.get("scores")]


def best(points: list[Point], key: str) -> Point:
    """The first evaluation with the highest score."""
    return max(points, key=lambda point: (point.scores[key], -point.step))


@app.command()
def table(output: Output) -> None:
    """When one model of all tasks had what each model of one task had at its best."""
    singles = {task: best(read_log(output / task), key) for task, (*_, key) in TASKS.items()}
    alone = sum(single.step for single in singles.values())
    together = [point for point in read_log(output / ALL) if point.step <= alone]
    typer.echo("| task | one task: updates to best | dev F1 | all tasks: updates until then | best dev F1 | at |")
    typer.echo("|---|---|---|---|---|---|")
    reached = []
    for task, (_, title, _, key) in TASKS.items():
        single, multi = singles[task], best(together, key)
        step = next((p.step for p in together if p.scores[key] >= single.scores[key]), None)
        reached.append(step)
        row = [title, f"{single.step:,}", f"{single.scores[key]:.1f}", f"{step:,}" if step else "not reached"]
        typer.echo("| " + " | ".join([*row, f"{multi.scores[key]:.1f}", f"{multi.step:,}"]) + " |")
    last = "not reached" if None in reached else f"{max(step for step in reached if step is not None):,}"
    typer.echo(f"| all | {alone:,} | | {last} | | |")
    for name in (*TASKS, ALL):
        steps, seconds = read_log(output / name)[-1].step, int((output / name / COST).read_text())
        typer.echo(f"{name}: {steps:,} updates, {seconds / 60:.1f} minutes of processor time with evaluations")


if __name__ == "__main__":
    app()
