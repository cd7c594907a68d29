"""`calibrate`: confidences that can be believed, by one temperature per layer, fitted on gold data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from wasabi.printer import Printer

from ..annotate.arguments import given
from ..annotate.gold import read_gold
from ..annotate.pipelines import hmtl_pipes, load_pipeline
from ..annotations.layers import LAYERS
from ..errors import Errors
from ..files import appearing_folder
from ..pipeline.calibration import Fit, calibrate
from ..scoring.calibration import calibration_error, reliability
from .common import BatchSize, GpuId, Model, fail, save_json


def calibrate_cli(
    model: Model,
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="Gold data that it was not trained on, and will not be tested on")
    ],
    output: Annotated[
        Path, typer.Argument(metavar="OUTPUT", help="Folder for the calibrated pipeline: new, empty, or an earlier one")
    ],
    bins: Annotated[Path | None, typer.Option("--bins", help="JSON file for the points of a reliability plot")] = None,
    batch_size: BatchSize = 32,
    gpu_id: GpuId = -1,
) -> None:
    """
    Make confidences say how often they are right.

    For each layer one temperature is fitted on gold data and stored in the pipeline (setting `temperatures`).
    The annotation does not change: the thresholds move with them. The table shows how far confidences and accuracy are
    apart (ECE, expected calibration error, in 15 bins) before and after. What counts is the error on data that
    neither training nor this command has seen: `evaluate` prints it. If too little was found of a layer, its
    confidences stay ("too few"). A golden sample (`check`) is not copied: store it afterwards.

    \b
    Examples:
      python -m spacy hmtl calibrate training/model-best corpus/dev.spacy training/model-calibrated
      python -m spacy hmtl calibrate training/model-best corpus/dev.spacy training/model-calibrated --bins bins.json
    """
    msg = Printer()
    try:
        check_output(output)
        nlp = load_pipeline(model, gpu_id)
        pipes = hmtl_pipes(nlp, model, "calibrate")
        with given(data, takes_text=False) as gold:
            references = read_gold(nlp, gold)
        fits = calibrate(nlp, pipes, references, batch_size=batch_size)
        if not any(fit.temperature for fit in fits.values()):
            raise ValueError(Errors.H280.format(path=data))
        with appearing_folder(output) as folder:
            nlp.to_disk(folder)
    except (ValueError, OSError) as error:
        fail(error)
    print_fits(msg, fits)
    msg.good(f"Wrote the pipeline to {output}")
    if bins is not None:
        save_json(bins, {f"{name}.{task}": bins_of(fit) for (name, task), fit in fits.items()}, "the bins")


def check_output(output: Path) -> None:
    """RAISES (ValueError): H142 if the output is a file, H281 if it holds something other than a pipeline."""
    if output.is_file():
        raise ValueError(Errors.H142.format(path=output))
    if output.is_dir() and any(output.iterdir()) and not (output / "meta.json").is_file():
        raise ValueError(Errors.H281.format(path=output))


def print_fits(msg: Printer, fits: dict[tuple[str, str], Fit]) -> None:
    """Print how far confidences were off, and what was fitted."""
    rows = []
    for (name, task), fit in fits.items():
        temperature = "too few" if fit.temperature is None else f"{fit.temperature:.3f}"
        errors = (f"{calibration_error(judged):.3f}" for judged in (fit.before, fit.after))
        found, right = f"{len(fit.before.right):,}", f"{fit.before.right.mean():.3f}"
        rows.append((name, LAYERS[task].title, found, right, temperature, *errors))
    header = ("component", "layer", "found", "right", "temperature", "ECE before", "after")
    msg.table(rows, header=header, aligns=("l", "l", "r", "r", "r", "r", "r"), divider=True)


def bins_of(fit: Fit) -> dict[str, list[dict[str, float]]]:
    """The points of a reliability plot, before and after."""
    sides = {"before": fit.before, "after": fit.after}
    return {side: [one._asdict() for one in reliability(judged)] for side, judged in sides.items()}
