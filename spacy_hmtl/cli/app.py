"""Puts our commands below `python -m spacy hmtl`, and on their own below `python -m spacy_hmtl`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer
from spacy.cli._util import app as spacy_app
from typer.core import TyperCommand

from .. import __version__
from .ablation import ablation_cli
from .annotate import annotate_cli
from .calibrate import calibrate_cli
from .check import check_cli
from .common import CONTEXT
from .convert import convert_cli
from .data_check import data_check_cli
from .evaluate import evaluate_cli
from .experiment import experiment_cli
from .export import export_cli
from .graph import graph_cli
from .init_config import init_config_cli
from .probe import probe_cli, probe_data_cli
from .push import push_cli
from .report import report_cli
from .serve import serve_cli
from .visualize import visualize_cli

app = typer.Typer(
    name="hmtl",
    no_args_is_help=True,
)


class Command(TyperCommand):
    """A command whose help shows what stands in brackets, such as [serve]: rich would take it for markup."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.rich_markup_mode == "rich":
            from rich.markup import escape

            self.help = escape(self.help or "")
            for parameter in self.params:
                if getattr(parameter, "help", None):
                    setattr(parameter, "help", escape(getattr(parameter, "help")))  # noqa: B009, B010


def show_version(wanted: bool) -> None:
    """Print the version and end."""
    if wanted:
        print(f"spacy-hmtl {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version", callback=show_version, is_eager=True)
    ] = False,
) -> None:
    """Names, mentions, coreference and relations: convert corpora, annotate, evaluate, look."""


COMMANDS: dict[str, Callable[..., None]] = {
    "convert": convert_cli,
    "export": export_cli,
    "data-check": data_check_cli,
    "annotate": annotate_cli,
    "evaluate": evaluate_cli,
    "calibrate": calibrate_cli,
    "visualize": visualize_cli,
    "serve": serve_cli,
    "check": check_cli,
    "graph": graph_cli,
    "init-config": init_config_cli,
    "push": push_cli,
    "experiment": experiment_cli,
    "probe-data": probe_data_cli,
    "probe": probe_cli,
    "report": report_cli,
    "ablation": ablation_cli,
}
WITH_OVERRIDES = {"experiment", "ablation"}
for name, command in COMMANDS.items():
    app.command(name, cls=Command, context_settings=CONTEXT if name in WITH_OVERRIDES else None)(command)


def _add() -> typer.Typer:
    if app not in [group.typer_instance for group in spacy_app.registered_groups]:
        spacy_app.add_typer(app, name="hmtl")
    return app


# spaCy loads this entry point at every start of its command line.
register = _add()
