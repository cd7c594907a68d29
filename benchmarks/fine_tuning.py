"""What a pretrained pipeline gains from a few documents of one's own, beside training on them from scratch.

    python benchmarks/fine_tuning.py MODEL TRAIN.spacy TEST.spacy [--updates 200]

Names and relations are learnt, with the labels of TRAIN. Both pipelines get the same batches and the same number of
updates, and TEST is scored once, at the end: nothing is chosen. docs/fine-tuning.md has the figures.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import spacy
import torch
import typer
from spacy.language import Language
from spacy.training import Example
from thinc.api import Adam, Optimizer, fix_random_seed

from spacy_hmtl.annotations import copy_tokens, set_tasks
from spacy_hmtl.data.docbin import read_docs

_BATCH = 8
_TASKS = ("ner", "relation")
_SHOWN = ("ents_p", "ents_r", "ents_f", "relations_boundaries_f", "relations_f")


def examples(nlp: Language, path: Path) -> list[Example]:
    """Gold documents with their own tokens and sentences."""
    return [Example(copy_tokens(doc, nlp.vocab, sentences=True), doc) for doc in read_docs(path, nlp)]


def batches(gold: list[Example], n_updates: int, seed: int) -> Iterator[list[Example]]:
    """Batches of one task each, names and relations by turns, in an order that the seed decides."""
    chance = random.Random(seed)
    for number in range(n_updates):
        batch = chance.sample(gold, _BATCH)
        for example in batch:
            set_tasks(example.reference, [_TASKS[number % len(_TASKS)]])
        yield batch


def fit(nlp: Language, optimizer: Optimizer, path: Path, n_updates: int, seed: int) -> None:
    """Update the component n_updates times."""
    for batch in batches(examples(nlp, path), n_updates, seed):
        nlp.update(batch, sgd=optimizer, drop=0.1)


def score(nlp: Language, path: Path) -> dict[str, float]:
    """Names and relations of the test documents, in percent."""
    found: dict[str, Any] = nlp.evaluate(examples(nlp, path), batch_size=64)
    return {name: 100 * (found[name] or 0.0) for name in _SHOWN}


def fine_tuned(model: str, train: Path, n_updates: int, seed: int) -> Language:
    """The pretrained pipeline with the labels of the new documents, trained on."""
    fix_random_seed(seed)
    nlp = spacy.load(model)
    pipe: Any = nlp.get_pipe("hmtl")
    pipe.add_labels_of(examples(nlp, train))
    fit(nlp, nlp.resume_training(sgd=Adam(0.001)), train, n_updates, seed)
    return nlp


def from_scratch(train: Path, n_updates: int, seed: int) -> Language:
    """The component as `nlp.add_pipe` makes it, for two tasks, on the same documents."""
    fix_random_seed(seed)
    nlp = spacy.blank("en")
    nlp.add_pipe("hmtl", config={"model": {"levels": [["ner"], ["relation"]]}})
    nlp.initialize(lambda: examples(nlp, train))
    fit(nlp, Adam(0.001), train, n_updates, seed)
    return nlp


def main(
    model: Annotated[str, typer.Argument(help="The pretrained pipeline: a name or a folder")],
    train: Annotated[Path, typer.Argument(help="A .spacy file of one's own documents")],
    test: Annotated[Path, typer.Argument(help="A .spacy file of documents to score")],
    updates: Annotated[int, typer.Option(help="Updates of each pipeline", min=1)] = 200,
    seed: Annotated[int, typer.Option(help="Decides the order of batches and random weights")] = 0,
) -> None:
    """Train both, score both, and print a row for each."""
    torch.set_num_threads(1)
    typer.echo(f"| | {' | '.join(_SHOWN)} | processor seconds |")
    for name, make in (
        ("from scratch", lambda: from_scratch(train, updates, seed)),
        ("fine-tuned", lambda: fine_tuned(model, train, updates, seed)),
    ):
        start = time.process_time()
        nlp = make()
        seconds = time.process_time() - start
        cells = [f"{value:.1f}" for value in score(nlp, test).values()]
        typer.echo(f"| {name} | {' | '.join(cells)} | {seconds:.0f} |")


if __name__ == "__main__":
    typer.run(main)
