"""All measurements one after the other, with what they need made first where it is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from timing.chart import plot
from timing.compare import run
from timing.growth import growth
from timing.loading import load
from timing.parts import prepare
from timing.processes import processes
from timing.published import paper
from timing.updates import updates


def everything(
    folder: Annotated[Path, typer.Argument(help="For result files, the chart and what is trained here")],
    data: Annotated[Path, typer.Option(help="Folder of the open benchmark (spacy project run open-convert)")],
    demo: Annotated[Path, typer.Option(help="Folder of the embedded corpus (spacy project run convert)")],
    encoder: Annotated[str, typer.Option(help="Folder of the transformer that the pipeline `trf` was trained with")],
    trf: Annotated[str, typer.Option(help="A pipeline of configs/hmtl_trf.cfg")],
    cpu: Annotated[str, typer.Option(help="A pipeline of configs/hmtl_cpu.cfg")],
    rounds: Annotated[int, typer.Option(help="Of whole documents and of updates; the fastest counts")] = 3,
    sentences: Annotated[int, typer.Option(help="One-sentence texts, read once")] = 10_000,
    stream: Annotated[str, typer.Option(help="Lengths of streams of documents")] = "1,100,10000,100000",
) -> None:
    """Everything for docs/benchmarks.md: an hour and more, on a machine that does nothing else."""
    if not (folder / "parts").exists():
        prepare(folder, data / "litbank-train.spacy", encoder)
    if not (folder / "hmtl").exists():
        paper(folder, demo / "train.spacy")
    parts = "coref" if (folder / "coref").exists() else "parts"
    test = data / "litbank-test.spacy"
    systems = [f"encoder={encoder}", f"trf={trf}", f"cpu={cpu}", f"hmtl={folder / 'hmtl'}"]
    systems += [f"spacy-ner={folder / 'ner'}", f"spacy-parts={folder / parts}"]
    kinds = {"documents": rounds, "sentences": 1}
    for texts, times in kinds.items():
        output = folder / f"{texts}.json"
        run(systems, test, texts=texts, sentences=sentences, rounds=times, output=output)
        typer.echo("")
    plot([folder / f"{texts}.json" for texts in kinds], folder / "speed.svg")
    results = folder / "more.json"
    updates(data, encoder, "hmtl_trf,hmtl_cpu,hmtl", paper=folder, rounds=rounds, output=results)
    load([cpu], output=results)
    growth(cpu, test, documents=stream, output=results)
    processes(cpu, test, rounds=rounds, output=results)
