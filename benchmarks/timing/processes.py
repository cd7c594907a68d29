"""`nlp.pipe` with worker processes beside one process: how the work, and the start of the workers, add up."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from timing.options import Output, Pipeline, Rounds, Sentences
from timing.report import describe, save, surroundings, table

COLUMNS = {
    "processes": "{processes}",
    "started by": "{method}",
    "threads in each": "{threads}",
    "texts": "{texts:,}",
    "words a text": "{words_a_text:.0f}",
    "words/s": "{words_per_s:,.0f}",
    "of one process": "{of_one:.2f}",
    "wall s": "{wall_s:.1f}",
    "CPU s": "{cpu_s:.1f}",
    "CPU / wall": "{cpu_per_wall:.2f}",
}


def processes(
    pipeline: Pipeline,
    data: Sentences,
    texts: Annotated[str, typer.Option(help="Numbers of texts, and of sentences in each")] = "100:1,10000:1,500:20",
    n_process: Annotated[int, typer.Option(help="Worker processes")] = 2,
    methods: Annotated[str, typer.Option(help="How Python starts them: fork, spawn, forkserver")] = "fork,spawn",
    batch_size: Annotated[int, typer.Option(help="Texts that a worker is given at a time")] = 500,
    rounds: Rounds = 3,
    output: Output = None,
) -> None:
    """Words per second of `nlp.pipe(texts, n_process=N)`, the start of the workers included, and of one process."""
    machine = surroundings()
    ways: list[tuple[int, str, int]] = [(1, "", 1), (1, "", 2)]
    ways += [(n_process, method, 1) for method in methods.split(",")]
    rows: list[dict[str, Any]] = []
    for number in texts.split(","):
        found: dict[tuple[int, str, int], list[dict[str, Any]]] = {way: [] for way in ways}
        for _ in range(rounds):
            for way in ways:
                found[way].append(_measure(pipeline, data, number, batch_size, *way))
        best = {way: min(results, key=lambda row: row["wall_s"]) for way, results in found.items()}
        for row in best.values():
            row["of_one"] = best[ways[0]]["wall_s"] / row["wall_s"]
        rows += best.values()
    typer.echo(f"{describe(machine)}; fastest of {rounds} interleaved rounds\n")
    typer.echo(table(COLUMNS, rows))
    save(output, "processes", rows, machine)


def _measure(
    pipeline: str, data: Path, texts: str, batch_size: int, n_process: int, method: str, threads: int
) -> dict[str, Any]:
    """One reading, in a process that nothing else has happened in."""
    arguments = [_absolute(pipeline), data.absolute(), texts, batch_size, n_process, method, threads]
    command = [sys.executable, "-m", "timing.processes", *map(str, arguments)]
    folder = Path(__file__).parents[1]
    result = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=folder)
    return json.loads(result.stdout.strip().splitlines()[-1])


def _absolute(pipeline: str) -> str:
    """A folder by its whole path; the name of a package as it is."""
    return str(Path(pipeline).absolute()) if Path(pipeline).exists() else pipeline


def read(arguments: Sequence[str]) -> dict[str, Any]:
    """Load the pipeline, warm it up, and time one pass over the texts."""
    import multiprocessing
    import os

    import spacy
    import torch

    from spacy_hmtl.data.docbin import read_docs

    pipeline, data, sizes, batch_size, n_process, method, threads = arguments
    torch.set_num_threads(int(threads))
    multiprocessing.set_start_method(method or None)
    nlp = spacy.load(pipeline)
    sents = [sent.text for doc in read_docs(Path(data), nlp) for sent in doc.sents]
    n_texts, n_sents = map(int, sizes.split(":"))
    found = [" ".join(sents[start : start + n_sents]) for start in range(0, len(sents), n_sents)]
    texts = [found[i % len(found)] for i in range(n_texts)]
    list(nlp.pipe(texts[:50]))
    wall, cpu = time.perf_counter(), os.times()
    n_words = sum(map(len, nlp.pipe(texts, n_process=int(n_process), batch_size=int(batch_size))))
    spent, now = time.perf_counter() - wall, os.times()
    # The workers have ended, so that their time is counted as that of children.
    seconds = sum(now[:4]) - sum(cpu[:4])
    row = {"processes": int(n_process), "method": method, "threads": int(threads), "texts": len(texts)}
    row |= {"words_a_text": n_words / len(texts)}
    row |= {"wall_s": spent, "cpu_s": seconds, "cpu_per_wall": seconds / spent}
    return row | {"words_per_s": n_words / spent}


# Workers that are not forked import this file under another name.
if __name__ == "__main__":
    typer.echo(json.dumps(read(sys.argv[1:])))
