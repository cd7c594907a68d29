"""`probe-data` makes probing sets from treebanks, `probe` asks what each level of a pipeline knows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from spacy.language import Language
from wasabi.printer import Printer

from ..annotate.pipelines import hmtl_pipes, load_pipeline
from ..errors import Errors
from ..experiments.probing.files import read_set, write_set
from ..experiments.probing.kinds import KINDS, Item, make_set
from ..experiments.probing.probe import Answered, probe, table
from ..experiments.probing.trees import read_trees
from ..experiments.tables import markdown
from .common import GpuId, Model, fail, save_json

_CLASSIFIERS = {"linear": ("linear",), "mlp": ("mlp",), "both": ("linear", "mlp")}


def probe_data_cli(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="A .conllu file, or a folder of them")],
    output: Annotated[Path, typer.Argument(metavar="OUTPUT", help="Folder; gets a file for each kind")],
    seed: Annotated[int, typer.Option("--seed", help="Seed of the split, the changes and the choice of sentences")] = 0,
) -> None:
    """
    Make the ten kinds of probing sets of SentEval from a treebank in CoNLL-U, in SentEval's format.

    Length, word content, depth of the tree, dependents of the root, swapped words, tense, number of subject and object,
    odd words, swapped clauses. Parts are split by document; in every part each answer has the same number of sentences.

    \b
    Examples:
      python -m spacy hmtl probe-data ontogum/dep corpus/probe
      python -m spacy hmtl probe-data en_ewt-ud-train.conllu corpus/probe --seed 1
    """
    msg = Printer()
    try:
        trees = list(read_trees(source))
        if not trees:
            raise ValueError(Errors.H104.format(path=source))
        for kind in KINDS:
            items = make_set(kind, trees, seed=seed)
            if not items:
                msg.warn(f"{kind}: no answer is in all three parts, nothing written")
                continue
            write_set(output / f"{kind}.txt", items)
            counts = {part: sum(item.part == part for item in items) for part in ("tr", "va", "te")}
            n_labels = len({item.label for item in items})
            msg.good(f"{kind}: {n_labels} answers, {counts['tr']:,} + {counts['va']:,} + {counts['te']:,} sentences")
    except (ValueError, OSError) as error:
        fail(error)


def probe_cli(
    model: Model,
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Folder of probing sets (.txt), of SentEval or ours")],
    also: Annotated[list[str], typer.Option("--also", help="Another pipeline to compare with; may be repeated")] = [],  # noqa: B006
    classifier: Annotated[str, typer.Option("--classifier", help="linear, mlp or both")] = "linear",
    limit: Annotated[int, typer.Option("--limit", help="At most N sentences of each part; 0: all", min=0)] = 0,
    seed: Annotated[int, typer.Option("--seed", help="Seed of classifiers and controls")] = 0,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="JSON file for the accuracies")] = None,
    gpu_id: GpuId = -1,
) -> None:
    """
    Ask what each level of a pipeline knows about a sentence: classifiers on the means of its states.

    The regulariser of each classifier is chosen on the middle part. Controls: the most frequent answer, the embeddings
    alone, the embeddings at the levels' width by a random projection, and levels that were never trained.

    \b
    Examples:
      python -m spacy hmtl probe training/open/model-best corpus/probe
      python -m spacy hmtl probe A/model-best corpus/probe --also B/model-best --also C/model-best --output probe.json
    """
    try:
        if classifier not in _CLASSIFIERS:
            raise typer.BadParameter("--classifier is linear, mlp or both")
        sets = {path.stem: _limited(read_set(path), limit) for path in sorted(data.glob("*.txt"))}
        if not sets:
            raise ValueError(Errors.H104.format(path=data))
        results: dict[str, dict[str, Answered]] = {}
        for name in dict.fromkeys([model, *also]):
            nlp = load_pipeline(name, gpu_id)
            results[name] = _probe(nlp, name, sets, _CLASSIFIERS[classifier], seed)
    except (ValueError, OSError) as error:
        fail(error)
    for kind in _CLASSIFIERS[classifier]:
        header, *rows = table(results, kind)
        print(f"\nAccuracy, {kind}:\n\n{markdown(header, rows)}")
    if output is not None:
        save_json(output, results, "the accuracies")


def _probe(
    nlp: Language, name: str, sets: dict[str, list[Item]], classifiers: tuple[str, ...], seed: int
) -> dict[str, Answered]:
    (pipe, *_) = hmtl_pipes(nlp, name, "probing")
    found = {}
    for kind, answered in probe(nlp, pipe, dict(sets), classifiers=classifiers, seed=seed):
        Printer().info(f"{name}: {kind}")
        found[kind] = answered
    return found


def _limited(items: list[Item], limit: int) -> list[Item]:
    if not limit:
        return items
    parts = [[item for item in items if item.part == part][:limit] for part in ("tr", "va", "te")]
    return [item for part in parts for item in part]
