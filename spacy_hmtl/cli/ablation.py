"""`ablation`: the paper's setups side by side, a grid without a file: see `experiment`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from spacy import util
from spacy.cli._util import parse_config_overrides
from wasabi.printer import Printer

from ..annotations.layers import LAYERS
from ..errors import Errors
from ..experiments.grid import Grid
from ..experiments.plan import Run, plan
from ..experiments.rows import Results, Row
from ..experiments.runner import Options, run_all
from ..experiments.setups import as_overrides, choose_setups
from .common import GpuId, fail, save_json
from .evaluate import percent

SCORES = "scores.json"
# Columns of the table.
_COLUMNS = (
    *((LAYERS[task].title, f"{LAYERS[task].scores}_f") for task in ("ner", "emd")),
    ("RE paper", "relations_hmtl_f"),
    ("RE last token", "relations_last_token_f"),
    ("RE boundaries", "relations_boundaries_f"),
    ("RE strict", "relations_f"),
    ("CR", "coref_f"),
    ("MUC", "coref_muc_f"),
    ("B3", "coref_b3_f"),
    ("CEAFe", "coref_ceafe_f"),
)


def ablation_cli(
    ctx: typer.Context,
    config: Annotated[Path, typer.Argument(metavar="CONFIG.cfg", help="The config of setup A")],
    output: Annotated[Path, typer.Argument(metavar="OUTPUT", help="Folder; each training gets a folder in it")],
    setups: Annotated[
        str, typer.Option("--setups", help='Such as "A,A-GM,D"; all of A to K, A-GM, E-GM if "all"')
    ] = "A",
    ner: Annotated[Path | None, typer.Option("--ner", help="Test data for names (.spacy)")] = None,
    emd: Annotated[Path | None, typer.Option("--emd", help="Test data for mentions")] = None,
    relation: Annotated[Path | None, typer.Option("--relation", help="Test data for relations")] = None,
    coref: Annotated[Path | None, typer.Option("--coref", help="Test data for coreference")] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="Trainings at a time", min=1)] = 1,
    gpu_id: GpuId = -1,
) -> None:
    """
    Train the paper's setups (which tasks, in which order) and compare their scores.

    Each setup is the config with other levels; further options are overrides of the config, as for `spacy train`. A
    training is identified by its whole config and the bytes of its data: the same one is not run twice, and another
    seed is another training. If the command is killed, run it again: it goes on. A-GM and E-GM are A and E with gold
    mentions. Without test data only the development data of the config are scored. `experiment` does the same
    for several seeds, embeddings and ways of sampling.

    \b
    Examples:
      python -m spacy hmtl ablation configs/hmtl_cpu.cfg training/ablation --setups A,B,C
        --paths.train corpus/demo/train.spacy --paths.dev corpus/demo/dev.spacy
      python -m spacy hmtl ablation configs/hmtl_cpu.cfg training/ablation --setups A,A-GM,E
        --ner corpus/demo/test.spacy --coref corpus/demo/test.spacy
    """
    msg = Printer()
    tests = {"ner": ner, "emd": emd, "relation": relation, "coref": coref}
    files = {task: {"test": str(path)} for task, path in tests.items() if path is not None}
    try:
        overrides = parse_config_overrides(as_overrides(ctx.args))
        for path in (config, *(path for path in tests.values() if path is not None)):
            if not path.exists():
                raise FileNotFoundError(Errors.H101.format(path=path))
        seed = overrides.pop("system.seed", util.load_config(config)["system"]["seed"])
        chosen = tuple(choose_setups(setups))
        parts = ("test",) if files else ("dev",)
        grid = Grid("ablation", config, setups=chosen, seeds=(seed,), data=files, parts=parts, results=output)
        runs = plan(grid, overrides)
        options = Options(output, n_jobs=jobs, gpu_id=gpu_id, keep=chosen, cache=False)
        rows = run_all(grid, runs, Results(output), options, msg.info)
        print_table(msg, runs, rows, parts[0])
        for training, names in _by_training(runs).items():
            msg.text(f"{' and '.join(names)}: {output / training / 'model-best'}")
        save_json(
            output / SCORES, {run.setup: _scores(Results(output), rows[run.key], parts[0]) for run in runs}, "all"
        )
    except (ValueError, OSError) as error:
        fail(error)


def print_table(msg: Printer, runs: list[Run], rows: dict[str, Row], part: str) -> None:
    """F1 of each setup and measure; "-" for a task that it lacks or that was not tested."""
    keys = {title: f"joint_{part}_{key}" for title, key in _COLUMNS}
    columns = [(title, key) for title, key in keys.items() if any(row.get(key) is not None for row in rows.values())]
    table = [
        (run.setup, rows[run.key]["levels"], *(percent(rows[run.key].get(key)) for _, key in columns)) for run in runs
    ]
    msg.table(
        table,
        header=("", "levels", *(title for title, _ in columns)),
        aligns=("l", "l", *("r" for _ in columns)),
        divider=True,
        max_col=60,
    )


def _by_training(runs: list[Run]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for run in runs:
        found.setdefault(run.training, []).append(run.setup)
    return found


def _scores(results: Results, row: Row, part: str) -> dict[str, Any]:
    """Scores of the joint checkpoint, with those by type, under the keys of `evaluate`."""
    found = {**row, **(results.details(row["key"]).get("types") or {})}
    prefix = f"joint_{part}_"
    return {key[len(prefix) :]: value for key, value in found.items() if key.startswith(prefix) and value is not None}
