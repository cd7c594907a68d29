"""`graph`: entities and relations of documents as JSON-LD, GraphML or CSV."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from spacy.tokens import Doc
from spacy.vocab import Vocab
from wasabi.printer import Printer

from ..annotate.arguments import given
from ..annotate.documents import annotate_inputs, read_annotated
from ..annotations.extensions import register
from ..annotations.groups import get_meta
from ..errors import Errors
from ..graph.build import Graph, make_graph
from ..graph.write import check_output, mentions_path, write_graphs
from .common import INPUT_HELP, GpuId, IsText, check_arguments, fail, print_failed


def graph_cli(
    source: Annotated[
        str,
        typer.Argument(
            help='Annotated documents (.spacy, .jsonl or .parquet, a folder of them, "-"), or a pipeline',
            metavar="INPUT",
        ),
    ],
    arguments: Annotated[
        list[str],
        typer.Argument(
            help=f"For a pipeline its input, then the file to write: .jsonld, .graphml or .csv. {INPUT_HELP}",
            metavar="[TEXT] OUTPUT",
        ),
    ],
    text: IsText = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="In .csv, keep texts that spreadsheets take for formulas as they are")
    ] = False,
    aliases: Annotated[
        bool, typer.Option("--aliases", help="Link entities of different documents that have the same type and name")
    ] = False,
    gpu_id: GpuId = -1,
) -> None:
    """
    Write entities and relations as a graph, with the character offsets of every mention.

    An entity is a cluster under its most informative name, or a mention that is in no cluster. Entities of different
    documents stay apart, even under the same name; each carries the id of its document. The output appears when it
    is complete; .csv gives relations and, in OUTPUT.mentions.csv, mentions. A document that has no graph is listed
    and left out.

    \b
    Examples:
      python -m spacy hmtl graph annotated.jsonl graph.jsonld
      python -m spacy hmtl graph corpus/test.spacy graph.graphml
      python -m spacy hmtl graph en_hmtl_demo "Anna Keller said she left Oslo." graph.csv
      python -m spacy hmtl graph en_hmtl_demo letters/ letters.graphml --aliases
    """
    output, failed = Path(arguments[-1]), list[str]()
    has_model = check_arguments(source, arguments, "OUTPUT")
    register()
    try:
        check_output(output)
        with given(arguments[0] if has_model else source, is_text=text, takes_text=has_model) as data:
            left_out = (output, mentions_path(output))
            if has_model:
                docs = annotate_inputs(source, data, gpu_id=gpu_id, on_error=failed.append, leave_out=left_out)
            else:
                docs = read_annotated(data, Vocab(), on_error=failed.append, leave_out=left_out)
            graphs = _graphs(docs, Path(data.name).stem, aliases, failed)
            counts = write_graphs(graphs, output, raw=raw, aliases=aliases)
    except (ValueError, OSError) as error:
        print_failed(failed)
        fail(error)
    print_failed(failed)
    msg = Printer()
    msg.good(
        f"Wrote {counts.entities:,} entities ({counts.mentions:,} mentions) and {counts.relations:,} relations "
        f"of {counts.documents:,} documents to {output}"
    )
    if output.suffix.lower() == ".csv":
        msg.info(f"The mentions are in {mentions_path(output)}")


def _graphs(docs: Iterator[Doc], stem: str, aliases: bool, failed: list[str]) -> Iterator[Graph]:
    """Graphs under names that are unique: those of the documents, numbered where there is none or it was there."""
    seen: Counter[str] = Counter()
    for number, doc in enumerate(docs, start=1):
        base = name = str(get_meta(doc).get("name") or f"{stem}-{number}")
        while name in seen:
            seen[base] += 1
            name = f"{base} ({seen[base]})"
        seen[name] += 1
        try:
            graph = make_graph(doc, name, aliases=aliases)
        except Exception as error:  # groups that other components have left damaged cost their document, not the others
            failed.append(Errors.H170.format(name=name, reason=f"{type(error).__name__}: {error}"))
            continue
        yield graph
