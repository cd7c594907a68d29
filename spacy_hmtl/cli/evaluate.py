"""`evaluate`: all scores of a pipeline on gold data, in all and per type, and what it found where."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from spacy.language import Language
from spacy.scorer import Scorer
from spacy.tokens import Doc
from spacy.training import Example
from wasabi.printer import Printer

from ..annotate.arguments import Given, given
from ..annotate.documents import read_annotated
from ..annotate.pipelines import hmtl_pipes, load_pipeline
from ..annotations.documents import copy_tokens
from ..annotations.groups import get_clusters, get_meta, is_annotated, set_mentions
from ..annotations.layers import LAYERS, TASKS
from ..errors import Errors
from ..scoring.calibration import calibration_error, judge
from ..scoring.listing import document_lines, error_lines, score_rows
from .common import GPU_HELP, fail, save_json

GOLD_MENTIONS = "hmtl_gold_mentions"


def evaluate_cli(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A pipeline: a folder, or the name of an installed package")
    ],
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help='Gold data: a .spacy, .jsonl or .parquet file, a folder of them, or "-" (standard input)',
        ),
    ],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="JSON file for the scores")] = None,
    gold_mentions: Annotated[bool, typer.Option("--gold-mentions", help="Cluster the gold mentions")] = False,
    show: Annotated[int, typer.Option("--show", help="Print what was found in the first N documents", min=0)] = 0,
    errors: Annotated[int, typer.Option("--errors", help="List up to N errors of each layer", min=0)] = 0,
    batch_size: Annotated[int, typer.Option("--batch-size", "-b", help="Documents per batch", min=1)] = 32,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help=GPU_HELP)] = -1,
) -> None:
    """
    Score names, mentions, coreference and relations on gold data.

    The pipeline gets the gold tokens and sentence boundaries. A document counts for the layers it is annotated for;
    a layer that no document is annotated for has no score ("-").

    \b
    Examples:
      python -m spacy hmtl evaluate training/model-best corpus/test.spacy
      python -m spacy hmtl evaluate training/model-best corpus/dev.spacy --output scores.json --show 3 --errors 20
      python -m spacy hmtl evaluate en_hmtl_demo corpus/test.spacy --gold-mentions
    """
    msg = Printer()
    try:
        nlp = load_pipeline(model, gpu_id)
        with given(data, takes_text=False) as gold:
            examples = make_examples(nlp, gold)
        if gold_mentions:
            give_gold_mentions(hmtl_pipes(nlp, model, "--gold-mentions"), examples)
        scores = evaluate(nlp, examples, batch_size=batch_size)
    except (ValueError, OSError) as error:
        fail(error)
    for eg in examples[:show]:
        print("\n".join(document_lines(eg.predicted, get_meta(eg.reference).get("name"))), end="\n\n")
    print_scores(msg, scores)
    if errors:
        for layer, lines in error_lines(examples).items():
            msg.divider(f"{layer}: {len(lines):,} errors")
            print("\n".join(lines[:errors]))
    n_words = sum(len(eg.reference) for eg in examples)
    msg.info(f"{len(examples):,} documents, {n_words:,} words, {scores['speed']:,.0f} words/s")
    if output is not None:
        save_json(output, scores, "the scores")


def make_examples(nlp: Language, data: Given) -> list[Example]:
    """An Example for each Doc that has tokens, its predicted side with the gold tokens and sentence boundaries.

    RAISES (ValueError): H104, H592, and those of `read_annotated`.
    """
    return [Example(copy_tokens(reference, nlp.vocab), reference) for reference in read_gold(nlp, data)]


def read_gold(nlp: Language, data: Given) -> list[Doc]:
    """The Docs that have tokens, of which at least one is annotated.

    RAISES (ValueError): H104, H592, and those of `read_annotated`.
    """
    references = [doc for doc in read_annotated(data, nlp.vocab) if len(doc)]
    if not references:
        raise ValueError(Errors.H104.format(path=data.name))
    if not any(is_annotated(doc, task) for doc in references for task in TASKS):
        raise ValueError(Errors.H592.format(path=data.name))
    return references


def give_gold_mentions(pipes: list[Any], examples: list[Example]) -> None:
    """Let the coreference heads cluster the gold mentions instead of their own candidates."""
    for eg in examples:
        clusters = get_clusters(eg.reference)
        if clusters is not None:
            set_mentions(eg.predicted, [mention for cluster in clusters for mention in cluster], key=GOLD_MENTIONS)
    for pipe in pipes:
        pipe.cfg["gold_mentions_key"] = GOLD_MENTIONS


def evaluate(nlp: Language, examples: list[Example], *, batch_size: int) -> dict[str, Any]:
    """Annotate the predicted sides and score them, as `nlp.evaluate` does, but keep them.

    RETURNS (dict): The keys of `nlp.evaluate`, and the expected calibration error of each layer (`ents_ece`).
    """
    began = time.perf_counter()
    docs: list[Doc] = list(nlp.pipe((eg.predicted for eg in examples), batch_size=batch_size))
    seconds = time.perf_counter() - began
    for eg, doc in zip(examples, docs):
        eg.predicted = doc
    scores = Scorer(nlp).score(examples)
    return {**scores, **calibration_scores(nlp, examples), "speed": sum(map(len, docs)) / max(seconds, 1e-9)}


def calibration_scores(nlp: Language, examples: list[Example]) -> dict[str, float]:
    """The expected calibration error of each layer that something was found of, by key (`ents_ece`).

    Of two components that find the same layer in groups of their own the later one counts, as in spaCy's scores.
    """
    scores: dict[str, float] = {}
    for name in nlp.pipe_names:
        if nlp.get_pipe_meta(name).factory == "hmtl":
            pipe: Any = nlp.get_pipe(name)
            found = {task: own for task, own in judge(examples, pipe.cfg["spans_keys"]).items() if task in pipe.tasks}
            scores |= {f"{LAYERS[task].scores}_ece": calibration_error(own) for task, own in found.items()}
    return scores


def print_scores(msg: Printer, scores: dict[str, Any]) -> None:
    """Print the table of all scores, then one per layer with types."""
    rows = [
        (name, *(percent(scores.get(f"{prefix}_{measure}")) for measure in "prf"))
        for name, prefix in score_rows(scores)
    ]
    msg.table(rows, header=("", "P", "R", "F"), aligns=("l", "r", "r", "r"), divider=True)
    errors = [(layer.title, scores.get(f"{layer.scores}_ece")) for layer in LAYERS.values()]
    if sure := [(title, f"{error:.3f}") for title, error in errors if error is not None]:
        msg.table(sure, header=("confidences", "ECE"), aligns=("l", "r"), divider=True)
    for layer in LAYERS.values():
        if types := sorted((scores.get(f"{layer.scores}_per_type") or {}).items()):
            rows = [(label, *(percent(score[measure]) for measure in "prf")) for label, score in types]
            msg.table(rows, header=(f"{layer.title} by type", "P", "R", "F"), aligns=("l", "r", "r", "r"), divider=True)


def percent(score: float | None) -> str:
    """A score as a percentage; "-" where there is none."""
    return "-" if score is None else f"{100 * score:.2f}"
