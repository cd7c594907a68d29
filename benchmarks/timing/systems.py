"""What is measured: a transformer's forward pass alone, and whole pipelines; and the texts they read."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from timing.turns import spend

# The encoder alone: packs of N words, sorted by length, a fixed number at a time.
PACK, BATCH = 100, 16
# Docs of a batch of a pipeline: spaCy's default.
_DOCS = 1000
# Sentences whose median is the latency of a warm pipeline.
_WARM = 50


class Texts(NamedTuple):
    """Words, and whether each starts a sentence: one list of each per text."""

    words: list[list[str]]
    starts: list[list[bool | int | None]]


class Encoder:
    """A transformer's forward pass alone."""

    def __init__(self, folder: str) -> None:
        from transformers import AutoModel, AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModel.from_pretrained(folder).eval()

    def prepare(self, texts: Texts) -> Callable[[], None]:
        """Tokenize, and return what runs the forward passes."""
        packs = [doc[i : i + PACK] for doc in texts.words for i in range(0, len(doc), PACK)]
        packs.sort(key=len)
        batches = [
            self.tokenizer(
                packs[i : i + BATCH], is_split_into_words=True, padding=True, truncation=True, return_tensors="pt"
            )
            for i in range(0, len(packs), BATCH)
        ]

        def run() -> None:
            import torch

            with torch.inference_mode():
                for batch in batches:
                    self.model(**batch)

        return run


class Pipeline:
    """A spaCy pipeline on Docs with given tokens and sentence boundaries."""

    def __init__(self, path: str) -> None:
        import spacy

        self.nlp = spacy.load(path)

    def prepare(self, texts: Texts) -> Callable[[], None]:
        """Make the Docs, and return what runs the pipeline over copies of them."""
        from spacy.tokens import Doc

        docs = [Doc(self.nlp.vocab, words=w, sent_starts=s) for w, s in zip(texts.words, texts.starts)]

        def run() -> None:
            # One after another, so that a Doc can go when it is done.
            for _ in self.nlp.pipe((doc.copy() for doc in docs), batch_size=_DOCS):
                pass

        return run


def read_texts(path: Path, kind: str, limit: int | None) -> Texts:
    """Texts of a corpus.

    kind (str): "documents", or "sentences": one-sentence texts, the corpus over and over.
    limit (int, optional): At most N documents (by default all); exactly N sentences.
    """
    import spacy

    from spacy_hmtl.data.docbin import read_docs

    docs = list(read_docs(path, spacy.blank("en")))
    if kind == "documents":
        docs = docs[:limit]
        return Texts([[t.text for t in d] for d in docs], [[bool(t.is_sent_start) for t in d] for d in docs])
    sentences = [[t.text for t in sent] for doc in docs for sent in doc.sents]
    words = [sentences[i % len(sentences)] for i in range(limit or len(sentences))]
    return Texts(words, [[i == 0 for i in range(len(w))] for w in words])


def serve_system(kind: str, path: str, data: str, limits: dict[str, int | None]) -> Callable[[str], Any]:
    """Load a system; answer "start" with times of its start, and a kind of texts with the time they take."""
    began = time.perf_counter()
    system: Any = Encoder(path) if kind == "encoder" else Pipeline(path)
    loaded = time.perf_counter() - began
    runs: dict[str, tuple[int, Callable[[], None]]] = {}

    def answer(request: str) -> dict[str, float]:
        if request == "start":
            return {"load_s": loaded, **_latency(system, Path(data))}
        if request not in runs:
            texts = read_texts(Path(data), request, limits[request])
            runs[request] = sum(map(len, texts.words)), system.prepare(texts)
        n_words, run = runs[request]
        spent = spend(run)
        return {"words": n_words, "wall_s": spent.wall, "cpu_s": spent.cpu, "peak_mb": spent.peak}

    return answer


def _latency(system: Any, data: Path) -> dict[str, float]:
    """Milliseconds of the first text after loading, and of a text later on: one sentence at a time."""
    sentences = read_texts(data, "sentences", _WARM + 1)
    runs = [system.prepare(Texts([words], [starts])) for words, starts in zip(*sentences)]
    first, *later = (1000 * spend(run).wall for run in runs)
    return {"first_ms": first, "sentence_ms": statistics.median(later)}
