"""Growth with what is read: documents of a stream, tokens of one document; each in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from timing.options import Output, Pipeline, Sentences
from timing.report import describe, save, surroundings, table
from timing.turns import Turn, peak_memory, spend

STREAM = {
    "documents": "{documents:,}",
    "tokens": "{tokens:,}",
    "wall s": "{wall_s:.2f}",
    "CPU s": "{cpu_s:.2f}",
    "CPU ms a document": "{cpu_per_document:.2f}",
    "CPU us a token": "{cpu_per_token:.0f}",
    "peak MB": "{peak_mb:,.0f}",
    "beyond the loaded pipeline": "{beyond_mb:,.0f}",
}
LENGTH = {
    "tokens in the document": "{tokens:,}",
    "wall s": "{wall_s:.2f}",
    "CPU s": "{cpu_s:.2f}",
    "CPU us a token": "{cpu_per_token:.0f}",
    "of the first": "{of_first:.2f}",
    "peak MB": "{peak_mb:,.0f}",
    "beyond the loaded pipeline": "{beyond_mb:,.0f}",
}


def growth(
    pipeline: Pipeline,
    data: Sentences,
    documents: Annotated[str, typer.Option(help="Lengths of streams of one-sentence documents")] = (
        "1,100,10000,100000"
    ),
    tokens: Annotated[str, typer.Option(help="Lengths of single documents")] = "1000,10000,100000",
    output: Output = None,
) -> None:
    """Time and peak memory of streams and of long documents, all tasks, one thread."""
    machine = surroundings()
    typer.echo(f"{describe(machine)}\n")
    lengths = [_measure(pipeline, data, "tokens", int(n)) for n in tokens.split(",") if n]
    for row in lengths:
        row["of_first"] = row["cpu_per_token"] / lengths[0]["cpu_per_token"]
    typer.echo(table(LENGTH, lengths) + "\n")
    save(output, "length", lengths, machine)
    streams = [_measure(pipeline, data, "documents", int(n)) for n in documents.split(",") if n]
    typer.echo(table(STREAM, streams))
    save(output, "stream", streams, machine)


def _measure(pipeline: str, data: Path, kind: str, number: int) -> dict[str, Any]:
    turn = Turn(serve_growth, pipeline, str(data))
    row = turn.ask((kind, number))
    turn.stop()
    return row


def serve_growth(pipeline: str, data: str) -> Callable[[tuple[str, int]], dict[str, Any]]:
    """Load and warm up; answer ("documents", N) or ("tokens", N) with the time and memory it takes."""
    import spacy
    from coref import joined

    from spacy_hmtl.annotations import copy_tokens
    from spacy_hmtl.data.docbin import read_docs

    nlp = spacy.load(pipeline)
    docs = [copy_tokens(doc, nlp.vocab) for doc in read_docs(data, nlp)]
    nlp(next(sentences(docs, 1)))
    loaded = peak_memory()

    def answer(request: tuple[str, int]) -> dict[str, Any]:
        kind, number = request
        if kind == "tokens":
            long = joined(docs, number)
            # Memory is the long document's; short ones are repeated, since their time is too short to tell.
            repeats = max(1, 10_000 // number)
            copies = [long.copy() for _ in range(repeats)]
            spent = spend(lambda: [nlp(copy) for copy in copies])
            n_docs, n_tokens = repeats, repeats * number
        else:
            n_docs, n_tokens = number, 0

            def run() -> None:
                nonlocal n_tokens
                for doc in nlp.pipe(sentences(docs, number)):
                    n_tokens += len(doc)

            spent = spend(run)
        row: dict[str, float] = {"documents": n_docs, "tokens": number if kind == "tokens" else n_tokens}
        row |= {"wall_s": spent.wall / (n_docs if kind == "tokens" else 1)}
        row |= {"cpu_s": spent.cpu / (n_docs if kind == "tokens" else 1)}
        row |= {"cpu_per_document": 1e3 * spent.cpu / n_docs, "cpu_per_token": 1e6 * spent.cpu / n_tokens}
        return row | {"peak_mb": spent.peak, "beyond_mb": max(0.0, spent.peak - loaded)}

    return answer


def sentences(docs: list[Any], number: int) -> Iterator[Any]:
    """One-sentence Docs: the sentences of all Docs over and over, each time with their words rotated.

    So no two are alike, and the stream knows no more words than the Docs do.
    """
    from spacy.tokens import Doc

    count = by = 0
    while True:
        for sent in (sent for doc in docs for sent in doc.sents):
            if count == number:
                return
            count += 1
            words = [token.text for token in sent]
            shift = by % len(words)
            yield Doc(sent.doc.vocab, words=words[shift:] + words[:shift])
        by += 1
