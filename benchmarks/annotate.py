"""What `annotate` promises, measured: flat memory over 100,000 documents, and kill -9 at ten random moments.

    python benchmarks/annotate.py memory            # about 4 minutes on one core
    python benchmarks/annotate.py kills             # about 3 minutes; --suffix .spacy for the other format
    python benchmarks/annotate.py --help

The model is tiny and untrained: what is measured is the command around it. Every
document holds words that no other has, so that a vocabulary that grows would show.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

ROOT = Path(__file__).parents[1]
WORDS = "Ann Lee said she left Acme in Austin after it missed her and the company hired Ben Dell again".split()
app = typer.Typer(add_completion=False, no_args_is_help=True)

Docs = Annotated[int, typer.Option(help="Number of documents")]
Processes = Annotated[int, typer.Option(help="Worker processes")]


@app.command()
def memory(n_docs: Docs = 100_000, n_process: Processes = 1, seconds: float = 5.0) -> None:
    """Annotate many short documents and sample the memory of all processes of the command over time."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = prepare(folder, n_docs, ".jsonl", n_process, batch_size=128)
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        rows: list[tuple[float, int, float]] = []  # seconds, documents, MB
        while process.poll() is None:
            time.sleep(seconds)
            if process.poll() is None and (n_done := n_lines(folder / "out.jsonl.partial")):
                rows.append((time.perf_counter() - began, n_done, megabytes(process.pid)))
        report = process.communicate()[0].strip()
        for row in rows[:: max(1, len(rows) // 20)]:
            typer.echo("{:7.0f} s {:9,} documents {:8.0f} MB".format(*row))
        warm = [row for row in rows if row[1] >= n_docs // 10]
        first, last = (
            sum(r[2] for r in part) / len(part) for part in (warm[: len(warm) // 4], warm[-len(warm) // 4 :])
        )
        typer.echo(report)
        typer.echo(f"memory after the first tenth: first quarter {first:.0f} MB, last quarter {last:.0f} MB")
        check_complete(folder / "out.jsonl", n_docs)


@app.command()
def kills(
    n_docs: Docs = 10_000,
    n_kills: int = 10,
    suffix: str = ".jsonl",
    n_process: Processes = 1,
    seed: int = 0,
) -> None:
    """Kill the command (SIGKILL) at random moments, start it again each time, and compare the outputs' bytes."""
    choose = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = prepare(folder, n_docs, suffix, n_process, batch_size=32)
        out, expected = folder / f"out{suffix}", folder / f"expected{suffix}"
        start, seconds, total = undisturbed(command, folder / f"{out.name}.partial")
        typer.echo(f"an undisturbed run takes {seconds:.1f} s, {start:.1f} s of them to its first document")
        for path in (out, errors(out)):
            os.replace(path, folder / path.name.replace("out", "expected", 1))
        n_done = 0
        for i in range(n_kills):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            partial = folder / f"{out.name}.partial"
            # Two in ten while it starts, the others while it writes. Counted in bytes, not in seconds: the
            # machine may have other work, and the run must not be done before the last kill.
            goal = n_bytes(partial) + choose.uniform(0, 1.8 * total / n_kills)
            if i % 5 == 4:
                time.sleep(choose.uniform(0, start))
            while i % 5 != 4 and process.poll() is None and n_bytes(partial) <= goal:
                time.sleep(0.005)
            if process.poll() is not None:
                break
            process.send_signal(signal.SIGKILL)
            process.wait()
            n_done += 1
            typer.echo(f"kill {i + 1}: {n_bytes(partial):,} bytes were written")
        final = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        typer.echo(final)
        same = [a.read_bytes() == b.read_bytes() for a, b in ((out, expected), (errors(out), errors(expected)))]
        left = sorted(path.name for path in folder.iterdir() if "partial" in path.name or ".tmp" in path.name)
        typer.echo(f"{n_done} kills; same output: {same[0]}; same list of errors: {same[1]}; left over: {left}")
        if not all(same) or left:
            raise typer.Exit(1)


def undisturbed(command: list[str], partial: Path) -> tuple[float, float, int]:
    """Seconds until the first document is written, and until the end; bytes of the partial output at its end."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    start, total = 0.0, 0
    while process.poll() is None:
        total = max(total, n_bytes(partial))
        start = start or (time.perf_counter() - began if total else 0.0)
        time.sleep(0.02)
    if process.returncode:
        raise typer.Exit(1)
    return start, time.perf_counter() - began, total


def n_bytes(path: Path) -> int:
    """Size of a file; 0 if it is not there."""
    try:
        return path.stat().st_size
    except FileNotFoundError:  # it may get its final name at any moment
        return 0


def prepare(folder: Path, n_docs: int, suffix: str, n_process: int, batch_size: int) -> list[str]:
    """Make a model and an input; the command that annotates it."""
    make_model(folder / "model")
    choose = random.Random(0)
    with (folder / "in.jsonl").open("w", encoding="utf-8") as file:
        for i in range(n_docs):
            text = " ".join([*choose.choices(WORDS, k=choose.randint(4, 12)), f"Name{i}x", "said", f"{i}.5", "."])
            # Ten are longer than spaCy takes, and fail.
            fails = i % max(1, n_docs // 10) == n_docs // 20
            file.write(json.dumps({"id": i, "text": "a" * 1_000_001 if fails else text}) + "\n")
    arguments = [folder / "model", folder / "in.jsonl", folder / f"out{suffix}"]
    options = ["--batch-size", batch_size, "--n-process", n_process]
    return [sys.executable, "-m", "spacy_hmtl", "annotate", *map(str, arguments + options)]


def make_model(path: Path) -> None:
    """The tiny pipeline of the tests, untrained, on disk."""
    sys.path.insert(0, str(ROOT / "tests"))
    import spacy
    from spacy.tokens import DocBin
    from tiny import DEMO, make_examples, tiny_nlp

    from spacy_hmtl.data.convert import convert

    gold = path.with_suffix(".spacy")
    convert("demo", DEMO / "texts" / "biography.txt", gold, limit=8)
    docs = DocBin().from_disk(gold).get_docs(spacy.blank("en").vocab)
    tiny_nlp(make_examples(list(docs))).to_disk(path)


def n_lines(path: Path) -> int:
    """Lines of a file; 0 if it is not there."""
    if not path.exists():
        return 0
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))


def megabytes(pid: int) -> float:
    """Resident memory of a process and its children, in MB, as Linux shows it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    pages = [int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in [pid, *children]]
    return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


def errors(path: Path) -> Path:
    return path.with_name(path.name + ".errors.jsonl")


def check_complete(path: Path, n_docs: int) -> None:
    """Every document stands once in the output or in the list of errors, in order."""
    ids = [json.loads(line)["id"] for line in path.open(encoding="utf-8")]
    failed = [json.loads(line)["index"] for line in errors(path).open(encoding="utf-8")]
    complete = sorted(ids + failed) == list(range(n_docs)) and ids == sorted(ids)
    typer.echo(f"{len(ids):,} documents and {len(failed):,} failures, complete and in order: {complete}")
    if not complete:
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
