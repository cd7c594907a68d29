"""Puts our commands below `python -m spacy hmtl`, and on their own below `python -m spacy_hmtl`."""

from __future__ import annotations

import typer
from spacy.cli._util import app as spacy_app

from .ablation import CONTEXT, ablation_cli
from .annotate import annotate_cli
from .calibrate import calibrate_cli
from .check import check_cli
from .convert import convert_cli
from .data_check import data_check_cli
from .evaluate import evaluate_cli
from .export import export_cli
from .graph import graph_cli
from .serve import serve_cli
from .visualize import visualize_cli

app = typer.Typer(
    name="hmtl",
    help="Names, mentions, coreference and relations: convert corpora, annotate, evaluate, look.",
    no_args_is_help=True,
    add_completion=False,
)
app.command("convert")(convert_cli)
app.command("export")(export_cli)
app.command("data-check")(data_check_cli)
app.command("annotate")(annotate_cli)
app.command("evaluate")(evaluate_cli)
app.command("calibrate")(calibrate_cli)
app.command("visualize")(visualize_cli)
app.command("serve")(serve_cli)
app.command("check")(check_cli)
app.command("graph")(graph_cli)
app.command("ablation", context_settings=CONTEXT)(ablation_cli)


def _add() -> typer.Typer:
    if app not in [group.typer_instance for group in spacy_app.registered_groups]:
        spacy_app.add_typer(app, name="hmtl")
    return app


# spaCy loads this entry point at every start of its command line.
register = _add()
