"""Annotation over running text, as annotation tools hold it: characters in, tokens out.

brat, Prodigy, Label Studio and doccano differ in their files, not in what they say:
spans with ids, links between them, groups of spans that corefer. A reader makes a
`Standoff` of each document; this module makes `AnnotatedDocument`s of them.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ...annotations import AnnotatedDocument, Layers
from ...types import Cluster, LabeledSpan, MentionSpan, Triple
from ..faults import FaultLog, Place
from .token_rows import clean_clusters, outermost
from .tokens import Tokens, tokenize

WIDENED = "spans with a border inside a token, widened to whole tokens"
TRIMMED = "spans with white space at their borders, trimmed"
SPAN_TWICE = "spans that stand twice with the same label, kept once"
LINK_TWICE = "relations that stand twice, kept once"
# Labels of links that say "the same entity", in any case.
COREFERENCE = re.compile(r"(?i)coref(erence)?([-_]\w+)?|ident(ity)?|same[-_ ]?as|anaphor[a-z]*|equiv(alent)?")


class CharSpan(NamedTuple):
    """A span of characters, end exclusive.

    id: what links call it.
    text: what the file says it covers; None if it does not say.
    layer: "name", "mention", "both", "argument" (of relations and clusters only), or "": not said.
    fault: why it cannot be used, or "".
    """

    id: str
    start: int
    end: int
    label: str
    line: int
    text: str | None = None
    layer: str = ""
    fault: str = ""


class Link(NamedTuple):
    """A relation, or a coreference link, between two spans."""

    head: str
    label: str
    tail: str
    line: int


@dataclass
class Standoff:
    """One document of an annotation tool. A layer that is None is not annotated in this document.

    links: relations and coreference links.
    groups: spans that corefer, each with its line.
    tokens: where the file has tokens of its own.
    layers: the layers that are annotated, where the file says so.
    is_exact: whether the file was made from a Doc, so that nothing in it is a slip of an annotator.
    meta: facts about the document.
    """

    place: Place
    text: str
    spans: list[CharSpan]
    links: list[Link] | None = None
    groups: list[tuple[list[str], int]] | None = None
    tokens: Tokens | None = None
    layers: list[str] | None = None
    is_exact: bool = False
    meta: dict[str, Any] = field(default_factory=dict)


class CorpusLayers(NamedTuple):
    """Which layers a corpus of a tool has: a document without links is annotated if others have some."""

    relations: bool
    clusters: bool
    names: bool


def layers_of(documents: Sequence[Standoff], names: bool) -> CorpusLayers:
    """Find out what the links of a corpus say.

    documents (Sequence[Standoff]): All documents.
    names (bool): Take the spans as names too.
    RETURNS (CorpusLayers): Clusters are annotated if there is a coreference link or a group;
        relations if there is another link, or if no link tells what was asked for.
    """
    labels = {link.label for document in documents for link in document.links or []}
    has_coreference = any(map(COREFERENCE.fullmatch, labels))
    has_groups = any(document.groups for document in documents)
    has_relations = any(not COREFERENCE.fullmatch(label) for label in labels) or not has_coreference
    return CorpusLayers(has_relations, has_coreference or has_groups, names)


def build(document: Standoff, layers: CorpusLayers, tokenizer: str, faults: FaultLog) -> AnnotatedDocument | None:
    """Make tokens, mentions, clusters and relations of one document.

    document (Standoff): The document.
    layers (CorpusLayers): What its corpus has.
    tokenizer (str): See `tokenize`; not used where the document has tokens.
    faults (FaultLog): Takes what is wrong.
    RETURNS (AnnotatedDocument | None): The document; None, with a fault, if it has no tokens.
    """
    tokens = document.tokens or tokenize(document.text, tokenizer)
    if not tokens.starts:
        what = "the document has no tokens"
        faults.skip(document.place, what, unit="document", remedy="Write some text, or remove it.")
        return None
    return _Builder(document, tokens, faults).build(layers)


def build_all(
    documents: Sequence[Standoff], names: bool, tokenizer: str, faults: FaultLog
) -> Iterator[AnnotatedDocument]:
    """Make the documents of one file.

    documents (Sequence[Standoff]): All its documents.
    names (bool): Take the spans as names too; of nested ones the outermost.
    tokenizer (str): See `tokenize`.
    faults (FaultLog): Takes what is wrong.
    YIELDS (AnnotatedDocument): Those that have tokens.
    """
    layers = layers_of(documents, names)
    for document in documents:
        made = build(document, layers, tokenizer, faults)
        if made is not None:
            yield made


class _Builder:
    """Makes an AnnotatedDocument of a Standoff."""

    def __init__(self, document: Standoff, tokens: Tokens, faults: FaultLog) -> None:
        self._document = document
        self._tokens = tokens
        self._faults = faults
        self._spans: dict[str, LabeledSpan | None] = {}  # by id; None for one that was skipped
        self._names: list[LabeledSpan] = []
        self._mentions: list[LabeledSpan] = []
        self._taken: set[LabeledSpan] = set()

    def build(self, layers: CorpusLayers) -> AnnotatedDocument:
        source, tokens = self._document, self._tokens
        says = source.layers
        for span in source.spans:
            self._add_span(span, layers.names)
        links = [link for link in source.links or [] if not self._is_coreference(link)]
        relations, clusters = self._relations(links), self._clusters()
        has_relations = source.links is not None and layers.relations
        has_clusters = layers.clusters and (source.links is not None or source.groups is not None)
        has_names = layers.names or any(span.layer for span in source.spans)
        return AnnotatedDocument(
            name=source.place.document,
            words=[source.text[start:end] for start, end in zip(tokens.starts, tokens.ends)],
            spaces=tokens.spaces if source.is_exact else [*tokens.spaces[:-1], False],
            sent_starts=self._sent_starts(),
            layers=Layers(
                entities=self._entities() if (has_names if says is None else "entities" in says) else None,
                mentions=self._mentions if says is None or "mentions" in says else None,
                clusters=clusters if (has_clusters if says is None else "clusters" in says) else None,
                relations=relations if (has_relations if says is None else "relations" in says) else None,
            ),
            meta=source.meta,
        )

    def _add_span(self, span: CharSpan, names: bool) -> None:
        """Align a span and put it into its layers."""
        if span.id in self._spans:
            self._skip(span.line, f"the id {span.id} stands twice", "mention", "Give each span its own id.")
            return
        found = self._align(span)
        self._spans[span.id] = found
        if found is None:
            return
        if not self._document.is_exact and found in self._taken:
            self._faults.note(self._at(span.line), SPAN_TWICE)
            return
        self._taken.add(found)
        if span.layer in ("", "mention", "both"):
            self._mentions.append(found)
        if span.layer in ("name", "both") or (not span.layer and names):
            self._names.append(found)

    def _align(self, span: CharSpan) -> LabeledSpan | None:
        """Characters to tokens, outwards; None, with a fault, if there is no token."""
        text, (start, end) = self._document.text, span[1:3]
        what = span.fault
        if not what and start >= end:
            what = f"the span [{start}, {end}) is empty or reversed"
        elif not what and (start < 0 or end > len(text)):
            what = f"the span [{start}, {end}) lies outside the text of {len(text)} characters"
        elif not what and span.text is not None and _plain(span.text) != _plain(text[start:end]):
            covered = text[start:end]
            what = f"the span [{start}, {end}) is {covered[:60]!r} in the text, but the file says {span.text[:60]!r}"
        first, last = bisect_right(self._tokens.ends, start), bisect_left(self._tokens.starts, end) - 1
        if not what and first > last:
            what = f"the span [{start}, {end}) holds no token"
        if what:
            remedy = "Mend its offsets, which count characters (Unicode code points) from 0."
            self._skip(span.line, what, "mention", remedy)
            return None
        covered = text[start:end]
        start, end = start + len(covered) - len(covered.lstrip()), end - (len(covered) - len(covered.rstrip()))
        if end - start < len(covered) and not span.layer:
            self._faults.note(self._at(span.line), TRIMMED)
        if self._tokens.starts[first] < start or self._tokens.ends[last] > end:
            self._faults.note(self._at(span.line), WIDENED)
        return LabeledSpan(first, last + 1, span.label)

    def _entities(self) -> list[LabeledSpan]:
        return outermost(self._names, self._document.place, self._faults)

    def _sent_starts(self) -> list[int] | None:
        """The sentences; a line that ends inside a mention ends no sentence."""
        starts = self._tokens.sent_starts
        if starts is None or self._document.is_exact:
            return starts
        inside = {i for span in self._spans.values() if span is not None for i in range(span.start + 1, span.end)}
        return [start for start in starts if start not in inside]

    def _relations(self, links: Sequence[Link]) -> list[Triple]:
        triples: list[Triple] = []
        seen: set[Triple] = set()
        for link in links:
            head, tail = self._find(link.head, link, "relation"), self._find(link.tail, link, "relation")
            if head is None or tail is None:
                continue
            triple = Triple(head, link.label, tail)
            if triple in seen and not self._document.is_exact:
                self._faults.note(self._at(link.line), LINK_TWICE)
                continue
            seen.add(triple)
            triples.append(triple)
        return triples

    def _clusters(self) -> list[Cluster]:
        """Join what is linked or grouped, directly or not."""
        groups: list[list[MentionSpan]] = []
        for link in self._document.links or []:
            if self._is_coreference(link):
                ends = [self._find(end, link, "coreference link") for end in dict.fromkeys((link.head, link.tail))]
                groups.append([end[:2] for end in ends if end is not None] if None not in ends else [])
        for ids, line in self._document.groups or []:
            found = [self._find(id, Link(id, "a group", id, line), "cluster mention") for id in dict.fromkeys(ids)]
            groups.append([mention[:2] for mention in found if mention is not None])
        return clean_clusters(_joined(groups), self._document.place, self._faults)

    def _is_coreference(self, link: Link) -> bool:
        return not self._document.is_exact and COREFERENCE.fullmatch(link.label) is not None

    def _find(self, id: str, link: Link, unit: str) -> LabeledSpan | None:
        """The span of an id; None, with a fault, if there is none that can be used."""
        if id not in self._spans:
            what = f"{link.label} has the argument {id}, but no span has this id"
            self._skip(link.line, what, unit, "Mend the id, or add the span.")
            return None
        if self._spans[id] is None:
            what = f"{link.label} has the argument {id}, which was skipped"
            self._skip(link.line, what, unit, "Mend the span first.")
        return self._spans[id]

    def _at(self, line: int) -> Place:
        return self._document.place._replace(line=line)

    def _skip(self, line: int, what: str, unit: str, remedy: str) -> None:
        self._faults.skip(self._at(line), what, unit=unit, remedy=remedy)


def _plain(text: str) -> str:
    """A text without regard to its white space."""
    return " ".join(text.split())


def _joined(groups: Sequence[Sequence[MentionSpan]]) -> list[list[MentionSpan]]:
    """Join the groups that have a mention in common."""
    parents: dict[MentionSpan, MentionSpan] = {}

    def root(mention: MentionSpan) -> MentionSpan:
        while parents[mention] != mention:
            parents[mention] = mention = parents[parents[mention]]
        return mention

    for group in groups:
        for mention in group:
            parents.setdefault(mention, mention)
            parents[root(mention)] = root(group[0])
    joined: dict[MentionSpan, list[MentionSpan]] = {}
    for mention in parents:
        joined.setdefault(root(mention), []).append(mention)
    return list(joined.values())
