"""Whole systems beside each other: words per second, memory, start."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from timing.options import Output, Rounds
from timing.report import describe, save, surroundings, table
from timing.systems import serve_system
from timing.turns import Turn

SPEED = {
    "system": "{system}",
    "threads": "{threads}",
    "words/s": "{words_per_s:,.0f}",
    "of the reference": "{of_reference:.2f}",
    "of one thread": "{of_one_thread:.2f}",
    "wall s": "{wall_s:.1f}",
    "CPU s": "{cpu_s:.1f}",
    "CPU / wall": "{cpu_per_wall:.2f}",
    "peak MB": "{peak_mb:,.0f}",
}
START = {
    "system": "{system}",
    "import and load, s": "{load_s:.1f}",
    "first sentence, ms": "{first_ms:,.0f}",
    "later sentences, ms": "{sentence_ms:,.0f}",
}


def run(
    systems: Annotated[list[str], typer.Argument(help="NAME=PATH; the name `encoder` takes a transformer's folder")],
    data: Annotated[Path, typer.Option(help="Documents with sentence boundaries (.spacy)")],
    reference: Annotated[str, typer.Option(help="Name of the system that ratios are taken to")] = "encoder",
    texts: Annotated[str, typer.Option(help="documents, sentences (one-sentence texts), or both")] = "both",
    threads: Annotated[str, typer.Option(help="Numbers of threads, with commas between them")] = "1,2",
    documents: Annotated[int | None, typer.Option(help="At most N whole documents")] = None,
    sentences: Annotated[int, typer.Option(help="N one-sentence texts")] = 10_000,
    rounds: Rounds = 3,
    output: Output = None,
) -> None:
    """Words per second, peak memory and start of systems that take turns."""
    named = dict(system.split("=", 1) for system in systems)
    if reference not in named:
        raise typer.BadParameter(f"--reference {reference} is not among the systems: {', '.join(named)}")
    kinds = ["documents", "sentences"] if texts == "both" else [texts]
    limits = {"documents": documents, "sentences": sentences}
    counts = [int(number) for number in threads.split(",")]
    machine = surroundings()
    # One process per system and number of threads: torch's threads cannot be told to go.
    turns: dict[tuple[str, int], Turn] = {}
    starts: dict[tuple[str, int], dict[str, float]] = {}
    for name, path in named.items():
        for count in counts:
            kind = "encoder" if name == "encoder" else "pipeline"
            turns[name, count] = Turn(serve_system, kind, path, str(data), limits, threads=count)
            starts[name, count] = turns[name, count].ask("start")
    typer.echo(f"{describe(machine)}; fastest of {rounds} interleaved rounds\n")
    rows: list[dict[str, Any]] = []
    for texts_kind in kinds:
        best: dict[tuple[str, int], dict[str, float]] = {}
        for _ in range(rounds):
            for key, turn in turns.items():
                spent = turn.ask(texts_kind)
                best[key] = min(best.get(key, spent), spent, key=lambda one: one["wall_s"])
        found = _rows(texts_kind, best, reference)
        n_words = next(iter(best.values()))["words"]
        typer.echo(f"{texts_kind}, {n_words:,} words\n\n{table(SPEED, found)}\n")
        rows += found
    for turn in turns.values():
        turn.stop()
    started = [{"system": n, "threads": c, **start} for (n, c), start in starts.items() if c == counts[0]]
    typer.echo(table(START, started))
    save(output, "run", rows, machine)
    save(output, "start", started, machine)


def _rows(kind: str, best: dict[tuple[str, int], dict[str, float]], reference: str) -> list[dict[str, Any]]:
    """One row per system and number of threads, with ratios to the reference and to one thread."""
    rows = []
    for (name, count), spent in best.items():
        one = best.get((name, 1))
        row = {"texts": kind, "system": name, "threads": count, **spent}
        row["words_per_s"] = spent["words"] / spent["wall_s"]
        row["of_reference"] = best[reference, count]["wall_s"] / spent["wall_s"]
        row["of_one_thread"] = one["wall_s"] / spent["wall_s"] if one and count > 1 else None
        row["cpu_per_wall"] = spent["cpu_s"] / spent["wall_s"]
        rows.append(row)
    return rows
