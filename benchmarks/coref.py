"""Coreference, measured: scores under all settings, the heads' speed, and growth with the document.

    python benchmarks/coref.py scores MODEL DATA.spacy ...    # predicted and gold mentions, singletons kept and removed
    python benchmarks/coref.py heads MODEL MODEL DATA.spacy   # time of the coreference heads alone, interleaved
    python benchmarks/coref.py length MODEL DATA.spacy        # 1,000, 10,000 and 100,000 tokens in one document

MODEL is a trained pipeline (a folder or an installed package), DATA a corpus in spaCy's
binary format. Times are of one thread; the fastest of several rounds counts.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import spacy
import torch
import typer
from spacy.language import Language
from spacy.tokens import Doc

from spacy_hmtl.annotations import copy_tokens, get_clusters, set_mentions
from spacy_hmtl.annotations.layers import extents
from spacy_hmtl.bridge.segments import make_layout
from spacy_hmtl.data.docbin import read_docs
from spacy_hmtl.scoring import coref_scores
from spacy_hmtl.types import LabeledSpan, MentionSpan

GIVEN = "gold_mentions"
MEASURES = ("muc", "b3", "ceafe", "lea", "mentions")
app = typer.Typer(add_completion=False, no_args_is_help=True)
Model = Annotated[str, typer.Argument(help="A trained pipeline")]
Data = Annotated[list[Path], typer.Argument(help="Gold corpora")]


def load(model: str) -> tuple[Language, Any]:
    torch.set_num_threads(1)
    nlp = spacy.load(model)
    return nlp, nlp.get_pipe("hmtl")


def clusters_of(doc: Doc) -> list[list[MentionSpan]]:
    return extents(get_clusters(doc))


@app.command()
def scores(model: Model, data: Data) -> None:
    """Table of all measures for each corpus, with predicted and gold mentions, singletons kept and removed."""
    nlp, pipe = load(model)
    typer.echo("| data | mentions | singletons | average | " + " | ".join(MEASURES) + " |")
    typer.echo("|---" * (4 + len(MEASURES)) + "|")
    for path in data:
        references = list(read_docs(path, nlp))
        for given in (False, True):
            pipe.cfg["gold_mentions_key"] = GIVEN if given else None
            docs = [copy_tokens(doc, nlp.vocab) for doc in references]
            if given:
                for doc, gold in zip(docs, references):
                    spans = [LabeledSpan(*span) for cluster in clusters_of(gold) for span in cluster]
                    set_mentions(doc, spans, key=GIVEN)
            pairs = [(clusters_of(g), clusters_of(d)) for g, d in zip(references, nlp.pipe(docs, batch_size=8))]
            for keep in (True, False):
                found = coref_scores(pairs, keep_singletons=keep)
                row = [path.stem, "gold" if given else "predicted", "kept" if keep else "removed"]
                row += [f"{100 * found[f'coref_{name}f']:.1f}" for name in ("", *(f"{m}_" for m in MEASURES))]
                typer.echo("| " + " | ".join(row) + " |")


@app.command()
def heads(first: Model, second: Model, data: Path, rounds: int = 5) -> None:
    """Time of two coreference heads on the same documents: candidates to clusters, without embeddings and encoder."""
    runs = []
    for model in (first, second):
        nlp, pipe = load(model)
        docs = [copy_tokens(doc, nlp.vocab) for doc in read_docs(data, nlp)]
        shim = pipe.model.shims[0]
        hierarchy = shim.hierarchy.eval()
        encoded = []
        with torch.inference_mode():
            for doc in docs:
                arrays = pipe.model.layers[0].predict([doc])
                layout = make_layout([doc], pipe.model.attrs["max_segment"])
                encoded.append(hierarchy.encode(torch.as_tensor(arrays[0]), layout, ["coref"])["coref"])
        runs.append((model, hierarchy.heads["coref"], encoded, sum(map(len, docs))))
    best = dict.fromkeys((first, second), float("inf"))
    for _ in range(rounds):
        for model, head, encoded, _n in runs:
            began = time.perf_counter()
            with torch.inference_mode():
                for one in encoded:
                    head.decode(one, {"singleton_threshold": 0.5})
            best[model] = min(best[model], time.perf_counter() - began)
    for model, _, _, n_tokens in runs:
        typer.echo(f"{model}: {best[model]:.2f} s for {n_tokens:,} tokens, {n_tokens / best[model]:,.0f} tokens/s")
    typer.echo(f"ratio {best[first] / best[second]:.2f}")


@app.command()
def length(model: Model, data: Path, rounds: int = 2) -> None:
    """Time per token and peak memory of one document of 1,000, 10,000 and 100,000 tokens, each in its own process."""
    base = None
    for n_tokens in (1_000, 10_000, 100_000):
        command = [sys.executable, __file__, "one-length", model, str(data), str(n_tokens), "--rounds", str(rounds)]
        line = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip().splitlines()[-1]
        seconds, loaded, peak = map(float, line.split())
        base = base or seconds / n_tokens
        typer.echo(
            f"{n_tokens:8,} tokens: {1e6 * seconds / n_tokens:6.0f} us a token ({seconds / n_tokens / base:.2f} of the "
            f"first), peak memory {peak - loaded:6.0f} MB beyond the {loaded:.0f} MB of the loaded pipeline"
        )


@app.command(hidden=True)
def one_length(model: str, data: Path, n_tokens: int, rounds: int = 2) -> None:
    nlp, _ = load(model)
    docs = [copy_tokens(doc, nlp.vocab) for doc in read_docs(data, nlp)]
    nlp(docs[0].copy())
    loaded = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    long = joined(docs, n_tokens)
    # The shorter ones are repeated, so that every process does about as much.
    times = 20 if n_tokens <= 1_000 else rounds
    copies = [long.copy() for _ in range(times)]
    best = float("inf")
    for doc in copies:
        began = time.perf_counter()
        nlp(doc)
        best = min(best, time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    typer.echo(f"{best} {loaded} {peak}")


def joined(docs: list[Doc], n_tokens: int) -> Doc:
    """One document of the sentences of all, over and over, each time with its words rotated.

    Equal windows are encoded once, so that mere repetition would look faster than it is.
    """
    words: list[str] = []
    starts: list[bool | int | None] = []
    for by in range(n_tokens):
        for sent in (sent for doc in docs for sent in doc.sents):
            own = [token.text for token in sent]
            shift = by % len(own)
            words += own[shift:] + own[:shift]
            starts += [True] + [False] * (len(own) - 1)
        if len(words) >= n_tokens:
            break
    return Doc(docs[0].vocab, words=words[:n_tokens], sent_starts=starts[:n_tokens])


if __name__ == "__main__":
    app()
