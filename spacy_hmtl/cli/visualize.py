"""`visualize`: an HTML page with all four layers of a text, or of annotated documents."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated

import spacy
import typer
from spacy.tokens import Doc
from wasabi.printer import Printer

from ..annotate.pipelines import load_pipeline
from ..annotations.jsonl import read_jsonl
from ..data.docbin import read_docs
from ..errors import Errors
from ..visualize import render
from .common import GPU_HELP, fail


def visualize_cli(
    source: Annotated[
        str, typer.Argument(help="A pipeline, or annotated documents (.spacy or .jsonl)", metavar="MODEL_OR_DOCBIN")
    ],
    arguments: Annotated[
        list[str],
        typer.Argument(
            help="The text (for a pipeline; a .txt file is read), then the page to write", metavar="[TEXT] OUT.html"
        ),
    ],
    layers: Annotated[str | None, typer.Option("--layers", help="Of ner,emd,coref,relation; all if not given")] = None,
    title: Annotated[str | None, typer.Option("--title", help="Title of the page")] = None,
    limit: Annotated[int, typer.Option("--limit", help="Show at most so many documents", min=1)] = 20,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help=GPU_HELP)] = -1,
) -> None:
    """
    Write an HTML page that shows names, mentions, coreference and relations.

    \b
    Examples:
      python -m spacy hmtl visualize en_hmtl_demo "Anna Keller said she will move to Oslo." page.html
      python -m spacy hmtl visualize training/model-best letter.txt letter.html
      python -m spacy hmtl visualize corpus/test.spacy gold.html --limit 5 --layers coref,relation
    """
    try:
        docs, output = _read(source, arguments, limit, gpu_id)
        page = render(docs, layers=layers.split(",") if layers else None, title=title)
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(page, encoding="utf-8")
    except (ValueError, OSError) as error:
        fail(error)
    Printer().good(f"Wrote {len(docs):,} document{'s' if len(docs) != 1 else ''} to {output}")


def _read(source: str, arguments: list[str], limit: int, gpu_id: int) -> tuple[list[Doc], Path]:
    """The documents to show and the page to write. RAISES (ValueError, typer.BadParameter): wrong arguments."""
    path, output = Path(source), Path(arguments[-1])
    is_data = path.suffix in (".spacy", ".jsonl")
    if len(arguments) != (1 if is_data else 2):
        expected = "OUT.html" if is_data else "TEXT OUT.html"
        raise typer.BadParameter(f"expected {expected} after {source}, found {len(arguments)} arguments")
    if output.suffix.lower() not in (".html", ".htm"):
        raise ValueError(Errors.H505.format(path=output, expected=".html"))
    if is_data:
        if not path.is_file():
            raise FileNotFoundError(Errors.H101.format(path=path))
        blank = spacy.blank("xx")
        docs = read_jsonl(path, blank.vocab) if path.suffix == ".jsonl" else read_docs(path, blank)
        return list(islice(docs, limit)), output
    text = arguments[0]
    if text.endswith(".txt") and Path(text).is_file():
        text = Path(text).read_text(encoding="utf-8")
    return [load_pipeline(source, gpu_id)(text)], output
