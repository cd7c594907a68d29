"""Kills a training again and again at random moments, and compares what it ends with.

    python -m benchmarks.soak FOLDER --kills 10 --seed 0

Two trainings of a tiny pipeline on the embedded corpus, each in forks of this process and with one thread: one is
left alone, the other gets SIGKILL at random moments and is started again each time, as `spacy train` with a
checkpoint every 5 updates. Prints when it was killed, and whether model-last and model-best are equal to the bit.
"""

from __future__ import annotations

import json
import os
import random
import time
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Annotated, Any

import spacy
import torch
import typer
from spacy.cli import app as spacy_app

from spacy_hmtl.data.convert import convert
from spacy_hmtl.pipeline.checkpoint import read_checkpoint

ROOT = Path(__file__).parents[1]
TEXTS = ROOT / "assets" / "demo" / "texts" / "news.txt"
TASKS = ("ner", "emd", "relation", "coref")


def soak(
    folder: Annotated[Path, typer.Argument(help="Where both trainings are kept; new or empty.")],
    kills: Annotated[int, typer.Option(help="How often.")] = 10,
    seed: Annotated[int, typer.Option(help="Of the moments.")] = 0,
    steps: Annotated[int, typer.Option(help="Updates of a training.")] = 100,
) -> None:
    """Kill a training at random moments; it must end with the weights of one that was left alone."""
    torch.set_num_threads(1)
    convert("demo", TEXTS, folder / "train.spacy", limit=6)
    configs = {name: _write_config(folder, name, steps) for name in ("alone", "killed")}
    started = time.monotonic()
    _finish(_train(configs["alone"]))
    seconds = time.monotonic() - started
    print(f"undisturbed: {seconds:.0f} s", flush=True)
    rng, moments = random.Random(seed), list[float]()
    while len(moments) < kills:
        process = _train(configs["killed"])
        process.join(rng.uniform(1.0, 3.0) / kills * seconds)
        if process.exitcode is None:
            process.kill()
            process.join()
            moments.append(round(time.monotonic() - started - seconds, 1))
            print(f"killed at {moments[-1]} s; checkpoint of update {_update(folder / 'killed')}", flush=True)
        else:  # it has come to its end, and goes on from the last checkpoint once more
            _finish(process)
    _finish(_train(configs["killed"]))
    result = {"kills": moments} | {name: _is_equal(folder, name) for name in ("model-last", "model-best")}
    print(json.dumps(result))
    raise typer.Exit(0 if result["model-last"] and result["model-best"] else 1)


def _write_config(folder: Path, name: str, steps: int) -> Path:
    nlp = spacy.load(ROOT / "tests" / "fixtures" / "pipeline-0.1.0" / "pipeline")
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


def _train(config: Path) -> BaseProcess:
    """`spacy train`, started in a fork: imports are done."""
    process = get_context("fork").Process(target=_run, args=(config,))
    process.start()
    return process


def _run(config: Path) -> None:
    with (config.parent / "log.txt").open("a") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        spacy_app(["train", str(config), "--output", str(config.parent / "out")])


def _finish(process: BaseProcess) -> None:
    process.join()
    if process.exitcode:
        raise SystemExit(f"spacy train ended with status {process.exitcode}: see log.txt")


def _update(folder: Path) -> Any:
    """The update that the last checkpoint stands at."""
    path = folder / "checkpoint" / "checkpoint.msgpack"
    return read_checkpoint(path)["step"] if path.is_file() else 0


def _is_equal(folder: Path, name: str) -> bool:
    files = [folder / kind / "out" / name / "hmtl" / "model" for kind in ("alone", "killed")]
    return files[0].read_bytes() == files[1].read_bytes()


if __name__ == "__main__":
    typer.run(soak)
