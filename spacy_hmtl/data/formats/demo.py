"""Our own readable format: four layers as markup in running text. See `assets/demo/GUIDELINES.md`.

`[text|TYPE entity]` is a mention, `[text|TYPE entity|NAME]` one that is a name too,
`{text|NAME}` a name, `> head RELATION tail` a relation in the sentence above.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from functools import cache
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from ...annotations import AnnotatedDocument, Layers
from ...annotations.layers import make_clusters
from ...types import LabeledSpan, Triple
from ..faults import FaultLog, Place
from ..reading.brackets import document_order
from ..reading.lines import Line, is_decoded, not_this_format, read_lines, split_at_headers
from ..reading.markup import LABEL, MentionMarkup, NameMarkup, parse_markup

HEADER = re.compile(r"#doc\s+(\S+)\s*$")
_LABEL = re.compile(LABEL)
_ARGUMENT = re.compile(r"([a-z0-9-]+)(?:#([1-9]\d*))?")


def read(path: Path, *, faults: FaultLog, ids: Container[str] | None = None) -> Iterator[AnnotatedDocument]:
    """Read a file of marked-up text, tokenised by `spacy.blank("en")`, a sentence per line.

    path (Path): The file, such as `texts/news.txt`.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only; an id stands after `#doc`.
    YIELDS (AnnotatedDocument): The documents, with all four layers; `meta["kind"]` is
        the id up to its last hyphen.
    RAISES (ConversionError): H102, if the file does not begin with a header and text.
    """
    nlp = _english()
    seen: set[str] = set()
    for i, block in enumerate(split_at_headers(read_lines(path, faults), HEADER)):
        header = HEADER.match(block[0].text)
        first = next((line for line in block[1 if header else 0 :] if line.text.strip()), block[0])
        if header is None:
            raise not_this_format(path, "demo", "a header such as #doc news-001", first, faults)
        if i == 0 and "\t" in first.text:
            raise not_this_format(path, "demo", "running text without tabs", first, faults)
        place = Place(path, block[0].number, header.group(1))
        if place.document in seen:
            what, remedy = f"the id {place.document} stands twice in this file", "Give each document its own id."
            faults.skip(place, what, unit="document", remedy=remedy)
        elif ids is None or place.document in ids:
            doc = _read_document(block[1:], place, nlp, faults)
            if doc is not None:
                yield doc
        seen.add(place.document)


@cache
def _english() -> Language:
    return spacy.blank("en")


def _read_document(lines: list[Line], place: Place, nlp: Language, faults: FaultLog) -> AnnotatedDocument | None:
    """Read one document; None, with a fault, if a sentence cannot be read."""
    if not is_decoded(lines, place, faults):
        return None
    builder = _Builder(place, nlp, faults)
    ended = False
    for line in lines:
        text = line.text.strip()
        what = remedy = ""
        if not text:
            ended = bool(builder.doc.words)
        elif ended:
            what, remedy = (
                "text follows the empty line that ends a document",
                "Begin it with #doc ID, or join the parts.",
            )
        elif text.startswith("#"):
            what, remedy = (
                f"expected a header such as #doc news-001, found {text!r}",
                "A text line cannot begin with #.",
            )
        elif text.startswith(">"):
            builder.add_relation(text, line)
        else:
            what, remedy = builder.add_sentence(text, line), "Correct the markup."
        if what:
            faults.skip(place._replace(line=line.number), what, unit="document", remedy=remedy)
            return None
    if not builder.doc.words:
        faults.skip(place, "the document has no sentence", unit="document", remedy="Write one, or remove the header.")
        return None
    return builder.finish()


class _Builder:
    """Makes an AnnotatedDocument of sentences and relations, in the order of the file."""

    def __init__(self, place: Place, nlp: Language, faults: FaultLog) -> None:
        self.doc = AnnotatedDocument(place.document, words=[], spaces=[], sent_starts=[])
        self.doc.meta["kind"] = place.document.rpartition("-")[0] or place.document
        self._place = place
        self._nlp = nlp
        self._faults = faults
        self._names: list[LabeledSpan] = []
        self._mentions: list[LabeledSpan] = []
        self._clusters: dict[str, list[LabeledSpan]] = {}
        self._relations: list[Triple] = []
        # Mentions of the latest sentence by entity, in document order; None for one that was skipped,
        # so that `id#2` keeps its meaning.
        self._in_sentence: dict[str, list[LabeledSpan | None]] = {}

    def add_sentence(self, text: str, line: Line) -> str:
        """Read a sentence; return what is wrong with its markup as a whole, or ""."""
        markup = parse_markup(text)
        if markup.fault:
            return markup.fault
        tokens = self._nlp.make_doc(markup.text)
        offset = len(self.doc.words)
        self._in_sentence = {}
        for mention in sorted(markup.mentions, key=lambda m: document_order(m[:2])):
            span = self._align(tokens, mention, offset, line, unit="mention")
            if span is not None and any(span[:2] == other[:2] for other in self._mentions):
                what = f"{markup.text[mention.start : mention.end]!r} is marked as a mention twice"
                self._skip(line, what, "mention", "A mention has one entity.")
                span = None
            self._in_sentence.setdefault(mention.entity, []).append(span)
            if span is not None:
                self._mentions.append(span)
                self._clusters.setdefault(mention.entity, []).append(span)
        for name in sorted(markup.names, key=lambda n: document_order(n[:2])):
            span = self._align(tokens, name, offset, line, unit="name")
            if span is not None and self._names and span.start < self._names[-1].end:
                what = f"the name {markup.text[name.start : name.end]!r} lies in another name"
                self._skip(line, what, "name", "Names never overlap.")
            elif span is not None:
                self._names.append(span)
        self.doc.sent_starts = [*(self.doc.sent_starts or []), offset]
        self.doc.words += [token.text for token in tokens]
        self.doc.spaces += [bool(token.whitespace_) for token in tokens[:-1]] + [True]
        return ""

    def add_relation(self, text: str, line: Line) -> None:
        """Read a relation in the latest sentence."""
        fields = text[1:].split()
        if len(fields) != 3 or not _LABEL.fullmatch(fields[1]):
            self._skip(line, f"expected > head RELATION tail, found {text!r}", "relation", "Correct the line.")
            return
        head, tail = self._argument(fields[0], line), self._argument(fields[2], line)
        if head is None or tail is None:
            return
        triple = Triple(head, fields[1], tail)
        if head == tail:
            self._skip(line, f"{text!r} relates a mention to itself", "relation", "Name two mentions.")
        elif triple in self._relations:
            self._skip(line, f"{text!r} stands twice", "relation", "Remove one.")
        else:
            self._relations.append(triple)

    def finish(self) -> AnnotatedDocument:
        """The document read so far. Each sentence ends with a space, the last one does not."""
        self.doc.spaces[-1] = False
        clusters = make_clusters(self._clusters.values())
        self.doc.layers = Layers(self._names, self._mentions, clusters, self._relations)
        return self.doc

    def _align(
        self, tokens: Doc, span: MentionMarkup | NameMarkup, offset: int, line: Line, *, unit: str
    ) -> LabeledSpan | None:
        """Characters to tokens; None, with a fault, where a boundary is inside a token."""
        found = tokens.char_span(span.start, span.end) if span.start < span.end else None
        if found is None:
            what = (
                f"{tokens.text[span.start : span.end]!r} does not fall on token boundaries ({_tokens_at(tokens, span)})"
            )
            self._skip(line, what, unit, "Move the boundary, or add a space in the text.")
            return None
        return LabeledSpan(offset + found.start, offset + found.end, span.label)

    def _argument(self, text: str, line: Line) -> LabeledSpan | None:
        """Resolve `id` or `id#2` in the latest sentence; None, with a fault, if it names no mention."""
        match = _ARGUMENT.fullmatch(text)
        mentions = self._in_sentence.get(match.group(1), []) if match else []
        number = int(match.group(2) or 1) if match else 1
        if number > len(mentions):
            known = ", ".join(sorted(self._in_sentence)) or "none"
            what = (
                f"{text} is no mention of the sentence above, which has {len(mentions)} of it (entities there: {known})"
            )
            self._skip(line, what, "relation", "Name a mention by its entity id, the second one by id#2.")
            return None
        if mentions[number - 1] is None:
            self._skip(line, f"the mention {text} was skipped", "relation", "Correct the mention first.")
        return mentions[number - 1]

    def _skip(self, line: Line, what: str, unit: str, remedy: str) -> None:
        self._faults.skip(self._place._replace(line=line.number), what, unit=unit, remedy=remedy)


def _tokens_at(tokens: Doc, span: MentionMarkup | NameMarkup) -> str:
    around = [token.text for token in tokens if token.idx <= span.end and token.idx + len(token) >= span.start]
    return "tokens here: " + " ".join(around)
