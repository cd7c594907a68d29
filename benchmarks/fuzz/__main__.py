"""Run the fuzz; see `python -m benchmarks.fuzz --help`."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import spacy
import typer
from srsly.msgpack import msgpack_decoders, msgpack_encoders
from tqdm import tqdm

from spacy_hmtl.files import write_json

from .checks import Block
from .documents import text
from .memory import memory

ROOT = Path(__file__).parents[2]
# Documents from one look at the memory to the next.
POINT = 5_000
MODEL = ROOT / "tests" / "fixtures" / "pipeline-0.1.0" / "pipeline"


def fuzz(
    documents: Annotated[int, typer.Option(help="How many in all, those of earlier runs in FOLDER included.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Another one draws other documents.")] = 0,
    folder: Annotated[Path, typer.Option(help="Where counts and failures are kept.")] = ROOT / "output" / "fuzz",
    model: Annotated[Path, typer.Option(help="The pipeline.")] = MODEL,
    block: Annotated[int, typer.Option(help="Documents that are predicted together.")] = 250,
    share: Annotated[float, typer.Option(help="Of the documents, those that are predicted alone, too.")] = 0.1,
    threads: Annotated[str, typer.Option(help="Numbers of threads that must give the same.")] = "1,2",
) -> None:
    """Random documents through a pipeline: alone as in any batch, any number of threads, every round trip, flat memory.

    Stop it at any moment and start the same command again: it goes on after the last whole block.
    FOLDER/state.json holds the counts, FOLDER/failures.jsonl each document that failed, with its text.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"seed": seed, "block": block, "model": str(model), "threads": threads, "share": share}
    state = _state(folder / "state.json", settings)
    nlp = spacy.load(model)
    _look_up_once()
    n_threads = [int(number) for number in threads.split(",")]
    with tqdm(total=documents, initial=state["documents"], unit="docs", mininterval=5.0) as bar:
        while state["documents"] < documents:
            started, first = time.perf_counter(), state["documents"]
            drawn = [text(seed, number) for number in range(first, min(first + block, documents))]
            # Words of random texts stay in a vocabulary for good; a zone forgets them.
            with nlp.memory_zone():
                own = Block(nlp, [text for _, text in drawn], first)
                own.run(first // block, n_threads, share)
            _add(state, own, [kind for kind, _ in drawn], time.perf_counter() - started)
            if state["documents"] // POINT > first // POINT:
                state["memory"].append({"documents": state["documents"], **memory(nlp)})
            with (folder / "failures.jsonl").open("a", encoding="utf-8") as file:
                for number, check, found in own.failures:
                    kind, source = drawn[number - first]
                    row = {"number": number, "kind": kind, "check": check, "found": found, "text": source}
                    file.write(json.dumps(row) + "\n")
            write_json(folder / "state.json", state)
            bar.update(len(drawn))
    print(json.dumps(state, indent=2))
    raise typer.Exit(1 if state["failures"] else 0)


def _look_up_once() -> None:
    """Let srsly look for plug-ins of its msgpack once, not for each group of each Doc: that took half of the time."""
    for registry in (msgpack_encoders, msgpack_decoders):
        vars(registry)["get_all"] = registry.get_all().copy


def _state(path: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """Counts of earlier runs, or none."""
    if not path.is_file():
        empty: dict[str, Any] = {"documents": 0, "found": 0, "seconds": 0.0}
        return settings | empty | {"kinds": {}, "checks": {}, "failures": {}, "largest": {}, "memory": []}
    state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if other := {key: state[key] for key, value in settings.items() if state[key] != value}:
        raise SystemExit(f"{path}: holds a run with other settings ({other}). Name another --folder.")
    return state


def _add(state: dict[str, Any], block: Block, kinds: list[str], seconds: float) -> None:
    state["documents"] += len(kinds)
    state["found"] += block.n_found
    state["seconds"] = round(state["seconds"] + seconds, 1)
    failed = Counter(check for _, check, _ in block.failures)
    for key, counts in (("kinds", Counter(kinds)), ("checks", block.counts), ("failures", failed)):
        state[key] = dict(Counter(state[key]) + Counter(counts))
    for check, distance in block.largest.items():
        state["largest"][check] = max(state["largest"].get(check, 0.0), distance)


if __name__ == "__main__":
    typer.run(fuzz)
