"""Training: seconds an update of each task, with warm caches, for each config."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from timing.options import Output
from timing.published import paper_paths
from timing.report import describe, save, surroundings, table
from timing.turns import Turn, spend

ROOT = Path(__file__).parents[2]
CORPORA = {"ner": "wnut17", "emd": "litbank", "relation": "conll04", "coref": "litbank"}
# Sentences in a batch; for coreference, parts of documents of 1,000 tokens.
SIZES = {"ner": 32, "emd": 32, "relation": 4, "coref": 1}
PART = 1000
# Seconds an update of the original code on the same corpora, with a frozen and cached encoder in
# ELMo's place; measured on another, busy core.
ORIGINAL = {"ner": 0.31, "emd": 0.74, "relation": 0.35, "coref": 2.2}
UPDATES = {
    "config": "{config}",
    "task": "{task}",
    "tokens": "{tokens:,.0f}",
    "wall s": "{wall_s:.4f}",
    "CPU s": "{cpu_s:.4f}",
    "updates/s": "{updates_per_s:.1f}",
    "original, s": "{original_s:.2f}",
    "of the original": "{of_original:.2f}",
}


def updates(
    data: Annotated[Path, typer.Argument(help="Folder with wnut17-, litbank- and conll04-train.spacy")],
    encoder: Annotated[str, typer.Option(help="Folder of a transformer, for hmtl_trf")],
    configs: Annotated[str, typer.Option(help="Of configs/, with commas between them")] = "hmtl_trf,hmtl_cpu",
    paper: Annotated[Path | None, typer.Option(help="Folder of the command `paper`, for hmtl")] = None,
    batches: Annotated[int, typer.Option(help="Of each task; every round repeats them")] = 8,
    rounds: Annotated[int, typer.Option(help="The fastest counts, after a first that fills the caches")] = 3,
    output: Output = None,
) -> None:
    """Seconds an update on batches of 32, 32 and 4 sentences and of one document of 1,000 tokens, one thread."""
    names = configs.split(",")
    if "hmtl" in names and paper is None:
        raise typer.BadParameter("the config hmtl needs --paper FOLDER, as the command `paper` makes it")
    machine = surroundings()
    files = {"hmtl_trf": {"paths.encoder": encoder}, "hmtl": paper_paths(paper) if paper else {}}
    turns = {name: Turn(serve_updates, name, str(data), files.get(name, {}), batches) for name in names}
    best: dict[tuple[str, str], dict[str, Any]] = {}
    for number in range(rounds + 1):
        for name, turn in turns.items():
            for task in SIZES:
                spent = turn.ask(task)
                if number:
                    best[name, task] = min(best.get((name, task), spent), spent, key=lambda one: one["cpu_s"])
    for turn in turns.values():
        turn.stop()
    rows = [{"config": name, "task": task, **spent} for (name, task), spent in best.items()]
    for row in rows:
        row["updates_per_s"] = 1 / row["wall_s"]
        row["original_s"] = ORIGINAL[row["task"]]
        row["of_original"] = row["wall_s"] / row["original_s"]
    typer.echo(f"{describe(machine)}; means of {batches} batches, fastest of {rounds} interleaved rounds\n")
    typer.echo(table(UPDATES, rows))
    save(output, "updates", rows, machine)


def serve_updates(config: str, data: str, files: dict[str, str], n_batches: int) -> Callable[[str], dict[str, float]]:
    """Initialize a config; answer a task with the mean time of an update on its batches."""
    from thinc.api import fix_random_seed

    fix_random_seed(0)
    warnings.filterwarnings("ignore")
    nlp, corpus, training = _training(config, Path(data), files, n_batches)
    examples = list(corpus(nlp))
    nlp.initialize(lambda: examples, sgd=training["optimizer"])
    batches = {task: _batches(examples, task, n_batches) for task in SIZES}

    def answer(task: str) -> dict[str, float]:
        def learn() -> None:
            for batch in batches[task]:
                nlp.update(batch, sgd=training["optimizer"], drop=training["dropout"])

        spent, n = spend(learn), len(batches[task])
        n_tokens = sum(len(eg.reference) for batch in batches[task] for eg in batch)
        return {"tokens": n_tokens / n, "wall_s": spent.wall / n, "cpu_s": spent.cpu / n}

    return answer


def _training(config: str, data: Path, files: dict[str, str], n_batches: int) -> tuple[Any, Any, Any]:
    """Pipeline, corpus and settings of training of a config, on parts of the open benchmark."""
    from spacy.util import load_config, load_model_from_config, registry, resolve_dot_names

    settings = load_config(ROOT / "configs" / f"{config}.cfg", overrides=files)
    for task, name in CORPORA.items():
        path = str(data / f"{name}-train.spacy")
        settings["corpora"]["dev"][task] = {"path": path}  # made with the other, and never read
        # Every sentence an example of its own, but for coreference. LitBank has 84 sentences a document.
        limit = n_batches * (SIZES[task] if name != "litbank" else 1)
        settings["corpora"]["train"][task] = {
            "path": path,
            "max_length": PART if task == "coref" else 1,
            "limit": limit,
        }
    nlp = load_model_from_config(settings, auto_fill=True)
    interpolated = nlp.config.interpolate()
    training = registry.resolve(interpolated["training"])
    (corpus,) = resolve_dot_names(interpolated, [training["train_corpus"]])
    return nlp, corpus, training


def _batches(examples: list[Any], task: str, n_batches: int) -> list[list[Any]]:
    """The first full batches of a task; for coreference, of parts of nearly full length."""
    from spacy_hmtl.annotations import get_tasks

    own = [eg for eg in examples if get_tasks(eg.reference) == (task,)]
    if task == "coref":
        own = [eg for eg in own if len(eg.reference) > 0.9 * PART]
    size = SIZES[task]
    return [own[i : i + size] for i in range(0, len(own) - size + 1, size)][:n_batches]
