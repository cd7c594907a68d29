"""`ablation`: trains the paper's setups one after the other, and compares them on test data."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from spacy.language import Language
from wasabi.printer import Printer

from ..annotate.arguments import Given
from ..annotate.pipelines import hmtl_pipes, load_pipeline
from ..annotations.layers import LAYERS
from ..errors import Errors
from ..experiments.setups import Setup, as_overrides, choose_setups, setup_overrides
from ..files import write_text
from .common import GPU_HELP, fail, save_json
from .evaluate import evaluate, give_gold_mentions, make_examples, percent

MODEL, SCORES = "model-best", "scores.json"
# Written when a training has ended: spaCy writes models while it goes on.
DONE = "command.txt"
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

CONTEXT = {"allow_extra_args": True, "ignore_unknown_options": True}


def ablation_cli(
    ctx: typer.Context,
    config: Annotated[Path, typer.Argument(metavar="CONFIG.cfg", help="The config of setup A")],
    output: Annotated[Path, typer.Argument(metavar="OUTPUT", help="Folder; each setup gets a folder in it")],
    setups: Annotated[
        str, typer.Option("--setups", help='Such as "A,A-GM,D"; all of A to K, A-GM, E-GM if "all"')
    ] = "A",
    ner: Annotated[Path | None, typer.Option("--ner", help="Test data for names (.spacy)")] = None,
    emd: Annotated[Path | None, typer.Option("--emd", help="Test data for mentions")] = None,
    relation: Annotated[Path | None, typer.Option("--relation", help="Test data for relations")] = None,
    coref: Annotated[Path | None, typer.Option("--coref", help="Test data for coreference")] = None,
    batch_size: Annotated[int, typer.Option("--batch-size", "-b", help="Documents per batch of testing", min=1)] = 32,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help=GPU_HELP)] = -1,
) -> None:
    """
    Train the paper's setups (which tasks, in which order) and compare their scores.

    Each setup is the config with other levels, trained by `spacy train`; further options are overrides of the
    config, as there. A setup whose training has ended is not trained again: remove its folder in the output folder
    to do so. A-GM and E-GM are A and E with gold mentions. Without test data nothing is scored.

    \b
    Examples:
      python -m spacy hmtl ablation configs/hmtl_cpu.cfg training/ablation --setups A,B,C
        --paths.train corpus/demo/train.spacy --paths.dev corpus/demo/dev.spacy
      python -m spacy hmtl ablation configs/hmtl_cpu.cfg training/ablation --setups A,A-GM,E
        --ner corpus/demo/test.spacy --coref corpus/demo/test.spacy
    """
    msg = Printer()
    tests = {"ner": ner, "emd": emd, "relation": relation, "coref": coref}
    try:
        chosen, overrides = choose_setups(setups), as_overrides(ctx.args)
        for path in (config, *(path for path in tests.values() if path is not None)):
            if not path.exists():
                raise FileNotFoundError(Errors.H101.format(path=path))
        for name, setup in {setup.base: setup for setup in chosen.values()}.items():
            train(msg, name, setup, config, output, gpu_id, overrides)
        if any(tests.values()):
            scores = {name: score(setup, output, tests, batch_size, gpu_id) for name, setup in chosen.items()}
            print_table(msg, chosen, scores)
            save_json(output / SCORES, scores, "all scores")
    except (ValueError, OSError) as error:
        fail(error)


def train(msg: Printer, name: str, setup: Setup, config: Path, output: Path, gpu_id: int, overrides: list[str]) -> None:
    """Train a setup in a process of its own, unless that was done before. RAISES (ValueError): H552."""
    folder = output / name
    if (folder / DONE).exists():
        msg.info(f"{name}: {folder / MODEL} is there, not trained again")
        return
    command = ["train", str(config), "--output", str(folder), "--gpu-id", str(gpu_id), *overrides]
    command += setup_overrides(setup.levels)
    shown = f"python -m spacy {shlex.join(command)}"
    msg.divider(name)
    print(shown)
    status = subprocess.run([sys.executable, "-m", "spacy", *command], check=False).returncode
    if status:
        raise ValueError(Errors.H552.format(setup=name, status=status))
    write_text(folder / DONE, f"{shown}\n")


def score(setup: Setup, output: Path, tests: dict[str, Path | None], batch_size: int, gpu_id: int) -> dict[str, Any]:
    """Score a trained setup: each of its tasks on that task's test data."""
    tasks = [task for level in setup.levels for task in level if tests[task] is not None]
    nlp = load_pipeline(str(output / setup.base / MODEL), gpu_id)
    found: dict[str, Any] = {}
    for path in dict.fromkeys(tests[task] for task in tasks):
        scores = _score_file(nlp, setup, Path(str(path)), batch_size)
        prefixes = tuple(f"{LAYERS[task].scores}_" for task in tasks if tests[task] == path)
        found.update((key, value) for key, value in scores.items() if key.startswith(prefixes))
    return found


def print_table(msg: Printer, setups: dict[str, Setup], scores: dict[str, dict[str, Any]]) -> None:
    """F1 of each setup and measure; "-" for a task that it lacks or that was not tested."""
    columns = [(title, key) for title, key in _COLUMNS if any(key in found for found in scores.values())]
    rows = [
        (
            name,
            " > ".join("+".join(level) for level in setup.levels),
            *(percent(scores[name].get(key)) for _, key in columns),
        )
        for name, setup in setups.items()
    ]
    msg.table(
        rows,
        header=("", "levels", *(title for title, _ in columns)),
        aligns=("l", "l", *("r" for _ in columns)),
        divider=True,
        max_col=60,
    )


def _score_file(nlp: Language, setup: Setup, path: Path, batch_size: int) -> dict[str, Any]:
    examples = make_examples(nlp, Given(path))
    if setup.gold_mentions:
        give_gold_mentions(hmtl_pipes(nlp, setup.base, "gold mentions"), examples)
    return evaluate(nlp, examples, batch_size=batch_size)
