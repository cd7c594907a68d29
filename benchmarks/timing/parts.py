"""What spaCy has for some of the tasks, trained briefly, to be measured beside ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer


def prepare(
    folder: Path,
    data: Annotated[Path, typer.Option(help="Training documents with mentions (.spacy)")],
    encoder: Annotated[str, typer.Option(help="Folder of a transformer")],
    steps: int = 60,
) -> None:
    """Train spaCy's own components for names and mentions, briefly."""
    import spacy
    from spacy.tokens import Doc, DocBin, Span
    from spacy.util import filter_spans

    from spacy_hmtl.annotations import get_mentions
    from spacy_hmtl.data.corpus import read_docs

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
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(folder.resolve() / f"{name}-training" / "model-last")


def _spacy(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "spacy", *arguments], check=True)
