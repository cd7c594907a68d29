"""What spaCy has for some of the tasks, trained briefly, to be measured beside ours.

Its experimental coreference pulls spaCy itself down to 3.7 when it is installed as it is. Built
from source without its requirements it runs with 3.8:

    pip install "cython>=3,<4" setuptools wheel
    pip install --no-deps --no-build-isolation --no-binary spacy-experimental spacy-experimental==0.6.4
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer


def prepare(
    folder: Path,
    data: Annotated[Path, typer.Option(help="Training documents with mentions (.spacy)")],
    encoder: Annotated[str, typer.Option(help="Folder of a transformer")],
    steps: int = 60,
) -> None:
    """Train spaCy's own components for names and mentions, and for coreference where it is installed, briefly."""
    import spacy
    from spacy.tokens import Doc, DocBin, Span
    from spacy.util import filter_spans

    from spacy_hmtl.annotations import get_mentions
    from spacy_hmtl.data.docbin import read_docs

    folder.mkdir(parents=True, exist_ok=True)
    nlp = spacy.blank("en")
    sentences = DocBin()
    for doc in read_docs(data, nlp):
        mentions = get_mentions(doc) or []
        for sent in doc.sents:
            part = Doc(nlp.vocab, words=[t.text for t in sent])
            inside = [m for m in mentions if sent.start <= m.start and m.end <= sent.end]
            spans = [Span(part, m.start - sent.start, m.end - sent.start, label=m.label) for m in inside]
            part.set_ents(filter_spans(spans))
            part.spans["sc"] = spans
            sentences.add(part)
    sentences.to_disk(folder / "train.spacy")
    DocBin(docs=list(sentences.get_docs(nlp.vocab))[:50], store_user_data=True).to_disk(folder / "few.spacy")
    for name, pipeline, gpu in (("ner", "ner", []), ("parts", "ner,spancat", ["--gpu"])):
        config = folder / f"{name}.cfg"
        _spacy("init", "config", str(config), "--lang", "en", "--pipeline", pipeline, "--force", *gpu)
        paths = ["--paths.train", str(folder / "train.spacy"), "--paths.dev", str(folder / "few.spacy")]
        more = ["--training.max_steps", str(steps * 5), "--training.eval_frequency", str(steps * 5 + 1)]
        if name == "parts":
            more = ["--training.max_steps", str(steps), "--training.eval_frequency", str(steps + 1)]
            more += ["--components.transformer.model.name", encoder]
            more += ["--components.spancat.suggester.sizes", "[1,2,3,4,5,6,7,8,9,10,11,12]"]
        _spacy("train", str(config), "--output", str(folder / f"{name}-training"), *paths, *more)
        _link(folder, name)
    if find_spec("spacy_experimental") is None:
        typer.echo("Without spacy-experimental no coreference: see timing/parts.py on how to install it")
    else:
        _with_coref(folder, data, encoder, steps)


def _with_coref(folder: Path, data: Path, encoder: str, steps: int) -> None:
    """Train names, mentions and spaCy's experimental coreference on one transformer, document by document.

    Coreference finds one word of each mention, here taught the last one, there being no
    parse; the component that would widen words to spans is left out.
    """
    import spacy
    from spacy.tokens import DocBin, Span
    from spacy.util import filter_spans, load_config

    from spacy_hmtl.annotations import get_clusters, get_mentions
    from spacy_hmtl.annotations.layers import extents
    from spacy_hmtl.training.corpus import make_multi_task_corpus

    nlp = spacy.blank("en")
    parts = DocBin()
    for example in make_multi_task_corpus(coref={"path": str(data), "max_length": 500})(nlp):
        doc = example.reference
        mentions, clusters = get_mentions(doc) or [], extents(get_clusters(doc))
        part = example.predicted.copy()
        spans = [Span(part, m.start, m.end, label=m.label) for m in mentions]
        part.set_ents(filter_spans(spans))
        part.spans["sc"] = spans
        for number, cluster in enumerate((cluster for cluster in clusters if len(cluster) > 1), 1):
            part.spans[f"coref_clusters_{number}"] = [part[end - 1 : end] for _, end in cluster]
        parts.add(part)
    parts.to_disk(folder / "parts.spacy")
    DocBin(docs=list(parts.get_docs(nlp.vocab))[:2]).to_disk(folder / "parts-few.spacy")
    config = load_config(folder / "parts.cfg")
    listener = {
        "@architectures": "spacy-transformers.TransformerListener.v1",
        "grad_factor": 1.0,
        "pooling": {"@layers": "reduce_mean.v1"},
        "upstream": "*",
    }
    # Smaller than its defaults (1,024 and 50), which would be slower.
    model = {"@architectures": "spacy-experimental.Coref.v1", "tok2vec": listener, "hidden_size": 192}
    model |= {"distance_embedding_size": 20, "depth": 1, "dropout": 0.3}
    model |= {"antecedent_limit": 40, "antecedent_batch_size": 512}
    config["components"]["experimental_coref"] = {"factory": "experimental_coref", "model": model}
    config["nlp"]["pipeline"].append("experimental_coref")
    config["training"]["batcher"] = {"@batchers": "spacy.batch_by_sequence.v1", "size": 1}
    config["training"]["optimizer"]["learn_rate"] = 0.0003
    path = folder / "coref.cfg"
    config.to_disk(path)
    more = ["--paths.train", str(folder / "parts.spacy"), "--paths.dev", str(folder / "parts-few.spacy")]
    more += ["--training.max_steps", str(steps * 2), "--training.eval_frequency", str(steps * 2 + 1)]
    more += ["--components.transformer.model.name", encoder]
    more += ["--components.spancat.suggester.sizes", "[1,2,3,4,5,6,7,8,9,10,11,12]"]
    _spacy("train", str(path), "--output", str(folder / "coref-training"), *more)
    _link(folder, "coref")


def _link(folder: Path, name: str) -> None:
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(folder.resolve() / f"{name}-training" / "model-last")


def _spacy(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "spacy", *arguments], check=True)
