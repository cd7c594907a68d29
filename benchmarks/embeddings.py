"""Word representations, measured: each embedding alone, and what a frozen encoder's cache saves.

    python benchmarks/embeddings.py throughput DATA.spacy ENCODER      # tokens a second and size of each embedding
    python benchmarks/embeddings.py cache FOLDER ENCODER               # seconds an update, epoch after epoch

DATA is a corpus in spaCy's binary format, ENCODER the folder of a transformer, FOLDER holds
the open benchmark as `spacy project run open-convert` makes it (wnut17-, litbank- and
conll04-train.spacy). ELMo runs with random weights of the published sizes, and GloVe is a
random table of its size: neither speed nor size depends on the numbers. Times are CPU
seconds of one thread, so that other work on the machine matters little.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy
import spacy
import torch
import typer
from spacy.language import Language
from spacy.ml.models import MultiHashEmbed
from spacy.util import load_config, load_model_from_config, registry, resolve_dot_names
from thinc.api import Adam, fix_random_seed
from timing.published import ELMO_SIZES, give_vectors, write_elmo
from transformers import AutoTokenizer, BertConfig, BertModel

from spacy_hmtl.annotations import copy_tokens, slice_doc
from spacy_hmtl.bridge.embeddings.characters import make_char_cnn
from spacy_hmtl.bridge.embeddings.concat import make_concat
from spacy_hmtl.bridge.embeddings.elmo import make_elmo
from spacy_hmtl.bridge.embeddings.transformer import make_transformer
from spacy_hmtl.bridge.embeddings.vectors import make_word_vectors
from spacy_hmtl.data.docbin import read_docs

ROOT = Path(__file__).parents[1]
app = typer.Typer(add_completion=False, no_args_is_help=True)
Encoder = Annotated[str, typer.Argument(help="Folder of a transformer")]


def embeddings(folder: Path, encoder: str) -> Iterator[tuple[str, Any]]:
    """Name and layer of each embedding, made when its turn comes."""
    trf: dict[str, Any] = {"name": encoder, "window": 128, "pooling": "mean", "lr_scale": 0.05, "cache_mb": 0}
    trf["mixed_precision"] = False

    def characters() -> Any:
        return make_char_cnn(character_width=16, n_filters=64, filter_width=3, dropout=0.1)

    def hashes() -> Any:
        attrs, rows = ["NORM", "PREFIX", "SUFFIX", "SHAPE"], [5000, 1000, 2500, 1000]
        return MultiHashEmbed(width=96, rows=rows, attrs=list(attrs), include_static_vectors=False)

    yield "characters", characters()
    yield "hash", make_concat(layers={"hash": hashes()})
    yield "words, frozen", make_word_vectors(frozen=True, lower=True)
    yield "words, fine-tuned", make_word_vectors(frozen=False, lower=True)
    for size in ELMO_SIZES:
        yield f"ELMo, {size}", make_elmo(**write_elmo(folder, size), cache_mb=0)
    yield "transformer, frozen", make_transformer(frozen=True, **trf)
    yield "transformer, frozen, layers mixed", make_transformer(frozen=True, scalar_mix=True, **trf)
    yield "transformer, frozen, stride 64", make_transformer(frozen=True, stride=64, **trf)
    yield "transformer, last 2 layers", make_transformer(frozen=False, last_layers=2, **trf)
    yield "transformer, fine-tuned", make_transformer(frozen=False, **trf)
    yield "hmtl_cpu.cfg: hash, characters", make_concat(layers={"a": hashes(), "b": characters()})
    layers = {"a": hashes(), "b": characters(), "c": make_transformer(frozen=True, **trf)}
    yield "hmtl_trf.cfg: hash, characters, transformer", make_concat(layers=layers)
    words = make_word_vectors(frozen=False, lower=True)
    elmo = make_elmo(**write_elmo(folder, "original"), cache_mb=0)
    yield "hmtl.cfg: words, ELMo, characters", make_concat(layers={"a": words, "b": elmo, "c": characters()})


def best(action: Any, rounds: int) -> float:
    """CPU seconds of the fastest of several rounds."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        action()
        times.append(time.process_time() - start)
    return min(times)


@app.command()
def throughput(
    data: Path,
    encoder: Encoder,
    tokens: Annotated[int, typer.Option(help="Tokens to run over")] = 4000,
    rounds: Annotated[int, typer.Option(help="The fastest counts")] = 3,
    only: Annotated[str, typer.Option(help="Embeddings with this in their name")] = "",
) -> None:
    """Tokens a second in prediction and in training, without any cache, and megabytes saved with the model."""
    torch.set_num_threads(1)
    nlp = spacy.blank("en")
    docs, n_tokens = [], 0
    for doc in read_docs(data, nlp):
        part = slice_doc(doc, 0, min(len(doc), 500, tokens - n_tokens))[0]
        docs.append(copy_tokens(part, nlp.vocab))
        n_tokens += len(part)
        if n_tokens >= tokens:
            break
    give_vectors(nlp, docs)
    typer.echo(f"{n_tokens:,} tokens in {len(docs)} documents; table of vectors in the vocabulary: 400,000 x 100\n")
    typer.echo("| embedding | width | predict, tokens/s | train, tokens/s | saved, MB |")
    typer.echo("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, model in embeddings(Path(folder), encoder):
            if only not in name:
                continue
            fix_random_seed(0)
            model.initialize(X=docs)
            width = model.predict(docs[:1])[0].shape[1]
            optimizer = Adam(0.001, use_averages=False)

            def update(model: Any = model, optimizer: Any = optimizer) -> None:
                output, backprop = model(docs, True)
                backprop([numpy.ones_like(array) for array in output])
                model.finish_update(optimizer)

            predicted = best(lambda model=model: model.predict(docs), rounds)
            trained = best(update, rounds)
            size = len(model.to_bytes()) / 1e6
            speeds = f"{n_tokens / predicted:,.0f} | {n_tokens / trained:,.0f}"
            typer.echo(f"| {name} | {width} | {speeds} | {size:,.1f} |")


def write_base(folder: Path, encoder: str) -> str:
    """A folder with a random encoder of BERT-base's size and the tokenizer of another."""
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    tokenizer.save_pretrained(folder)
    BertModel(BertConfig(vocab_size=len(tokenizer))).save_pretrained(folder)
    return str(folder)


class Clock:
    """CPU seconds spent in the forward pass of layers, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def watch(self, name: str, layer: Any) -> None:
        forward = layer._func

        def timed(*args: Any, **keywords: Any) -> Any:
            start = time.process_time()
            result = forward(*args, **keywords)
            self.seconds[name] += time.process_time() - start
            return result

        layer._func = timed


def open_benchmark(folder: Path, encoder: str, limit: int, settings: dict[str, Any]) -> tuple[Language, Any, Any]:
    """Pipeline, corpus and batcher of configs/hmtl_trf.cfg on a part of the open benchmark."""
    blocks = {"ner": "wnut17", "emd": "litbank", "relation": "conll04", "coref": "litbank"}
    limits = {"ner": 64 * limit, "emd": limit, "relation": 16 * limit, "coref": limit}
    overrides: dict[str, Any] = {"paths.encoder": encoder}
    for task, corpus in blocks.items():
        for part in ("train", "dev"):
            overrides[f"paths.{task}_{part}"] = str(folder / f"{corpus}-train.spacy")
    embed = "components.hmtl.model.embed.layers.transformer"
    config = load_config(ROOT / "configs" / "hmtl_trf.cfg", overrides=overrides, interpolate=True)
    for task, value in limits.items():
        config["corpora"]["train"][task]["limit"] = value
    layer = config
    for key in embed.split("."):
        layer = layer[key]
    layer.update(settings)
    nlp = load_model_from_config(config, auto_fill=True)
    training = registry.resolve(nlp.config.interpolate()["training"])
    (corpus,) = resolve_dot_names(nlp.config.interpolate(), [training["train_corpus"]])
    return nlp, corpus, training


@app.command()
def cache(
    folder: Path,
    encoder: Encoder,
    limit: Annotated[int, typer.Option(help="LitBank documents; the other corpora in proportion")] = 4,
    epochs: Annotated[int, typer.Option(help="Epochs of each training")] = 2,
    base: Annotated[bool, typer.Option("--base", help="A random encoder of BERT-base's size instead")] = False,
) -> None:
    """CPU seconds an update of configs/hmtl_trf.cfg on a part of the open benchmark, epoch after epoch."""
    torch.set_num_threads(1)
    logging.getLogger("transformers").setLevel(logging.ERROR)
    typer.echo("| cache | epoch | updates | s/update | of it all embeddings | of it the transformer |")
    typer.echo("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as disk, tempfile.TemporaryDirectory() as other:
        encoder = write_base(Path(other), encoder) if base else encoder
        trainings: dict[str, dict[str, Any]] = {
            "none": {"cache_mb": 0},
            "memory": {"cache_mb": 1000},
            "folder, new": {"cache_mb": 0, "cache_dir": disk},
            "folder, second training": {"cache_mb": 0, "cache_dir": disk},
        }
        for name, settings in trainings.items():
            nlp, corpus, training = open_benchmark(folder, encoder, limit, settings)
            fix_random_seed(0)
            nlp.initialize(partial(corpus, nlp), sgd=training["optimizer"])
            examples = list(corpus(nlp))
            pipe: Any = nlp.get_pipe("hmtl")
            embed = pipe.model.layers[0]
            (transformer,) = (layer for layer in embed.layers if layer.name == "hmtl_transformer")
            clock = Clock()
            clock.watch("transformer", transformer)
            clock.watch("embeddings", embed)
            batches = training["batcher"]
            for epoch in range(1, epochs + 1):
                clock.seconds.clear()
                start, n_updates = time.process_time(), 0
                for batch in batches(examples):
                    nlp.update(batch, sgd=training["optimizer"], drop=training["dropout"])
                    n_updates += 1
                total = time.process_time() - start
                parts = [total, clock.seconds["embeddings"], clock.seconds["transformer"]]
                cells = " | ".join(f"{seconds / n_updates:.4f}" for seconds in parts)
                typer.echo(f"| {name} | {epoch} | {n_updates} | {cells} |")


if __name__ == "__main__":
    app()
