"""`init-config`: a training config to begin with, one of those that travel in the package."""

from __future__ import annotations

from enum import Enum
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer
from wasabi.printer import Printer

from ..errors import Errors
from ..files import write_text
from .common import fail

CONFIGS = {"cpu": "hmtl_cpu.cfg", "transformer": "hmtl_trf.cfg", "paper": "hmtl.cfg"}
NEEDS = {
    "transformer": "It wants an encoder: `hf download sentence-transformers/all-MiniLM-L6-v2` fetches its own, and "
    "--paths.encoder FOLDER names another, saved by `save_pretrained`.",
    "paper": "It wants three files more: --paths.vectors, --paths.elmo_options and --paths.elmo_weights.",
}


class Purpose(str, Enum):
    """What a config is for."""

    cpu = "cpu"
    transformer = "transformer"
    paper = "paper"


def read_config(purpose: str) -> str:
    """The text of a config: from the package, or from the folder beside it where that is installed from a tree."""
    name = CONFIGS[purpose]
    packaged = files("spacy_hmtl").joinpath("configs", name)
    path = packaged if packaged.is_file() else Path(__file__).parents[2] / "configs" / name
    return path.read_text(encoding="utf-8")


def init_config_cli(
    output: Annotated[Path, typer.Argument(metavar="OUTPUT.cfg", help='The config to write; "-" prints it')],
    purpose: Annotated[
        Purpose,
        typer.Option(
            "--for",
            help="cpu: from scratch, nothing to fetch; transformer: on a pretrained encoder; paper: GloVe and ELMo",
        ),
    ] = Purpose.cpu,
    force: Annotated[bool, typer.Option("--force", "-F", help="Overwrite the file")] = False,
) -> None:
    """
    Write a training config for `spacy train`.

    All of them take the same data: --paths.train and --paths.dev for all four tasks, or a path for a task, such as
    --paths.ner_train and --paths.ner_dev.

    \b
    Examples:
      python -m spacy hmtl init-config my.cfg
      python -m spacy hmtl init-config my.cfg --for transformer
      python -m spacy train my.cfg --output training --paths.train train.spacy --paths.dev dev.spacy
    """
    text = read_config(purpose.value)
    if str(output) == "-":
        print(text, end="")
        return
    if output.exists() and not force:
        fail(Errors.H687.format(path=output))
    try:
        write_text(output, text)
    except OSError as error:
        fail(error)
    msg = Printer()
    msg.good(f"Wrote {output}")
    if purpose.value in NEEDS:
        msg.info(NEEDS[purpose.value])
    print(f"python -m spacy train {output} --output training --paths.train train.spacy --paths.dev dev.spacy")
