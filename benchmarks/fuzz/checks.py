"""What must hold of a block of documents. Each check gives the numbers of the documents that fail, and why."""

from __future__ import annotations

import math
import random
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from spacy.language import Language
from spacy.tokens import Doc, DocBin

from spacy_hmtl.annotations import Layers, from_doc, to_doc
from spacy_hmtl.annotations.groups import set_meta
from spacy_hmtl.annotations.layers import extents
from spacy_hmtl.annotations.layers import read as read_layers
from spacy_hmtl.annotations.validation import check
from spacy_hmtl.data.export import EXPORTS, write
from spacy_hmtl.data.faults import FaultLog
from spacy_hmtl.data.formats import get_reader
from spacy_hmtl.jsonl import doc_to_json, json_to_doc

# How far confidences may lie apart where sums are made in another order.
TOLERANCE = 1e-4
# Our lines hold four digits.
ROUNDED = 0.000051
# Characters that files of lines cannot give back (docs/formats.md).
LOST_IN_LINES = frozenset("\r\0\ufeff")
Failure = tuple[int, str, str]


def spread(one: Layers, other: Layers) -> float:
    """The largest distance between the confidences of two annotations, infinite where anything else differs."""
    (rest, scores), (other_rest, other_scores) = apart(one), apart(other)
    if rest != other_rest or len(scores) != len(other_scores):
        return math.inf
    return max((abs(a - b) for a, b in zip(scores, other_scores)), default=0.0)


def apart(layers: Layers) -> tuple[Any, list[float]]:
    """Annotation without its confidences, and these."""
    spans = [layers.entities, layers.mentions, *(layers.clusters or [])]
    scores = [span.score for own in spans for span in own or []] + [r.score for r in layers.relations or []]
    labelled = [None if own is None else [span[:3] for span in own] for own in spans[:2]]
    relations = layers.relations
    triples = None if relations is None else [(r.head[:3], r.label, r.tail[:3]) for r in relations]
    return (labelled, layers.clusters is None, extents(layers.clusters), triples), scores


class Block:
    """Documents that are predicted together, once in each way.

    nlp (Language): The pipeline.
    texts (Sequence): Of the block.
    first (int): Number of the first of them.

    failures (list): Number of the document, check, what was found.
    largest (dict): By check, the largest distance of confidences.
    counts (dict): By check, documents that it looked at.
    """

    def __init__(self, nlp: Language, texts: Sequence[str], first: int) -> None:
        self.nlp, self.texts, self.first = nlp, texts, first
        self.failures: list[Failure] = []
        self.largest: dict[str, float] = {}
        self.counts: dict[str, int] = {}
        self.n_found = 0

    def run(self, number: int, threads: Sequence[int], share: float) -> None:
        """All checks; those that take long take turns.

        number (int): Of the block: every fourth runs with other numbers of threads, and each is exported in one format.
        threads (Sequence): Numbers of threads that must give the same; the first is used for all else.
        share (float): Of the documents, those that are predicted and reloaded alone.
        """
        torch.set_num_threads(threads[0])
        docs = list(self.nlp.pipe(self.texts, batch_size=len(self.texts)))
        self._whole("texts", docs)
        together = [read_layers(doc) for doc in docs]
        self.n_found = sum(sum(layers.counts().values()) for layers in together)
        rng = random.Random(number)
        rows = sorted(rng.sample(range(len(docs)), math.ceil(share * len(docs))))
        self._compare("alone", together, {row: self.nlp(self.texts[row]) for row in rows})
        # In another order and other batches: neighbours must not matter.
        turned = list(self.nlp.pipe(reversed(self.texts), batch_size=rng.randint(2, 60)))[::-1]
        self._compare("other batches", together, dict(enumerate(turned)))
        for n_threads in threads[1:] if number % 4 == 0 else ():
            torch.set_num_threads(n_threads)
            again = self.nlp.pipe(self.texts, batch_size=len(self.texts))
            self._compare(f"{n_threads} threads", together, dict(enumerate(again)))
        torch.set_num_threads(threads[0])
        self._reloaded(docs, together, rows)
        for row, doc in enumerate(docs):
            set_meta(doc, {"name": f"fuzz-{self.first + row}"})
        self._exported(list(EXPORTS)[number % len(EXPORTS)], docs, together)

    def _fail(self, row: int, check: str, found: str) -> None:
        self.failures.append((self.first + row, check, found))

    def _whole(self, check: str, docs: Sequence[Doc]) -> None:
        """Every text comes back as it was, in order."""
        self.counts[check] = len(self.texts)
        if len(docs) != len(self.texts):
            self._fail(0, check, f"{len(docs)} documents of {len(self.texts)} texts")
        for row, (doc, text) in enumerate(zip(docs, self.texts)):
            if doc.text != text:
                self._fail(row, check, f"the text is {doc.text!r}")

    def _compare(
        self, check: str, expected: Sequence[Layers], docs: Mapping[int, Doc], most: float = TOLERANCE
    ) -> None:
        self._judge(check, expected, {row: read_layers(doc) for row, doc in docs.items()}, most)

    def _judge(self, check: str, expected: Sequence[Layers], found: Mapping[int, Layers], most: float) -> None:
        self.counts[check] = len(found)
        for row, layers in found.items():
            distance = spread(expected[row], layers)
            if distance > most:
                self._fail(row, check, f"{layers} instead of {expected[row]}"[:2000])
            if distance < math.inf and most < 1.0:
                self.largest[check] = max(self.largest.get(check, 0.0), distance)

    def _reloaded(self, docs: Sequence[Doc], expected: Sequence[Layers], rows: Sequence[int]) -> None:
        """Bytes and a default DocBin give back every value as it was, our JSON lines all but the fifth digit."""
        vocab = self.nlp.vocab
        self._compare("Doc.to_bytes", expected, {row: Doc(vocab).from_bytes(docs[row].to_bytes()) for row in rows}, 0)
        loaded = DocBin().from_bytes(DocBin(docs=docs).to_bytes())
        self._compare("DocBin", expected, dict(enumerate(loaded.get_docs(vocab))), 0)
        lines = {row: json_to_doc(doc_to_json(doc), vocab) for row, doc in enumerate(docs)}
        self._compare("JSON lines", expected, lines, ROUNDED)

    def _exported(self, name: str, docs: Sequence[Doc], expected: Sequence[Layers]) -> None:
        """An export format gives back what it can hold of documents that could be gold."""
        rows = [row for row, doc in enumerate(docs) if len(doc) and not LOST_IN_LINES & set(doc.text)]
        if name == "conll":  # has no place for tokens of white space
            rows = [row for row in rows if not any(map(_is_blank, from_doc(docs[row]).words))]
        could_be = [row for row in rows if _is_sound(expected[row], docs[row])]
        self.counts["no gold: mentions of a cluster cross, or arguments are no mentions"] = len(rows) - len(could_be)
        try:
            layers = self._written(name, [docs[row] for row in could_be])
        except Exception as error:
            self._fail(0, f"export {name}", f"{type(error).__name__}: {error}")
            return
        wanted = [_held(name, own) for own in expected]
        # Gold has no confidences, and most formats no place for them.
        self._judge(f"export {name}", wanted, dict(zip(could_be, (_held(name, own) for own in layers))), 1.0)

    def _written(self, name: str, docs: Sequence[Doc]) -> list[Layers]:
        """Layers of the Docs after they were written to a file and read from it."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "out")
            if EXPORTS[name].is_folder:
                path.mkdir()
            log = FaultLog(strict=True)
            write(name, docs, path, log=log, shown=path)
            documents = {own.name: own for own in get_reader(EXPORTS[name].reader)(path, faults=log)}
        read = (documents[_name_in(name, doc)] for doc in docs)
        return [from_doc(to_doc(document, self.nlp.vocab)).layers for document in read]


def _is_sound(layers: Layers, doc: Doc) -> bool:
    try:
        check(layers, [token.text for token in doc], "")
    except ValueError:
        return False
    return True


def _name_in(name: str, doc: Doc) -> str:
    """What a document is called when it comes back."""
    own = from_doc(doc).name
    return f"{own}_0" if name == "conll" else own


def _is_blank(text: str) -> bool:
    return any(character.isspace() for character in text)


def _held(name: str, layers: Layers) -> Layers:
    return layers.keep(["ner", "coref"]) if name == "conll" else layers
