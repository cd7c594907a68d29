"""`visualize`: an HTML page with all four layers of a text, or of annotated documents."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from spacy.vocab import Vocab
from wasabi.printer import Printer

from ..annotate.arguments import Given, given
from ..annotate.documents import annotate_inputs, is_annotated_data, read_annotated
from ..annotate.inputs import count_inputs
from ..annotate.pipelines import default_pipeline, is_pipeline
from ..errors import Errors
from ..files import write_text
from ..visualize import render
from .common import INPUT_HELP, GpuId, IsText, check_arguments, fail, print_failed


def visualize_cli(
    source: Annotated[
        str,
        typer.Argument(
            help='A pipeline, or annotated documents (.spacy, .jsonl or .parquet, a folder of them, "-")',
            metavar="MODEL_OR_DOCBIN",
        ),
    ],
    arguments: Annotated[
        list[str],
        typer.Argument(help=f"For a pipeline its input, then the page. {INPUT_HELP}", metavar="[TEXT] OUT.html"),
    ],
    text: IsText = False,
    layers: Annotated[
        str | None, typer.Option("--layers", help="Any of ner,emd,coref,relation; all by default")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="Title of the page")] = None,
    limit: Annotated[
        int, typer.Option("--limit", help="Show at most N documents, and say how many are left out", min=1)
    ] = 100,
    gold: Annotated[
        Path | None,
        typer.Option(
            "--gold", help="The same documents with human annotation: shown beside it, with differences marked"
        ),
    ] = None,
    gpu_id: GpuId = -1,
) -> None:
    """
    Write an HTML page that shows names, mentions, coreference and relations.

    Without a pipeline, a text or file is annotated by en_hmtl_web_md. Several documents get an index and a search; a
    click on a type shows where it occurs. With --gold, what is wrong or missing is marked and listed.

    \b
    Examples:
      python -m spacy hmtl visualize "Anna Keller said she will move to Oslo." page.html
      python -m spacy hmtl visualize en_hmtl_demo "Anna Keller said she will move to Oslo." page.html
      python -m spacy hmtl visualize training/model-best letter.txt letter.html
      python -m spacy hmtl visualize training/model-best --text Oslo oslo.html
      python -m spacy hmtl visualize corpus/test.spacy gold.html --limit 5 --layers coref,relation
      python -m spacy hmtl visualize training/model-best corpus/test.spacy errors.html --gold corpus/test.spacy
    """
    output, failed = Path(arguments[-1]), list[str]()
    try:
        source, arguments = with_default(source, arguments)
        has_model = check_arguments(source, arguments, "OUT.html")
        if output.suffix.lower() not in (".html", ".htm"):
            raise ValueError(Errors.H505.format(path=output, expected=".html"))
        with given(arguments[0] if has_model else source, is_text=text, takes_text=has_model) as data:
            if has_model:
                found = annotate_inputs(source, data, gpu_id=gpu_id, on_error=failed.append, batch_size=min(limit, 32))
            else:
                found = read_annotated(data, Vocab(), on_error=failed.append)
            docs = list(islice(found, limit))
            left_out = max(0, count_inputs(data.path, shown=data.shown) - limit) if len(docs) == limit else 0
        sides = None if gold is None else list(islice(read_annotated(Given(gold), Vocab()), limit))
        print_failed(failed)
        if not docs:
            raise ValueError(Errors.H593.format(path=data.name))
        page = render(docs, layers=layers.split(",") if layers else None, title=title, gold=sides, left_out=left_out)
        write_text(output, page, errors="xmlcharrefreplace")
    except (ValueError, OSError) as error:
        fail(error)
    Printer().good(f"Wrote {len(docs):,} document{'s' if len(docs) != 1 else ''} to {output}")


def with_default(source: str, arguments: list[str]) -> tuple[str, list[str]]:
    """The arguments with the pretrained pipeline before a text or file that stands alone. RAISES (ValueError): H686."""
    if len(arguments) == 1 and not is_annotated_data(source) and not is_pipeline(source):
        return default_pipeline(), [source, *arguments]
    return source, arguments
