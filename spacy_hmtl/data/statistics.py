"""What a `.spacy` corpus holds, for the four layers: `spacy debug data` knows the core components only."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from ..annotations import LAYERS, AnnotatedDocument, from_doc
from ..types import LabeledSpan, MentionSpan
from .docbin import read_docs
from .reading.brackets import crossing_pairs
from .reading.tokens import WHITESPACE, language, tokenize

FIELDS = tuple(layer.field for layer in LAYERS.values())
LABELLED = tuple(layer.field for layer in LAYERS.values() if layer.is_labelled)
SPAN_LAYERS = tuple(layer.field for layer in LAYERS.values() if layer.kind != "relations")
MIN_SENTENCE = 5  # tokens; shorter ones are the same by chance
N_EXAMPLES = 5
Json = dict[str, Any]


@dataclass
class SpanCounts:
    """Counts of the spans of one layer.

    lengths: tokens of each span -> how many.
    depths: 1 for an outermost span, 2 for one inside it ... -> how many.
    crossing: pairs that overlap without nesting.
    repeated: spans with the extent of an earlier one.
    misaligned: spans with a boundary inside a token of the tokenizer.
    across: spans that go over a sentence end.
    """

    lengths: Counter[int] = field(default_factory=Counter)
    depths: Counter[int] = field(default_factory=Counter)
    crossing: int = 0
    repeated: int = 0
    misaligned: int = 0
    across: int = 0

    def to_json(self) -> Json:
        """Counts, shares and the distributions of lengths and depths."""
        total = self.lengths.total()
        return {
            "count": total,
            "length": distribution(self.lengths),
            "depths": dict(sorted(self.depths.items())),
            "nested": total - self.depths[1] if total else 0,
            "crossing_pairs": self.crossing,
            "repeated": self.repeated,
            "across_sentences": self.across,
            "misaligned": self.misaligned,
            "misaligned_share": self.misaligned / total if total else 0.0,
        }


@dataclass
class RelationCounts:
    """Counts of relations, and of the pairs of mentions that could have one.

    pairs: unordered pairs of argument candidates in a sentence -> how many sentences.
    related: pairs in a sentence that have a relation.
    across: relations whose arguments are in two sentences.
    several: pairs (ordered) with more than one relation.
    to_itself: relations of a span with itself.
    arguments: (type of the head, label, type of the tail) -> how many.
    """

    pairs: Counter[int] = field(default_factory=Counter)
    related: int = 0
    across: int = 0
    several: int = 0
    to_itself: int = 0
    arguments: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def to_json(self) -> Json:
        """Counts, shares and the distribution of pairs per sentence."""
        n_pairs = sum(size * count for size, count in self.pairs.items())
        return {
            "count": self.arguments.total(),
            "pairs": n_pairs,
            "pairs_per_sentence": distribution(self.pairs),
            "related_pairs": self.related,
            "related_share": self.related / n_pairs if n_pairs else 0.0,
            "across_sentences": self.across,
            "pairs_with_several": self.several,
            "to_itself": self.to_itself,
            "arguments": {" ".join(key): count for key, count in self.arguments.most_common()},
        }


@dataclass
class FileCheck:
    """What one file holds; texts and sentences are kept as hashes, to compare files."""

    path: Path
    n_documents: int = 0
    n_sentences: int = 0
    n_tokens: int = 0
    n_without_sentences: int = 0
    annotated: Counter[str] = field(default_factory=Counter)
    labels: dict[str, Counter[str]] = field(default_factory=lambda: {layer: Counter() for layer in FIELDS})
    spans: dict[str, SpanCounts] = field(default_factory=lambda: {layer: SpanCounts() for layer in SPAN_LAYERS})
    sizes: Counter[int] = field(default_factory=Counter)
    relations: RelationCounts = field(default_factory=RelationCounts)
    texts: dict[bytes, list[str]] = field(default_factory=dict)
    sentences: set[bytes] = field(default_factory=set)

    def add(self, doc: Doc, nlp: Language | None, number: int) -> None:
        """Count a document; `nlp` says which spans align with its tokens."""
        document = from_doc(doc)
        self.n_documents += 1
        self.n_tokens += len(doc)
        self.n_sentences += len(document.sent_starts or [])
        self.n_without_sentences += int(document.sent_starts is None)
        self.texts.setdefault(_key(document.words), []).append(document.name or f"document {number}")
        starts = document.sent_starts or [0]
        sentences = [(start, end) for start, end in zip(starts, [*starts[1:], len(doc)])]
        if document.sent_starts:
            long = (pair for pair in sentences if pair[1] - pair[0] >= MIN_SENTENCE)
            self.sentences.update(_key(document.words[start:end]) for start, end in long)
        boundaries = _borders(doc, nlp)
        self.annotated.update(document.layers.counts().keys())
        for layer, labels in document.layers.labels().items():
            self.labels[layer].update(labels)
        for layer, spans in _spans(document).items():
            _count_spans(self.spans[layer], doc, spans, sentences, boundaries)
        self.sizes.update(map(len, document.layers.clusters or []))
        if document.layers.relations is not None:
            _count_relations(self.relations, document, sentences)

    def to_json(self) -> Json:
        """Everything but the hashes."""
        repeated = [names for names in self.texts.values() if len(names) > 1]
        n_clusters = self.sizes.total()
        return {
            "path": str(self.path),
            "documents": self.n_documents,
            "sentences": self.n_sentences,
            "tokens": self.n_tokens,
            "documents_without_sentences": self.n_without_sentences,
            "annotated_documents": {layer: self.annotated[layer] for layer in FIELDS},
            "labels": {layer: dict(self.labels[layer].most_common()) for layer in LABELLED},
            "spans": {layer: counts.to_json() for layer, counts in self.spans.items()},
            "clusters": {"count": n_clusters, "singletons": self.sizes[1], "size": distribution(self.sizes)},
            "relations": self.relations.to_json(),
            "repeated_texts": {"documents": sum(map(len, repeated)) - len(repeated), "examples": repeated[:N_EXAMPLES]},
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


def distribution(counts: Counter[int]) -> Json:
    """Mean, median, 90 % and maximum of values given by how often each occurs, and the counts themselves."""
    total = counts.total()
    if not total:
        return {"mean": 0.0, "median": 0, "p90": 0, "max": 0, "counts": {}}
    mean = sum(value * count for value, count in counts.items()) / total
    median, p90 = (_quantile(counts, total, share) for share in (0.5, 0.9))
    return {"mean": mean, "median": median, "p90": p90, "max": max(counts), "counts": dict(sorted(counts.items()))}


def _quantile(counts: Counter[int], total: int, share: float) -> int:
    """The smallest value that at least this share of the values does not exceed."""
    seen = 0
    for value in sorted(counts):
        seen += counts[value]
        if seen >= share * total:
            return value
    return max(counts)


def _overlap(first: FileCheck, second: FileCheck) -> Json:
    """Documents with the same words, and sentences of `MIN_SENTENCE` tokens or more that are in both."""
    shared = [key for key in first.texts if key in second.texts]
    return {
        "files": [str(first.path), str(second.path)],
        "documents": len(shared),
        "examples": [[first.texts[key][0], second.texts[key][0]] for key in shared[:N_EXAMPLES]],
        "sentences": len(first.sentences & second.sentences),
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


def _count_spans(
    counts: SpanCounts,
    doc: Doc,
    spans: Sequence[LabeledSpan],
    sentences: Sequence[MentionSpan],
    boundaries: tuple[set[int], set[int]] | None,
) -> None:
    """Add the spans of a document to the counts of their layer."""
    extents = sorted((span[:2] for span in spans), key=lambda extent: (extent[0], -extent[1]))
    counts.lengths.update(end - start for start, end in extents)
    counts.repeated += len(extents) - len(set(extents))
    counts.crossing += len(crossing_pairs(sorted(set(extents))))
    counts.depths.update(_depths(extents))
    firsts = {start for start, _ in sentences}
    for start, end in extents:
        counts.across += any(i in firsts for i in range(start + 1, end))
        if boundaries is not None:
            last = doc[end - 1]
            counts.misaligned += doc[start].idx not in boundaries[0] or last.idx + len(last) not in boundaries[1]


def _depths(extents: Sequence[MentionSpan]) -> Iterator[int]:
    """How deep each extent is nested; `extents` by start, longer first. Equal ones are equally deep."""
    around: list[MentionSpan] = []
    for extent in extents:
        around = [other for other in around if other[1] >= extent[1] and other != extent]
        around.append(extent)
        yield len(around)


def _count_relations(counts: RelationCounts, document: AnnotatedDocument, sentences: Sequence[MentionSpan]) -> None:
    """Add the relations of a document, and the pairs of its mentions (or names, without mentions)."""
    layers = document.layers
    relations = layers.relations or []
    candidates = layers.mentions if layers.mentions is not None else layers.entities
    arguments = {argument[:2] for triple in relations for argument in (triple.head, triple.tail)}
    extents = {span[:2] for span in candidates} if candidates is not None else arguments
    number = {i: k for k, (start, end) in enumerate(sentences) for i in range(start, end)}
    per_sentence = Counter(number[extent[0]] for extent in extents)
    counts.pairs.update(per_sentence[k] * (per_sentence[k] - 1) // 2 for k in range(len(sentences)))
    ordered = Counter((triple.head[:2], triple.tail[:2]) for triple in relations)
    counts.several += sum(count > 1 for count in ordered.values())
    unordered = {frozenset(pair) for pair in ordered if pair[0] != pair[1]}
    counts.related += sum(len({number[extent[0]] for extent in pair}) == 1 for pair in unordered)
    for triple in relations:
        counts.across += number[triple.head.start] != number[triple.tail.start]
        counts.to_itself += triple.head[:2] == triple.tail[:2]
        counts.arguments[(triple.head.label, triple.label, triple.tail.label)] += 1
