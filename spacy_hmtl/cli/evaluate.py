"""`evaluate`: all scores of a pipeline on gold data, in all and per type, and what it found where."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from spacy.language import Language
from spacy.scorer import Scorer
from spacy.training import Example
from wasabi.printer import Printer

from ..annotate.arguments import given
from ..annotate.gold import annotate_examples, give_gold_mentions, make_examples
from ..annotate.pipelines import hmtl_pipes, load_pipeline
from ..annotations.groups import get_meta
from ..annotations.layers import LAYERS
from ..scoring.calibration import calibration_error, judge
from ..scoring.listing import document_lines, error_lines, score_rows
from .common import BatchSize, GpuId, Model, fail, save_json


def evaluate_cli(
    model: Model,
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
    batch_size: BatchSize = 32,
    gpu_id: GpuId = -1,
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


def evaluate(nlp: Language, examples: list[Example], *, batch_size: int) -> dict[str, Any]:
    """Annotate the predicted sides and score them, as `nlp.evaluate` does, but keep them.

    RETURNS (dict): The keys of `nlp.evaluate`, and the expected calibration error of each layer (`ents_ece`).
    """
    began = time.perf_counter()
    annotate_examples(nlp, examples, batch_size=batch_size)
    seconds = time.perf_counter() - began
    n_words = sum(len(eg.predicted) for eg in examples)
    scores = Scorer(nlp).score(examples)
    return {**scores, **calibration_scores(nlp, examples), "speed": n_words / max(seconds, 1e-9)}


def calibration_scores(nlp: Language, examples: list[Example]) -> dict[str, float]:
    """The expected calibration error of each layer in which something was found, by key (`ents_ece`).

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
