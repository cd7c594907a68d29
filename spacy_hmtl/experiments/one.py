"""One run: trained by spaCy's own loop, then scored. `python -m spacy_hmtl.experiments.one FOLDER`.

A run is a process of its own, so that runs share nothing but the cache of a frozen encoder. What it is stands in the
folder's `run.json` and `config.cfg`; what came of it in `result.json`, which is there only when all is done.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock
from spacy import util
from spacy.cli._util import setup_gpu
from spacy.language import Language
from spacy.scorer import Scorer
from spacy.training.initialize import init_nlp
from spacy.training.loop import train

from ..annotate.arguments import Given
from ..annotate.gold import annotate_examples, give_gold_mentions, make_examples
from ..annotate.pipelines import load_pipeline
from ..annotations.layers import LAYERS
from ..files import write_json
from ..training.record import read_record, surroundings
from .documents import OWN, Tables, document_tables
from .plan import BEST, LOG

RUN, CONFIG, RESULT, MODEL = "run.json", "config.cfg", "result.json", "model-best"
TRAINED = "trained.json"
JOINT = "joint"


def run_one(folder: Path) -> None:
    """Train and score the run of a folder, unless that was done; go on where it was killed.

    folder (Path): With `run.json` and `config.cfg`.
    """
    # Another process may still be at it whose parent was killed.
    with FileLock(folder / ".lock"):
        if (folder / RESULT).is_file():
            return
        task = json.loads((folder / RUN).read_text(encoding="utf-8"))
        if task["gpu_id"] >= 0:
            setup_gpu(task["gpu_id"], silent=True)
        began = time.perf_counter()
        is_kept = (folder / TRAINED).is_file() and (folder / MODEL).is_dir()
        nlp = load_pipeline(str(folder / MODEL)) if is_kept else _train(folder, task["gpu_id"])
        trained = json.loads((folder / TRAINED).read_text(encoding="utf-8"))
        record = read_record(folder / LOG)
        rows = {key: _score(nlp, folder / BEST, record, task["tests"], gold) for key, gold in task["rows"].items()}
        if task["keep"] and not is_kept:
            _take(nlp.get_pipe("hmtl"), folder / BEST / f"{JOINT}.model")
            nlp.to_disk(folder / MODEL)
        curves = [row for row in record if row["kind"] in ("scores", "updates")]
        seconds = time.perf_counter() - began
        write_json(folder / RESULT, {**trained, "rows": rows, "curves": curves, "seconds_with_scoring": seconds})


def _train(folder: Path, gpu_id: int) -> Language:
    """The pipeline after its training, by spaCy's own loop, and what the training was like in a file."""
    nlp = init_nlp(util.load_config(folder / CONFIG), use_gpu=gpu_id)
    train(nlp, None, use_gpu=gpu_id)
    pipe: Any = nlp.get_pipe("hmtl")
    # From here on scores are no part of the training.
    pipe.replay = None
    record = read_record(folder / LOG)
    trained = {
        "updates": pipe.progress.n_updates,
        "steps": max(row["step"] for row in record),
        "seconds": max(row["seconds"] for row in record),
        "processor_seconds": time.process_time(),
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "surroundings": surroundings(),
    }
    write_json(folder / TRAINED, trained)
    return nlp


def _take(pipe: Any, path: Path) -> None:
    pipe.model.from_bytes(path.read_bytes())


class _Scored(NamedTuple):
    """What came of files: scores by key, those by type, and counts of documents by score."""

    scores: dict[str, float]
    documents: Tables
    types: dict[str, Any]


def _score(
    nlp: Language, best: Path, record: list[dict[str, Any]], tests: dict[str, dict[str, str]], gold: bool
) -> dict[str, Any]:
    """Scores of the joint checkpoint and of each task's own best one, with counts of documents.

    tests (dict): By part and task, files.
    gold (bool): Cluster gold mentions.
    """
    pipe: Any = nlp.get_pipe("hmtl")
    steps = best_steps(record, pipe.tasks)
    scores: dict[str, float] = {}
    documents: Tables = {}
    types: dict[str, Any] = {}
    for part, files in tests.items():
        joint = _score_files(nlp, pipe, best / f"{JOINT}.model", files, gold)
        found = [("joint", joint)]
        for task in files:
            if steps[task] == steps[JOINT]:
                found.append(("own", _of_task(joint, task)))
            else:
                path = best / f"{OWN[task]}.model"
                found.append(("own", _score_files(nlp, pipe, path, {task: files[task]}, gold)))
        for name, own in found:
            scores |= {f"{name}_{part}_{key}": value for key, value in own.scores.items()}
            documents |= {f"{name}_{part}_{key}": table for key, table in own.documents.items()}
            types |= {f"{name}_{part}_{key}": value for key, value in own.types.items()}
    return {"scores": scores, "documents": documents, "types": types, "steps": steps}


def _score_files(nlp: Language, pipe: Any, model: Path, files: dict[str, str], gold: bool) -> _Scored:
    """Scores of one checkpoint; of each file only the tasks that it is for."""
    _take(pipe, model)
    configured = pipe.cfg["gold_mentions_key"]
    found = _Scored({}, {}, {})
    for path in dict.fromkeys(files.values()):
        tasks = [task for task in files if files[task] == path]
        examples = make_examples(nlp, Given(Path(path)))
        pipe.cfg["gold_mentions_key"] = None
        if gold:
            give_gold_mentions([pipe], examples)
        annotate_examples(nlp, examples, batch_size=32)
        # They were made on the gold mentions already.
        pipe.cfg["gold_mentions_key"] = None
        prefixes = tuple(f"{LAYERS[task].scores}_" for task in tasks)
        for key, value in Scorer(nlp).score(examples).items():
            if key.startswith(prefixes) and value is not None:
                (found.types if isinstance(value, dict) else found.scores)[key] = value
        found.documents.update(document_tables(examples, tasks, pipe.cfg["spans_keys"]))
    pipe.cfg["gold_mentions_key"] = configured
    return found


def _of_task(scored: _Scored, task: str) -> _Scored:
    """The part of the scores that is of one task."""
    prefix = f"{LAYERS[task].scores}_"
    return _Scored(*({k: v for k, v in part.items() if k.startswith(prefix)} for part in scored))  # type: ignore[arg-type]


def best_steps(record: list[dict[str, Any]], tasks: list[str]) -> dict[str, int]:
    """When the checkpoints were made: "joint", the last with the highest score; of each task, the first of its own.

    record (list): Lines of `training.jsonl`.
    tasks (list): Of the setup.
    RETURNS (dict): Updates made before.
    """
    rows = [row for row in record if row["kind"] == "scores"]
    highest = max(row["score"] for row in rows)
    steps = {JOINT: max(row["step"] for row in rows if row["score"] == highest)}
    for task in tasks:
        own = {row["step"]: row["scores"].get(OWN[task]) or 0.0 for row in rows}
        steps[task] = min(step for step, score in own.items() if score == max(own.values()))
    return steps


if __name__ == "__main__":
    run_one(Path(sys.argv[1]))
