"""`experiment`: runs the trainings of a grid that have no result yet, and makes tables of all results."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from spacy.cli._util import parse_config_overrides
from wasabi.printer import Printer

from ..experiments.grid import Grid, read_grid
from ..experiments.pictures import draw
from ..experiments.plan import Run, plan
from ..experiments.rows import Results
from ..experiments.runner import Options, run_all
from ..experiments.setups import as_overrides
from ..experiments.tables import groups_of, make_tables
from ..files import write_text
from .common import GpuId, fail


def experiment_cli(
    ctx: typer.Context,
    grid: Annotated[Path, typer.Argument(metavar="GRID.toml", help="A grid, such as assets/experiments/setups.toml")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of trainings")] = Path("training/experiments"),
    results: Annotated[Path | None, typer.Option("--results", help="Folder of results; by default the grid's")] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="Trainings at a time; 0: one per core", min=0)] = 0,
    threads: Annotated[int, typer.Option("--threads", help="Threads of each training", min=1)] = 1,
    keep: Annotated[str, typer.Option("--keep", help="Setups whose pipelines are kept, such as A,B")] = "",
    cache: Annotated[bool, typer.Option(help="Let runs share the output of a frozen encoder, in a folder")] = True,
    train: Annotated[bool, typer.Option(help="Train what is missing; else only list what is there")] = True,
    pictures: Annotated[bool, typer.Option(help="Draw pictures, too (extra `experiments`)")] = True,
    gpu_id: GpuId = -1,
) -> None:
    """
    Train and score every setup of a grid that has no result yet.

    Each run has a key, made from its whole config and the bytes of its data: a run whose key is in the results is not
    made again, and nothing else counts as its result. If the command is killed, run it again: it goes on. Further
    options are overrides of the config, as for `spacy train`. Ends with tables and pictures in the output folder.

    \b
    Examples:
      python -m spacy hmtl experiment assets/experiments/setups.toml --paths.encoder FOLDER
      python -m spacy hmtl experiment assets/experiments/order.toml --jobs 2 --keep A --paths.encoder FOLDER
      python -m spacy hmtl experiment assets/experiments/setups.toml --no-train --paths.encoder FOLDER
    """
    msg = Printer()
    try:
        asked = read_grid(grid)
        overrides = parse_config_overrides(as_overrides(ctx.args))
        kept = tuple(name.strip().upper() for name in keep.split(",") if name.strip())
        runs = plan(asked, overrides)
        table = Results(results or asked.results)
        options = Options(output, jobs or _cores(), threads, gpu_id, kept, cache)
        if train:
            run_all(asked, runs, table, options, msg.info)
        done = table.read()
        missing = [run for run in runs if run.key not in done]
        for run in missing:
            msg.warn(f"not made yet: {run.setup}, {run.embeddings}, {run.sampling}, seed {run.seed}")
        msg.good(f"{len(runs) - len(missing):,} of {len(runs):,} rows are in {table.folder}")
        _summarize(msg, asked, runs, table, output, pictures)
    except (ValueError, OSError) as error:
        fail(error)


def _summarize(msg: Printer, grid: Grid, runs: list[Run], results: Results, output: Path, pictures: bool) -> None:
    """Tables as Markdown, pictures, and all rows as Parquet. RAISES (ValueError): H665."""
    text = make_tables(grid, runs, results)
    print(text)
    write_text(output / f"{grid.name}.md", text)
    msg.good(f"Wrote the tables to {output / f'{grid.name}.md'}")
    if results.write_parquet(output / "rows.parquet"):
        msg.good(f"Wrote all rows to {output / 'rows.parquet'}")
    if pictures and (written := draw(grid, groups_of(runs, results), output)):
        msg.good(f"Drew {', '.join(path.name for path in written)}")


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
