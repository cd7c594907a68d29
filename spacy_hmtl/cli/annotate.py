"""`annotate`: documents in, annotated documents out, as JSON lines or a `.spacy` file."""

from __future__ import annotations

import time
from itertools import chain
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from spacy.language import Language
from tqdm import tqdm
from wasabi.printer import Printer

from ..annotations import set_meta
from ..errors import Errors
from .inputs import GPU_HELP, fail, list_files, load_pipeline, read_inputs
from .outputs import Output
from .stream import annotate_stream


def annotate_cli(
    model: Annotated[str, typer.Argument(help="A pipeline: a folder, or the name of an installed package")],
    input_path: Annotated[
        Path,
        typer.Argument(
            help="A .txt, .jsonl (key text; id and meta are kept) or .spacy file, or a folder", metavar="INPUT"
        ),
    ],
    output_path: Annotated[Path, typer.Argument(help="The .jsonl or .spacy file to write", metavar="OUTPUT")],
    batch_size: Annotated[int, typer.Option("--batch-size", "-b", help="Documents per batch", min=1)] = 32,
    n_process: Annotated[int, typer.Option("--n-process", "-n", help="Worker processes; -1 for one per core")] = 1,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help=GPU_HELP)] = -1,
    resume: Annotated[bool, typer.Option("--resume/--no-resume", help="Go on where a stopped run ended")] = True,
) -> None:
    """
    Annotate documents with names, mentions, coreference and relations.

    The output appears under its name when it is complete. A run that was stopped leaves OUTPUT.partial; the same
    command goes on from there (.jsonl output). A document that fails is listed in OUTPUT.errors.jsonl.

    \b
    Examples:
      python -m spacy hmtl annotate training/model-best letters/ letters.jsonl
      python -m spacy hmtl annotate en_hmtl_demo texts.jsonl annotated.jsonl --batch-size 64 --n-process 2
      python -m spacy hmtl annotate training/model-best corpus/test.spacy annotated.spacy --gpu-id 0
    """
    msg = Printer()
    try:
        report = annotate(
            model, input_path, output_path, batch_size=batch_size, n_process=n_process, gpu_id=gpu_id, resume=resume
        )
    except (ValueError, OSError) as error:
        fail(error)
    except KeyboardInterrupt:
        msg.warn("Stopped. The same command goes on from here." if output_path.suffix == ".jsonl" else "Stopped.")
        raise typer.Exit(130) from None
    if report.n_resumed:
        msg.info(f"Went on after {report.n_resumed:,} documents of a stopped run")
    if report.n_failed:
        msg.warn(f"{report.n_failed:,} documents failed; see {report.errors}")
    speed = f"{report.n_words:,} words, {report.n_words / max(report.seconds, 1e-9):,.0f} words/s"
    msg.good(f"Wrote {report.n_docs:,} documents to {output_path} ({speed})")


class Report(NamedTuple):
    """What a run did. Words and seconds are those of this run, documents those of the whole output."""

    n_docs: int
    n_failed: int
    n_resumed: int
    n_words: int
    seconds: float
    errors: Path


def annotate(
    model: str,
    input_path: Path,
    output_path: Path,
    *,
    batch_size: int = 32,
    n_process: int = 1,
    gpu_id: int = -1,
    resume: bool = True,
) -> Report:
    """Annotate a file or folder; see `annotate_cli`.

    RAISES (ValueError): H505, H506 and H123, and those of `read_inputs` and `load_pipeline`.
    """
    if output_path.suffix not in (".jsonl", ".spacy"):
        raise ValueError(Errors.H505.format(path=output_path, expected=".jsonl or .spacy"))
    if output_path.is_dir():
        raise ValueError(Errors.H123.format(path=output_path))
    list_files(input_path)
    nlp = load_pipeline(model, gpu_id)
    output_path.parent.mkdir(parents=True, exist_ok=True)
    output = Output(output_path, resume=resume, model_time=_saved_at(nlp))
    inputs = read_inputs(input_path, nlp, leave_out=(output_path, output.errors_path))
    # The batch in which a run stopped is annotated again, but not written again: scores
    # depend in their last digits on the rest of the batch, and the output must not.
    n_again = output.n_resumed % batch_size
    inputs = chain(output.check(inputs, n_again), inputs)
    first = output.n_resumed - n_again
    n_words, began = 0, time.perf_counter()
    with output, tqdm(unit=" words", unit_scale=True, disable=None) as progress:
        for result in annotate_stream(nlp, inputs, batch_size=batch_size, n_process=n_process):
            index = first + result.number
            if index < output.n_resumed:
                continue
            if result.doc is None:
                output.add_failure(index, result.input.name, result.error)
                continue
            if result.input.meta:
                set_meta(result.doc, result.input.meta)
            output.add(result.doc)
            n_words += len(result.doc)
            progress.update(len(result.doc))
    seconds = time.perf_counter() - began
    return Report(output.n_docs, output.errors.n_lines, output.n_resumed, n_words, seconds, output.errors_path)


def _saved_at(nlp: Language) -> float:
    """When the pipeline was saved, in seconds since 1970; 0 if it has no folder."""
    meta = Path(nlp.path) / "meta.json" if nlp.path else None
    return meta.stat().st_mtime if meta is not None and meta.exists() else 0.0
