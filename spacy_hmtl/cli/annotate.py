"""`annotate`: documents in, annotated documents out, as JSON lines, a Parquet file or a `.spacy` file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from wasabi.printer import Printer

from ..annotate.arguments import given
from ..annotate.guard import DEFAULT, Guard
from ..annotate.run import annotate
from .common import INPUT_HELP, BatchSize, GpuId, IsText, MaxRun, MaxTokens, Model, fail


def annotate_cli(
    model: Model,
    source: Annotated[str, typer.Argument(help=INPUT_HELP, metavar="INPUT")],
    output_path: Annotated[Path, typer.Argument(help="The .jsonl, .parquet or .spacy file to write", metavar="OUTPUT")],
    text: IsText = False,
    batch_size: BatchSize = 128,
    n_process: Annotated[int, typer.Option("--n-process", "-n", help="Worker processes; -1 for one per core")] = 1,
    gpu_id: GpuId = -1,
    resume: Annotated[bool, typer.Option("--resume/--no-resume", help="Go on where a stopped run ended")] = True,
    engine: Annotated[
        str, typer.Option("--engine", help="Where the workers run: local (this machine) or ray (a Ray cluster)")
    ] = "local",
    timeout: Annotated[
        float | None, typer.Option("--timeout", help="Seconds for a text; one that takes longer is listed and skipped")
    ] = None,
    max_run: MaxRun = DEFAULT.max_run,
    max_tokens: MaxTokens = DEFAULT.max_tokens,
) -> None:
    """
    Annotate documents with names, mentions, coreference and relations.

    The output appears under its name when it is complete. A run that was stopped leaves OUTPUT.partial; the same
    command goes on from there. A document that fails is listed in OUTPUT.errors.jsonl, and the run goes on.
    The output is the same for every engine and number of workers; memory does not grow with the input.

    \b
    Examples:
      python -m spacy hmtl annotate training/model-best letters/ letters.jsonl
      python -m spacy hmtl annotate en_hmtl_demo texts.jsonl annotated.jsonl --batch-size 64 --n-process 2
      python -m spacy hmtl annotate training/model-best corpus/test.spacy annotated.spacy --gpu-id 0
      python -m spacy hmtl annotate en_hmtl_demo letters/ letters.parquet
      python -m spacy hmtl annotate en_hmtl_demo crawl.jsonl crawl.parquet --timeout 60 --max-tokens 50000
      cat letter.txt | python -m spacy hmtl annotate en_hmtl_demo - letter.jsonl
      python -m spacy hmtl annotate en_hmtl_demo texts.parquet annotated.jsonl --engine ray --n-process 8
    """
    msg = Printer()
    try:
        with given(source, is_text=text) as data:
            report = annotate(
                model,
                data.path,
                output_path,
                batch_size=batch_size,
                n_process=n_process,
                gpu_id=gpu_id,
                resume=resume,
                engine=engine,
                shown=data.shown,
                guard=Guard(max_run, max_tokens),
                timeout=timeout,
            )
    except (ValueError, OSError) as error:
        fail(error)
    except KeyboardInterrupt:
        msg.warn("Stopped. The same command goes on from here.")
        raise typer.Exit(130) from None
    if report.n_resumed:
        msg.info(f"Went on after {report.n_resumed:,} documents of a stopped run")
    if report.n_failed:
        msg.warn(f"{report.n_failed:,} documents failed; see {report.errors}")
    speed = f"{report.n_words:,} words, {report.n_words / max(report.seconds, 1e-9):,.0f} words/s"
    msg.good(f"Wrote {report.n_docs:,} documents to {output_path} ({speed})")
    if output_path.suffix == ".spacy":
        msg.info("To read it: import spacy_hmtl (for doc._.coref_clusters and the like), then DocBin().from_disk(...)")
