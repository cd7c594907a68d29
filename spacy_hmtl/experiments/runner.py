"""Runs what a grid asks for and nobody has done yet: each run a process, as many at a time as wanted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import Errors
from ..files import write_json
from .grid import Grid
from .one import CONFIG, MODEL, RESULT, RUN
from .plan import BEST, CHECKPOINT, Run, for_folder
from .rows import Results, Row

_LOG = "log.txt"
_WAIT = 0.2


@dataclass(frozen=True)
class Options:
    """How runs are made; nothing here changes what comes of them.

    folder: a folder in it for each training.
    n_jobs: trainings at a time.
    n_threads: of each.
    gpu_id: -1 for the CPU.
    keep: setups whose pipelines are kept, as `model-best`.
    cache: let frozen encoders keep their vectors in a folder that all runs share.
    """

    folder: Path
    n_jobs: int = 1
    n_threads: int = 1
    gpu_id: int = -1
    keep: tuple[str, ...] = ()
    cache: bool = True


def trainings(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """Runs by their training, in the order of the first of each."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(run.training, []).append(run)
    return found


def run_all(
    grid: Grid, runs: Sequence[Run], results: Results, options: Options, say: Callable[[str], None]
) -> dict[str, Row]:
    """Make all rows of a grid that are missing. Killed at any moment, the next call goes on.

    grid (Grid): Checked.
    runs (Sequence): All of the grid.
    results (Results): Rows that are there already are not made again; new ones are added as soon as they are made.
    options (Options): How.
    say (Callable): Told what happens, a line at a time.
    RETURNS (dict): The rows of the grid's runs, by key.
    RAISES (ValueError): H664, after all others were made, if a run failed.
    """
    done = results.read()
    waiting = list(trainings(run for run in runs if not _is_done(run, done, options)).values())
    say(f"{len(runs):,} rows, {len(runs) - sum(map(len, waiting)):,} of them done; {len(waiting):,} trainings to make")
    running: dict[str, tuple[subprocess.Popen[bytes], list[Run], float]] = {}
    failed: list[str] = []
    try:
        while waiting or running:
            while waiting and len(running) < options.n_jobs:
                own = waiting.pop(0)
                say(f"{_title(own)}: begins ({own[0].training})")
                running[own[0].training] = (_start(grid, own, options), own, time.time())
            for training, (process, own, began) in list(running.items()):
                if process.poll() is None:
                    continue
                del running[training]
                folder = options.folder / training
                if process.returncode or not (folder / RESULT).is_file():
                    failed.append(f"{_title(own)} (status {process.returncode}, {folder / _LOG})")
                    say(f"{_title(own)}: failed, see {folder / _LOG}")
                    continue
                _collect(own, folder, results, options)
                say(f"{_title(own)}: done in {time.time() - began:,.0f} s; {len(waiting) + len(running):,} to go")
            time.sleep(_WAIT)
    finally:
        for process, _, _ in running.values():
            process.terminate()
    if failed:
        raise ValueError(Errors.H664.format(n=len(failed), runs="; ".join(failed)))
    done = results.read()
    return {run.key: done[run.key] for run in runs}


def _is_done(run: Run, done: dict[str, Row], options: Options) -> bool:
    """Whether a row is there, and the pipeline that is to be kept, too."""
    kept = run.setup not in options.keep or (options.folder / run.training / MODEL).is_dir()
    return run.key in done and kept


def _title(runs: Sequence[Run]) -> str:
    first = runs[0]
    axes = [own for own in (first.embeddings, first.sampling) if own != "config"]
    return ", ".join([" and ".join(run.setup for run in runs), *axes, f"seed {first.seed}"])


def _start(grid: Grid, runs: Sequence[Run], options: Options) -> subprocess.Popen[bytes]:
    """Start the process of a training."""
    first = runs[0]
    folder = options.folder / first.training
    folder.mkdir(parents=True, exist_ok=True)
    keep = any(run.setup in options.keep for run in runs)
    if keep and not (folder / MODEL).is_dir():
        (folder / RESULT).unlink(missing_ok=True)
    caches = (options.folder / "cache").resolve() if options.cache else None
    for_folder(first, folder, grid.checkpoint_every, caches).to_disk(folder / CONFIG)
    rows = {run.key: run.kind.gold_mentions for run in runs}
    if _asked_before(folder) != rows:
        (folder / RESULT).unlink(missing_ok=True)
    write_json(folder / RUN, {"rows": rows, "tests": first.tests, "gpu_id": options.gpu_id, "keep": keep})
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(options.n_threads))
    with (folder / _LOG).open("ab") as log:
        command = [sys.executable, "-m", "spacy_hmtl.experiments.one", str(folder)]
        return subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **threads})


def _asked_before(folder: Path) -> dict[str, bool] | None:
    """Rows that an earlier process of this training was asked for."""
    path = folder / RUN
    if not path.is_file():
        return None
    rows: dict[str, bool] = json.loads(path.read_text(encoding="utf-8"))["rows"]
    return rows


def _collect(runs: Sequence[Run], folder: Path, results: Results, options: Options) -> None:
    """Add the rows of a training, and remove what it needed to go on."""
    result = json.loads((folder / RESULT).read_text(encoding="utf-8"))
    results.add((_row(run, result), _details(run, result)) for run in runs)
    # The states of tasks' own best scores are kept with the pipeline, so that it can be scored again.
    for name in (CHECKPOINT,) if (folder / MODEL).is_dir() else (CHECKPOINT, BEST):
        shutil.rmtree(folder / name, ignore_errors=True)


def _row(run: Run, result: dict[str, Any]) -> Row:
    around, found = result["surroundings"], result["rows"][run.key]
    return {
        "key": run.key,
        "training": run.training,
        "setup": run.setup,
        "levels": " > ".join("+".join(level) for level in run.kind.levels),
        "gold_mentions": run.kind.gold_mentions,
        "embeddings": run.embeddings,
        "sampling": run.sampling,
        "seed": run.seed,
        "budget": run.budget,
        "steps": result["steps"],
        **{f"updates_{task}": n for task, n in result["updates"].items()},
        **{f"step_{name}": step for name, step in found["steps"].items()},
        **{key: round(value, 6) for key, value in found["scores"].items()},
        "seconds": round(result["seconds"], 1),
        "seconds_with_scoring": round(result["seconds_with_scoring"], 1),
        "processor_seconds": round(result["processor_seconds"], 1),
        "megabytes": result["megabytes"],
        **{f"version_{name}": version for name, version in around["versions"].items()},
        **around["hardware"],
        "threads": around["threads"],
        "date": around["date"],
    }


def _details(run: Run, result: dict[str, Any]) -> dict[str, Any]:
    found = result["rows"][run.key]
    return {"documents": found["documents"], "types": found["types"], "curves": result["curves"]}
