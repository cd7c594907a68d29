"""`check`: whether a pipeline still says what it said when it was packaged, and if not, what changed around it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from spacy.language import Language
from wasabi.printer import Printer

from ..annotate.inputs import read_inputs
from ..annotate.pipelines import load_pipeline
from ..errors import Errors
from ..golden.compare import Comparison, compare
from ..golden.sample import annotate, copy_with_sample, make_sample, pipeline_files, read_sample, write_sample
from ..golden.surroundings import versions
from .common import GpuId, Model, fail

N_LISTED = 20


def check_cli(
    model: Model,
    write: Annotated[
        Path | None,
        typer.Option("--write", help="Store the sample (.txt, .jsonl or .spacy) with what the pipeline finds in it"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="With --write: leave MODEL as it is, and make a copy with the sample here"),
    ] = None,
    tolerance: Annotated[float, typer.Option("--tolerance", help="How far confidences may move", min=0)] = 0.01,
    gpu_id: GpuId = -1,
) -> None:
    """
    Check that a pipeline still says what it said when it was packaged.

    With --write, a sample and its annotation are stored in the pipeline's folder (golden.json), where `spacy package`
    finds them. Without it, the sample is annotated again: the command lists what came out differently, and which
    libraries and files have changed. It ends with status 1 if an annotation differs, or a confidence by
    more than the tolerance.

    \b
    Examples:
      python -m spacy hmtl check training/model-best --write sample.txt
      python -m spacy hmtl check training/model-best --write sample.txt --output training/model-checked
      python -m spacy hmtl check en_hmtl_demo
      python -m spacy hmtl check en_hmtl_demo --tolerance 0.001
    """
    if output is not None and write is None:
        raise typer.BadParameter("--output needs --write SAMPLE")
    msg = Printer()
    try:
        nlp = load_pipeline(model, gpu_id)
        if write is not None:
            path, n_documents = store(nlp, model, write, output)
            msg.good(f"Wrote {n_documents:,} document{'s' if n_documents != 1 else ''} with annotation to {path}")
            return
        sample = read_sample(nlp, model)
        texts = [document["text"] for document in sample["documents"]]
        result = compare(sample["documents"], annotate(nlp, texts), tolerance=tolerance)
    except (ValueError, OSError) as error:
        fail(error)
    _print_surroundings(msg, sample["versions"], versions(), "version")
    _print_surroundings(msg, sample["files"], pipeline_files(nlp), "file")
    _print_result(msg, result, len(texts), tolerance)
    if result.differences:
        raise typer.Exit(1)


def store(nlp: Language, model: str, source: Path, output: Path | None = None) -> tuple[Path, int]:
    """Store a sample in a pipeline's folder, or in a copy of it.

    source (Path): The texts: a file, or a folder of files.
    RETURNS (Path, int): The file written, and the number of documents.
    RAISES (ValueError): H142, H143, H572, and those of `read_inputs`.
    """
    texts = [item.text for item in read_inputs(source)]
    if not any(text.strip() for text in texts):
        raise ValueError(Errors.H572.format(path=source))
    sample = make_sample(nlp, texts)
    folder = Path(nlp.path or model)
    path = write_sample(folder, sample) if output is None else copy_with_sample(folder, output, sample)
    return path, len(texts)


def _print_surroundings(msg: Printer, before: dict[str, str], now: dict[str, str], what: str) -> None:
    changed = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    if not changed:
        msg.good(f"Every {what} is what it was")
        return
    rows = [(name, before.get(name, "none"), now.get(name, "none")) for name in changed]
    msg.table(rows[:N_LISTED], header=(f"Other {what}", "then", "now"), divider=True)
    if len(rows) > N_LISTED:
        msg.warn(f"... and {len(rows) - N_LISTED:,} more")


def _print_result(msg: Printer, result: Comparison, n_documents: int, tolerance: float) -> None:
    moved = f"confidences moved by {result.largest_move:.4f} at most (tolerance {tolerance:g})"
    documents = f"{n_documents:,} document{'s' if n_documents != 1 else ''}"
    if not result.differences:
        msg.good(f"Same annotation of {documents}: {result.n_compared:,} tokens, spans and links; {moved}")
        return
    for difference in result.differences[:N_LISTED]:
        msg.warn(str(difference))
    if len(result.differences) > N_LISTED:
        msg.warn(f"... and {len(result.differences) - N_LISTED:,} more")
    msg.fail(f"{len(result.differences):,} differences in {documents}; {moved}")
