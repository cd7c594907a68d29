"""What numbers of threads, processes and documents in a batch change in what a pipeline says.

    python -m benchmarks.equal_numbers PIPELINE --documents 1200

Each way is compared with one thread, one process and batches of 128 documents: in how many documents anything but a
confidence differs, how far confidences lie apart at most, and how many of them are written otherwise (four digits).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, NamedTuple

import spacy
import torch
import typer
from spacy.language import Language

from spacy_hmtl.annotations import Layers
from spacy_hmtl.annotations.layers import read

from .fuzz.__main__ import MODEL
from .fuzz.checks import apart, spread
from .fuzz.documents import text


class Way(NamedTuple):
    """Numbers of threads, of processes, and of documents in a batch."""

    threads: int
    processes: int
    batch: int


FIRST = Way(1, 1, 128)
WAYS = (
    FIRST,
    Way(1, 1, 1),
    Way(1, 1, 16),
    Way(1, 1, 1200),
    Way(2, 1, 128),
    Way(2, 1, 1),
    Way(1, 2, 128),
    Way(1, 2, 16),
)


def numbers(
    pipeline: Annotated[Path, typer.Argument(help="A folder.")] = MODEL,
    documents: Annotated[int, typer.Option(help="Random documents of `benchmarks.fuzz`.")] = 1200,
    seed: Annotated[int, typer.Option(help="Of the documents.")] = 0,
) -> None:
    """Print a table of what differs."""
    nlp = spacy.load(pipeline)
    texts = [text(seed, number)[1] for number in range(documents)]
    expected = _said(nlp, texts, FIRST)
    n_scores = sum(len(apart(layers)[1]) for layers in expected)
    print(f"{documents:,} documents, {n_scores:,} confidences\n")
    print("| threads | processes | batch | other annotation | largest distance | other fourth digit |")
    print("|--|--|--|--|--|--|")
    for way in WAYS:
        pairs = list(zip(expected, _said(nlp, texts, way), strict=True))
        distances = [spread(one, other) for one, other in pairs]
        others = sum(distance == math.inf for distance in distances)
        largest = max(distance for distance in distances if distance < math.inf)
        digits = sum(
            round(a, 4) != round(b, 4)
            for (one, other), distance in zip(pairs, distances)
            if distance < math.inf
            for a, b in zip(apart(one)[1], apart(other)[1])
        )
        print(f"| {way.threads} | {way.processes} | {way.batch:,} | {others} | {largest:.1e} | {digits} |", flush=True)


def _said(nlp: Language, texts: list[str], way: Way) -> list[Layers]:
    torch.set_num_threads(way.threads)
    return [read(doc) for doc in nlp.pipe(texts, batch_size=way.batch, n_process=way.processes)]


if __name__ == "__main__":
    typer.run(numbers)
