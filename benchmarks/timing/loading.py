"""Import and load: what of the time until a pipeline is ready is Python's, torch's, spaCy's, and ours."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from timing.options import Output
from timing.report import describe, save, surroundings, table

SCRIPT = Path(__file__).with_name("start.py")
LOAD = {
    "pipeline": "{pipeline}",
    "all": "{all:.2f}",
    "CPU": "{cpu:.2f}",
    "Python": "{python:.2f}",
    "torch": "{torch:.2f}",
    "spaCy": "{spacy:.2f}",
    "others' modules": "{other:.2f}",
    "spaCy's load": "{spacy_load:.2f}",
    "our modules": "{our_modules:.2f}",
    "our load": "{our_load:.2f}",
    "ours in all": "{ours:.2f}",
}


def load(
    pipelines: Annotated[list[str], typer.Argument(help="Folders or installed packages")],
    rounds: Annotated[int, typer.Option(help="The median counts")] = 5,
    output: Output = None,
) -> None:
    """Seconds from the start of Python to a loaded pipeline, in fresh processes that take turns."""
    machine = surroundings()
    found: dict[str, list[dict[str, float]]] = {pipeline: [] for pipeline in pipelines}
    with tempfile.TemporaryDirectory() as folder:
        lists = {pipeline: str(Path(folder) / f"{i}.json") for i, pipeline in enumerate(pipelines)}
        for pipeline, modules in lists.items():
            _start("modules", pipeline, modules)
        for _ in range(rounds):
            for pipeline, modules in lists.items():
                found[pipeline].append(_start("plain", pipeline) | _start("steps", pipeline, modules))
    rows: list[dict[str, Any]] = []
    for pipeline, starts in found.items():
        medians = {key: statistics.median(start[key] for start in starts) for key in starts[0]}
        rows.append({"pipeline": Path(pipeline).name, **medians})
    typer.echo(f"{describe(machine)}; seconds, median of {rounds} interleaved rounds\n")
    typer.echo(table(LOAD, rows))
    save(output, "load", rows, machine)


def _start(*arguments: str) -> dict[str, float]:
    way, *rest = arguments
    command = [sys.executable, str(SCRIPT), way, str(time.perf_counter()), *rest]
    result = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(result.stdout.strip().splitlines()[-1])
