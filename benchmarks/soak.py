"""Kills a training again and again at random moments, and compares what it ends with.

    python -m benchmarks.soak FOLDER --kills 10 --seed 0

Two trainings of a tiny pipeline on the embedded corpus, in processes of their own and with one thread: one is left
alone, the other gets SIGKILL at random moments and is started again each time, as `spacy train` with a checkpoint
every 5 updates. Prints when it was killed, and whether model-last and model-best are equal to the bit.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import spacy
import typer

ROOT = Path(__file__).parents[1]
TEXTS = ROOT / "assets" / "demo" / "texts" / "news.txt"
TASKS = ("ner", "emd", "relation", "coref")


def soak(
    folder: Annotated[Path, typer.Argument(help="Where both trainings are kept; new or empty.")],
    kills: Annotated[int, typer.Option(help="How often.")] = 10,
    seed: Annotated[int, typer.Option(help="Of the moments.")] = 0,
    steps: Annotated[int, typer.Option(help="Updates of a training.")] = 120,
) -> None:
    """Kill a training at random moments; it must end with the weights of one that was left alone."""
    _convert(folder / "train.spacy")
    configs = {name: _write_config(folder, name, steps) for name in ("alone", "killed")}
    started = time.monotonic()
    _finish(_train(configs["alone"]))
    seconds = time.monotonic() - started
    print(f"undisturbed: {seconds:.0f} s", flush=True)
    rng, moments = random.Random(seed), []
    while len(moments) < kills:
        process, moment = _train(configs["killed"]), rng.uniform(0.2, 1.0) * seconds
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            moments.append(round(moment, 1))
            print(f"killed after {moments[-1]} s at update {_update(folder / 'killed')}", flush=True)
            continue
        _finish(process)  # it came to its end: begin another one from the checkpoint that is left
    _finish(_train(configs["killed"]))
    result = {"kills": moments} | {name: _is_equal(folder, name) for name in ("model-last", "model-best")}
    print(json.dumps(result))
    raise typer.Exit(0 if result["model-last"] and result["model-best"] else 1)


def _convert(path: Path) -> None:
    from spacy_hmtl.data.convert import convert

    convert("demo", TEXTS, path, limit=6)


def _write_config(folder: Path, name: str, steps: int) -> Path:
    nlp = spacy.load(ROOT / "tests" / "fixtures" / "pipeline-0.1.0" / "pipeline", exclude=["hmtl"])
    config, data = nlp.config.copy(), str(folder / "train.spacy")
    reader = {"@readers": "spacy_hmtl.MultiTaskCorpus.v1"}
    blocks = {task: {"path": data, "max_length": 60} for task in TASKS}
    config["corpora"] = {
        "train": {**reader, **blocks},
        "dev": {**reader, "share": True, **{task: {"path": data, "limit": 2} for task in TASKS}},
    }
    config["training"].update(max_steps=steps, eval_frequency=15, seed=1, patience=0, max_epochs=0, dropout=0.2)
    batcher = {"@batchers": "spacy_hmtl.TaskBatcher.v1", "size": dict.fromkeys(TASKS, 2), "seed": 1}
    config["training"]["batcher"] = {**batcher, "sampling": "proportional"}
    config["training"]["optimizer"] = {"@optimizers": "Adam.v1", "learn_rate": 0.003, "use_averages": True}
    own = folder / name
    own.mkdir(parents=True)
    checkpoint = {"@callbacks": "spacy_hmtl.Checkpoint.v1", "folder": str(own / "checkpoint"), "every": 5}
    config["training"]["before_update"] = checkpoint
    config.to_disk(own / "config.cfg")
    return own / "config.cfg"


def _train(config: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "spacy", "train", str(config), "--output", str(config.parent / "out")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with (config.parent / "log.txt").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, env=environment)


def _finish(process: subprocess.Popen[bytes]) -> None:
    if process.wait():
        raise SystemExit(f"spacy train ended with status {process.returncode}: see log.txt")


def _update(folder: Path) -> Any:
    """The update that the last checkpoint stands at."""
    from spacy_hmtl.pipeline.checkpoint import read_checkpoint

    path = folder / "checkpoint" / "checkpoint.msgpack"
    return read_checkpoint(path)["step"] if path.is_file() else 0


def _is_equal(folder: Path, name: str) -> bool:
    files = [folder / kind / "out" / name / "hmtl" / "model" for kind in ("alone", "killed")]
    return files[0].read_bytes() == files[1].read_bytes()


if __name__ == "__main__":
    typer.run(soak)
