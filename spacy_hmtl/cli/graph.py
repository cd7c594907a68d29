"""`graph`: entities and relations of documents as JSON-LD, GraphML or CSV."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import spacy
import typer
from spacy.language import Language
from spacy.tokens import Doc
from wasabi.printer import Printer

from ..annotate.inputs import read_inputs
from ..annotate.pipelines import load_pipeline
from ..annotations.extensions import register
from ..annotations.groups import get_meta, set_meta
from ..annotations.jsonl import read_jsonl
from ..data.docbin import read_docs
from ..errors import Errors
from ..graph.build import Graph, make_graph
from ..graph.write import check_output, mentions_path, write_graphs
from .common import GPU_HELP, fail

N_LISTED = 20


def graph_cli(
    source: Annotated[
        str,
        typer.Argument(
            help="Annotated documents (.spacy or .jsonl, as annotate writes them), or a pipeline", metavar="INPUT"
        ),
    ],
    arguments: Annotated[
        list[str],
        typer.Argument(
            help="For a pipeline the text (or a .txt, .jsonl or .spacy file, or a folder), then the file to write: "
            ".jsonld, .graphml or .csv",
            metavar="[TEXT] OUTPUT",
        ),
    ],
    raw: Annotated[
        bool, typer.Option("--raw", help="In .csv, keep texts that spreadsheets take for formulas as they are")
    ] = False,
    aliases: Annotated[
        bool, typer.Option("--aliases", help="Link entities of different documents that have the same type and name")
    ] = False,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help=GPU_HELP)] = -1,
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
    output = Path(arguments[-1])
    is_data = Path(source).suffix in (".spacy", ".jsonl")
    if len(arguments) != (1 if is_data else 2):
        expected = "OUTPUT" if is_data else "TEXT OUTPUT"
        raise typer.BadParameter(f"expected {expected} after {source}, found {len(arguments)} arguments")
    register()
    msg, failed = Printer(), list[str]()
    try:
        check_output(output)
        if is_data:
            docs, stem = _read(Path(source), failed), Path(source).stem
        else:
            docs, stem = _annotate(load_pipeline(source, gpu_id), arguments[0], output), "text"
        counts = write_graphs(_graphs(docs, stem, aliases, failed), output, raw=raw, aliases=aliases)
    except (ValueError, OSError) as error:
        _print_failed(msg, failed)
        fail(error)
    _print_failed(msg, failed)
    msg.good(
        f"Wrote {counts.entities:,} entities ({counts.mentions:,} mentions) and {counts.relations:,} relations "
        f"of {counts.documents:,} documents to {output}"
    )
    if output.suffix.lower() == ".csv":
        msg.info(f"The mentions are in {mentions_path(output)}")


def _print_failed(msg: Printer, failed: list[str]) -> None:
    for message in failed[:N_LISTED]:
        msg.warn(message)
    if failed:
        msg.warn(f"{len(failed):,} document{'s' if len(failed) > 1 else ''} left out")


def _read(path: Path, failed: list[str]) -> Iterator[Doc]:
    if not path.is_file():
        raise FileNotFoundError(Errors.H101.format(path=path))
    blank = spacy.blank("xx")
    if path.suffix != ".jsonl":
        return read_docs(path, blank)
    return read_jsonl(path, blank.vocab, on_error=lambda error: failed.append(str(error)))


def _annotate(nlp: Language, text: str, output: Path) -> Iterator[Doc]:
    """Annotated Docs of a file or folder, or of the text itself."""
    try:
        is_path = Path(text).exists()
    except (OSError, ValueError):  # too long for a path, or with characters that no path has
        is_path = False
    if not is_path:
        yield nlp(text)
        return
    inputs = read_inputs(Path(text), leave_out=(output, mentions_path(output)))
    for doc, meta in nlp.pipe(((item.text, item.meta) for item in inputs), as_tuples=True):
        set_meta(doc, meta)
        yield doc


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
