"""Throughput, memory, load time and latency of whole pipelines, in interleaved rounds.

    python benchmarks/speed.py prepare FOLDER --data litbank-train.spacy --encoder ENCODER
    python benchmarks/speed.py run --data litbank-test.spacy --reference encoder \\
        encoder=ENCODER trf=training/open/model-best cpu=training/demo/model-best \\
        spacy-ner=FOLDER/ner spacy-parts=FOLDER/parts

`prepare` trains what spaCy has for some of the tasks: a CNN `ner`, and `ner` and `spancat` on
one shared transformer (short runs: speed is measured, not accuracy). `run` loads each system
in a process of its own and lets them take turns, so that ratios hold on a noisy machine; the
fastest round counts. `encoder=FOLDER` is the transformer's forward pass alone: packs of 100
words, tokenized beforehand, sorted by length, 16 at a time.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(add_completion=False, no_args_is_help=True)
PACK, BATCH = 100, 16
SENTENCES = 10_000


class Encoder:
    """A transformer's forward pass alone."""

    def __init__(self, folder: str) -> None:
        from transformers import AutoModel, AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModel.from_pretrained(folder).eval()
        self.batches: list[Any] = []

    def read(self, words: list[list[str]], starts: list[list[bool]] | None = None) -> None:
        packs = [doc[i : i + PACK] for doc in words for i in range(0, len(doc), PACK)]
        packs.sort(key=len)
        self.batches = [
            self.tokenizer(
                packs[i : i + BATCH], is_split_into_words=True, padding=True, truncation=True, return_tensors="pt"
            )
            for i in range(0, len(packs), BATCH)
        ]

    def run(self) -> None:
        import torch

        with torch.inference_mode():
            for batch in self.batches:
                self.model(**batch)


class Pipeline:
    """A spaCy pipeline on Docs with given tokens and sentence borders."""

    def __init__(self, path: str) -> None:
        import spacy

        self.nlp = spacy.load(path)
        self.docs: list[Any] = []

    def read(self, words: list[list[str]], starts: list[list[bool]] | None = None) -> None:
        from spacy.tokens import Doc

        borders = starts or [None] * len(words)  # type: ignore[list-item]
        self.docs = [Doc(self.nlp.vocab, words=w, sent_starts=s) for w, s in zip(words, borders)]

    def run(self) -> None:
        for _ in self.nlp.pipe([doc.copy() for doc in self.docs], batch_size=64):
            pass


def corpus(path: Path, kind: str) -> tuple[list[list[str]], list[list[bool]]]:
    """Words and sentence starts: of whole documents, or of as many one-sentence texts as are wanted."""
    import spacy

    from spacy_hmtl.data.corpus import read_docs

    docs = list(read_docs(path, spacy.blank("en")))
    if kind == "documents":
        return [[t.text for t in d] for d in docs], [[bool(t.is_sent_start) for t in d] for d in docs]
    sentences = [[t.text for t in sent] for doc in docs for sent in doc.sents]
    words = [sentences[i % len(sentences)] for i in range(SENTENCES)]
    return words, [[i == 0 for i in range(len(w))] for w in words]


def worker(connection: Any, kind: str, path: str, data: Path, texts: str, threads: int) -> None:
    """Load, report, then run once for each message."""
    began = time.perf_counter()
    import torch

    torch.set_num_threads(threads)
    system: Any = Encoder(path) if kind == "encoder" else Pipeline(path)
    loaded = time.perf_counter() - began
    words, starts = corpus(data, texts)
    began = time.perf_counter()
    system.read([words[0][:PACK]])
    system.run()
    first = time.perf_counter() - began
    system.read(words, starts)
    connection.send((loaded, first, sum(map(len, words))))
    while connection.recv():
        wall, cpu = time.perf_counter(), time.process_time()
        system.run()
        times = time.perf_counter() - wall, time.process_time() - cpu
        connection.send((*times, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


@app.command()
def run(
    systems: Annotated[list[str], typer.Argument(help="NAME=PATH; the name `encoder` takes a transformer's folder")],
    data: Annotated[Path, typer.Option(help="Documents with sentence borders (.spacy)")],
    reference: Annotated[str, typer.Option(help="Name of the system that ratios are taken to")] = "encoder",
    texts: Annotated[str, typer.Option(help="documents, or sentences (10,000 one-sentence texts)")] = "documents",
    threads: int = 1,
    rounds: int = 3,
) -> None:
    """Measure systems in turns and print a table."""
    context = get_context("spawn")
    os.environ["OMP_NUM_THREADS"] = str(threads)
    running = {}
    for system in systems:
        name, _, path = system.partition("=")
        ours, theirs = context.Pipe()
        kind = "encoder" if name == "encoder" else "pipeline"
        process = context.Process(target=worker, args=(theirs, kind, path, data, texts, threads), daemon=True)
        process.start()
        running[name] = (ours, ours.recv())
    best: dict[str, tuple[float, float, float]] = {}
    for _ in range(rounds):
        for name, (connection, _start) in running.items():
            connection.send(True)
            result = connection.recv()
            best[name] = min(best.get(name, result), result)
    typer.echo(f"{texts}, {threads} thread(s), {os.cpu_count()} cores, fastest of {rounds} interleaved rounds")
    typer.echo("| system | words/s | of the reference | CPU / wall | load s | first text s | peak MB |")
    typer.echo("|---|---|---|---|---|---|---|")
    floor = best[reference][0] / running[reference][1][2]
    for name, (connection, (loaded, first, n_words)) in running.items():
        wall, cpu, peak = best[name]
        row = f"{n_words / wall:,.0f} | {floor / (wall / n_words):.2f} | {cpu / wall:.2f}"
        typer.echo(f"| {name} | {row} | {loaded:.1f} | {first:.2f} | {peak:,.0f} |")
        connection.send(False)


@app.command()
def prepare(
    folder: Path,
    data: Annotated[Path, typer.Option(help="Training documents with mentions (.spacy)")],
    encoder: Annotated[str, typer.Option(help="Folder of a transformer")],
    steps: int = 60,
) -> None:
    """Train spaCy's own components for names and mentions, briefly."""
    import spacy
    from spacy.tokens import Doc, DocBin, Span
    from spacy.util import filter_spans

    from spacy_hmtl.annotations import get_mentions
    from spacy_hmtl.data.corpus import read_docs

    folder.mkdir(parents=True, exist_ok=True)
    nlp = spacy.blank("en")
    sentences = DocBin()
    for doc in read_docs(data, nlp):
        mentions = get_mentions(doc) or []
        for sent in doc.sents:
            part = Doc(nlp.vocab, words=[t.text for t in sent])
            inside = [m for m in mentions if sent.start <= m.start and m.end <= sent.end]
            spans = [Span(part, m.start - sent.start, m.end - sent.start, label=m.label) for m in inside]
            part.set_ents(filter_spans(spans))
            part.spans["sc"] = spans
            sentences.add(part)
    sentences.to_disk(folder / "train.spacy")
    DocBin(docs=list(sentences.get_docs(nlp.vocab))[:50], store_user_data=True).to_disk(folder / "few.spacy")
    for name, pipeline, gpu in (("ner", "ner", []), ("parts", "ner,spancat", ["--gpu"])):
        config = folder / f"{name}.cfg"
        _spacy("init", "config", str(config), "--lang", "en", "--pipeline", pipeline, "--force", *gpu)
        paths = ["--paths.train", str(folder / "train.spacy"), "--paths.dev", str(folder / "few.spacy")]
        more = ["--training.max_steps", str(steps * 5), "--training.eval_frequency", str(steps * 5 + 1)]
        if name == "parts":
            more = ["--training.max_steps", str(steps), "--training.eval_frequency", str(steps + 1)]
            more += ["--components.transformer.model.name", encoder]
            more += ["--components.spancat.suggester.sizes", "[1,2,3,4,5,6,7,8,9,10,11,12]"]
        _spacy("train", str(config), "--output", str(folder / f"{name}-training"), *paths, *more)
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(folder.resolve() / f"{name}-training" / "model-last")


def _spacy(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "spacy", *arguments], check=True)


if __name__ == "__main__":
    app()
