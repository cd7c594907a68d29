"""What a `.spacy` corpus holds, for the four layers: `spacy debug data` knows the core components only."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from ..annotations import LAYERS, AnnotatedDocument, from_doc
from ..types import LabeledSpan
from .counts import Json, RelationCounts, SpanCounts, count_relations, count_spans, distribution
from .docbin import read_docs
from .reading.columns import misfit_of_text
from .reading.tokens import WHITESPACE, language, tokenize

FIELDS = tuple(layer.field for layer in LAYERS.values())
LABELLED = tuple(layer.field for layer in LAYERS.values() if layer.is_labelled)
SPAN_LAYERS = tuple(layer.field for layer in LAYERS.values() if layer.kind != "relations")
MIN_SENTENCE = 5  # tokens; shorter ones are the same by chance
N_EXAMPLES = 5


@dataclass
class FileCheck:
    """What one file holds; texts and sentences are kept as hashes, to compare files.

    no_text: what the tokens of a document are where they are no text -> the names of such documents.
    """

    path: Path
    n_documents: int = 0
    n_sentences: int = 0
    n_tokens: int = 0
    n_without_sentences: int = 0
    n_without_layers: int = 0
    annotated: Counter[str] = field(default_factory=Counter)
    labels: dict[str, Counter[str]] = field(default_factory=lambda: {layer: Counter() for layer in FIELDS})
    spans: dict[str, SpanCounts] = field(default_factory=lambda: {layer: SpanCounts() for layer in SPAN_LAYERS})
    sizes: Counter[int] = field(default_factory=Counter)
    relations: RelationCounts = field(default_factory=RelationCounts)
    texts: dict[bytes, list[str]] = field(default_factory=dict)
    sentences: set[bytes] = field(default_factory=set)
    no_text: dict[str, list[str]] = field(default_factory=dict)
    ids: Counter[str] = field(default_factory=Counter)

    def add(self, doc: Doc, nlp: Language | None, number: int) -> None:
        """Count a document; `nlp` says which spans align with its tokens."""
        document = from_doc(doc)
        self.n_documents += 1
        self.n_tokens += len(doc)
        self.n_sentences += len(document.sent_starts or [])
        self.n_without_sentences += int(document.sent_starts is None)
        self.ids.update([document.name] if document.name else [])
        name = document.name or f"document {number}"
        self.texts.setdefault(_key(document.words), []).append(name)
        starts = document.sent_starts or [0]
        sentences = [(start, end) for start, end in zip(starts, [*starts[1:], len(doc)])]
        if document.sent_starts:
            long = (pair for pair in sentences if pair[1] - pair[0] >= MIN_SENTENCE)
            self.sentences.update(_key(document.words[start:end]) for start, end in long)
        if what := misfit_of_text([document.words[start:end] for start, end in sentences]):
            self.no_text.setdefault(what, []).append(name)
        boundaries = _borders(doc, nlp)
        layers = document.layers.counts().keys()
        self.n_without_layers += not layers
        self.annotated.update(layers)
        for layer, labels in document.layers.labels().items():
            self.labels[layer].update(labels)
        for layer, spans in _spans(document).items():
            count_spans(self.spans[layer], doc, spans, sentences, boundaries)
        self.sizes.update(map(len, document.layers.clusters or []))
        if document.layers.relations is not None:
            count_relations(self.relations, document, sentences)

    def to_json(self) -> Json:
        """Everything but the hashes."""
        repeated = [names for names in self.texts.values() if len(names) > 1]
        same_id = {id: count for id, count in self.ids.items() if count > 1}
        n_clusters = self.sizes.total()
        n_rows = {layer: labels.total() for layer, labels in self.labels.items()} | {"clusters": n_clusters}
        return {
            "path": str(self.path),
            "documents": self.n_documents,
            "sentences": self.n_sentences,
            "tokens": self.n_tokens,
            "documents_without_sentences": self.n_without_sentences,
            "documents_without_layers": self.n_without_layers,
            "empty_layers": [layer for layer in FIELDS if self.annotated[layer] and not n_rows[layer]],
            "tokens_that_are_no_text": {
                what: {"documents": len(names), "examples": names[:N_EXAMPLES]} for what, names in self.no_text.items()
            },
            "annotated_documents": {layer: self.annotated[layer] for layer in FIELDS},
            "labels": {layer: dict(self.labels[layer].most_common()) for layer in LABELLED},
            "spans": {layer: counts.to_json() for layer, counts in self.spans.items()},
            "clusters": {"count": n_clusters, "singletons": self.sizes[1], "size": distribution(self.sizes)},
            "relations": self.relations.to_json(),
            "repeated_texts": {
                "documents": sum(map(len, repeated)) - len(repeated),
                "texts": len(repeated),
                "examples": repeated[:N_EXAMPLES],
            },
            "repeated_ids": {
                "documents": sum(same_id.values()) - len(same_id),
                "ids": len(same_id),
                "examples": list(same_id)[:N_EXAMPLES],
            },
        }


def check_files(paths: Sequence[str | Path], *, tokenizer: str = "en") -> Json:
    """Check one or several corpora, and which texts they share.

    paths (Sequence): `.spacy` files, or folders of them.
    tokenizer (str): A language of spaCy, whose tokens the spans should align with; "whitespace"
        to take the tokens as they are, so that nothing is misaligned.
    RETURNS (dict): "files", a report on each; "overlap", one on each pair of files; JSON-able.
    RAISES (FileNotFoundError, ValueError): H101, H102, H104, H140.
    """
    nlp = None if tokenizer == WHITESPACE else language(tokenizer)
    reader = nlp or spacy.blank("en")
    checks: list[FileCheck] = []
    for path in map(Path, paths):
        check = FileCheck(path)
        for number, doc in enumerate(read_docs(path, reader), start=1):
            check.add(doc, nlp, number)
        checks.append(check)
    overlap = [_overlap(first, second) for first, second in combinations(checks, 2)]
    return {"tokenizer": tokenizer, "files": [check.to_json() for check in checks], "overlap": overlap}


def _overlap(first: FileCheck, second: FileCheck) -> Json:
    """Documents with the same words, sentences of `MIN_SENTENCE` tokens or more, and ids that are in both."""
    shared = [key for key in first.texts if key in second.texts]
    ids = [id for id in first.ids if id in second.ids]
    return {
        "files": [str(first.path), str(second.path)],
        "documents": len(shared),
        "examples": [[first.texts[key][0], second.texts[key][0]] for key in shared[:N_EXAMPLES]],
        "sentences": len(first.sentences & second.sentences),
        "ids": len(ids),
        "id_examples": ids[:N_EXAMPLES],
        "new_labels": {
            layer: sorted(second.labels[layer].keys() - first.labels[layer].keys())
            for layer in LABELLED
            if first.annotated[layer] and second.annotated[layer]
        },
    }


def _key(words: Iterable[str]) -> bytes:
    """The same for texts that differ in white space, tokenization or case only."""
    text = "".join("".join(words).split()).lower()
    return hashlib.blake2b(text.encode("utf-8"), digest_size=16).digest()


def _borders(doc: Doc, nlp: Language | None) -> tuple[set[int], set[int]] | None:
    if nlp is None:
        return None
    tokens = tokenize(doc.text, str(nlp.lang))
    return set(tokens.starts), set(tokens.ends)


def _spans(document: AnnotatedDocument) -> dict[str, list[LabeledSpan]]:
    """The spans of each layer that has some; those of clusters have no label."""
    layers = document.layers
    members = [mention for cluster in layers.clusters or [] for mention in cluster]
    return {"entities": layers.entities or [], "mentions": layers.mentions or [], "clusters": members}
