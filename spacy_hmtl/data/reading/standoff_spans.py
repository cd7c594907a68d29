"""The spans of a document of an annotation tool, on tokens and in their layers."""

from __future__ import annotations

from ...types import LabeledSpan
from ..faults import FaultLog, Place
from .alignment import Extent, split_tokens, tokens_of, trimmed
from .standoff import CharSpan, Standoff
from .tokens import Tokens

WIDENED = "spans with a boundary inside a token, widened to whole tokens"
TRIMMED = "spans with white space at their boundaries, trimmed"
SPAN_TWICE = "spans that stand twice with the same label, kept once"
SPLIT = "tokens with several spans inside, split at the boundaries of the spans"


class SpanReader:
    """Aligns the spans of a document with its tokens.

    tokens (Tokens): The tokens, split where spans need it.
    by_id (dict): The spans; None for one that was skipped.
    names, mentions (list): Those of the two layers.
    unsaid (list): The mentions of which the file says no layer.
    """

    def __init__(self, document: Standoff, tokens: Tokens, names: bool, faults: FaultLog) -> None:
        self.tokens = tokens
        self.by_id: dict[str, LabeledSpan | None] = {}
        self.names: list[LabeledSpan] = []
        self.mentions: list[LabeledSpan] = []
        self.unsaid: list[LabeledSpan] = []
        self._document = document
        self._takes_names = names
        self._faults = faults
        self._taken: set[LabeledSpan] = set()
        self._read()

    def _read(self) -> None:
        """Check the spans, split tokens where they need it, align the spans and put them into their layers."""
        found: list[tuple[CharSpan, Extent]] = []
        for span in self._document.spans:
            if span.id in self.by_id:
                self._skip(span.line, f"the id {span.id} stands twice", "Give each span its own id.")
                continue
            self.by_id[span.id] = None
            extent = self._extent(span)
            found += [] if extent is None else [(span, extent)]
        if not self._document.is_exact:
            extents = (extent for _, extent in found)
            self.tokens, n_split = split_tokens(self._document.text, self.tokens, extents)
            for _ in range(n_split):
                self._faults.note(self._document.place, SPLIT)
        for span, extent in found:
            self._add_span(span, extent)

    def _add_span(self, span: CharSpan, extent: Extent) -> None:
        """Align a span and put it into its layers."""
        start, end = tokens_of(self.tokens, extent)
        if self.tokens.starts[start] < extent[0] or self.tokens.ends[end - 1] > extent[1]:
            self._faults.note(self._at(span.line), WIDENED)
        found = self.by_id[span.id] = LabeledSpan(start, end, span.label)
        if not self._document.is_exact and found in self._taken:
            self._faults.note(self._at(span.line), SPAN_TWICE)
            return
        self._taken.add(found)
        if span.layer in ("", "mention", "both"):
            self.mentions.append(found)
        self.unsaid += [found] if not span.layer else []
        if span.layer in ("name", "both") or (not span.layer and self._takes_names):
            self.names.append(found)

    def _extent(self, span: CharSpan) -> Extent | None:
        """The characters of a span without white space around them; None, with a fault, if they hold no token."""
        text, (start, end) = self._document.text, span[1:3]
        what = span.fault
        if not what and start >= end:
            what = f"the span [{start}, {end}) is empty or reversed"
        elif not what and (start < 0 or end > len(text)):
            what = f"the span [{start}, {end}) lies outside the text of {len(text)} characters"
        elif not what and span.text is not None and _plain(span.text) != _plain(text[start:end]):
            covered = text[start:end]
            what = f"the span [{start}, {end}) is {covered[:60]!r} in the text, but the file says {span.text[:60]!r}"
        extent = (start, end) if self._document.is_exact else trimmed(text, start, end)
        first, last = tokens_of(self.tokens, extent)
        if not what and first == last:
            what = f"the span [{start}, {end}) holds no token"
        if what:
            remedy = span.remedy or "Correct its offsets, which count characters (Unicode code points) from 0."
            self._skip(span.line, what, remedy)
            return None
        if extent != (start, end) and not span.layer:
            self._faults.note(self._at(span.line), TRIMMED)
        return extent

    def sent_starts(self) -> list[int] | None:
        """The sentences; a line that ends inside a mention ends no sentence."""
        starts = self.tokens.sent_starts
        if starts is None or self._document.is_exact:
            return starts
        inside = {i for span in self.by_id.values() if span is not None for i in range(span.start + 1, span.end)}
        return [start for start in starts if start not in inside]

    def _at(self, line: int) -> Place:
        return self._document.place._replace(line=line)

    def _skip(self, line: int, what: str, remedy: str) -> None:
        self._faults.skip(self._at(line), what, unit="mention", remedy=remedy)


def _plain(text: str) -> str:
    """A text without regard to its white space."""
    return " ".join(text.split())
