"""What less precision in prediction gains and costs: speed and scores, in interleaved rounds.

    python benchmarks/precision.py training/open/model-best corpus/open/wnut17-dev.spacy \\
        corpus/open/litbank-dev.spacy corpus/open/conll04-dev.spacy

Loads the pipeline once for each precision, lets them take turns on each corpus, and prints
words per CPU second (the fastest round counts) and the scores of the tasks it is annotated for.
Give development data: precision is a setting to choose by it.
"""

from __future__ import annotations

import time
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import spacy
import torch
import typer
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from spacy_hmtl.annotations import copy_tokens
from spacy_hmtl.data.docbin import read_docs

SCORES = ("ents_f", "mentions_f", "coref_f", "relations_f", "relations_last_token_f")
KEY = "components.hmtl.model.precision"


def annotate(nlp: Language, gold: list[Doc]) -> tuple[list[Doc], float, float]:
    """The Docs annotated again, CPU seconds and seconds."""
    docs = [copy_tokens(doc, nlp.vocab) for doc in gold]
    wall, cpu = time.perf_counter(), time.process_time()
    found = list(nlp.pipe(docs, batch_size=64))
    return found, time.process_time() - cpu, time.perf_counter() - wall


def score(nlp: Language, found: list[Doc], gold: list[Doc]) -> dict[str, Any]:
    pipe: Any = nlp.get_pipe("hmtl")
    return pipe.score([Example(doc, reference) for doc, reference in zip(found, gold)])


def main(
    model: Annotated[str, typer.Argument(help="A trained pipeline with a transformer")],
    data: Annotated[list[Path], typer.Argument(help="Development data (.spacy)")],
    precisions: str = "float32,bfloat16,int8",
    rounds: int = 3,
    threads: int = 1,
    limit: Annotated[int, typer.Option(help="Documents of each corpus; 0: all")] = 0,
) -> None:
    """Print a table for each corpus; ratios are to the precision named first."""
    torch.set_num_threads(threads)
    pipelines = {name: spacy.load(model, config={KEY: name}) for name in precisions.split(",")}
    first = next(iter(pipelines))
    print(f"{threads} thread(s), fastest of {rounds} interleaved rounds, {torch.backends.cpu.get_cpu_capability()}")
    for path in data:
        gold = list(islice(read_docs(path, pipelines[first]), limit or None))
        n_words = sum(map(len, gold))
        best: dict[str, tuple[float, float]] = {}
        scores: dict[str, dict[str, Any]] = {}
        for nlp in pipelines.values():
            annotate(nlp, gold[:1])
        for _ in range(rounds):
            for name, nlp in pipelines.items():
                found, cpu, wall = annotate(nlp, gold)
                best[name] = min(best.get(name, (cpu, wall)), (cpu, wall))
                if name not in scores:
                    scores[name] = score(nlp, found, gold)
        shown = [key for key in SCORES if scores[first].get(key) is not None]
        print(f"\n{path.stem}: {len(gold)} documents, {n_words:,} words")
        print(f"| precision | words / CPU second | ratio | CPU / wall | {' | '.join(shown)} |")
        print("|---|---|---|---|" + "---|" * len(shown))
        for name, (cpu, wall) in best.items():
            cells = " | ".join(f"{100 * scores[name][key]:.2f}" for key in shown)
            ratio = best[first][0] / cpu
            print(f"| {name} | {n_words / cpu:,.0f} | {ratio:.2f} | {cpu / wall:.2f} | {cells} |", flush=True)


if __name__ == "__main__":
    typer.run(main)
