"""Whether the layers of a document make sense together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from ..errors import Errors
from ..types import LabeledSpan, MentionSpan
from .layers import Layers


def check(layers: Layers, words: Sequence[str], where: str) -> None:
    """Raise where layers contradict the tokens or each other.

    words (Sequence): The tokens.
    where (str): Names the document in messages.
    RAISES (ValueError): H105 to H109, H111.
    """
    for start, end, *_ in layers.spans():
        if start >= end:
            raise ValueError(Errors.H111.format(where=where, start=start, end=end))
        if start < 0 or end > len(words):
            raise ValueError(Errors.H105.format(where=where, start=start, end=end, length=len(words)))

    def text(span: LabeledSpan) -> str:
        return " ".join(words[span.start : span.end])

    check_names(layers.entities or [], words, where)
    seen: set[MentionSpan] = set()
    for cluster in layers.clusters or []:
        ordered = sorted(cluster, key=lambda m: (m.start, -m.end))
        for mention in ordered:
            if mention[:2] in seen:
                raise ValueError(Errors.H109.format(where=where, start=mention.start, end=mention.end))
            seen.add(mention[:2])
        for a, b in _crossing(ordered):
            raise ValueError(Errors.H108.format(where=where, a=text(a), b=text(b)))
    if layers.relations and (layers.mentions is not None or layers.entities is not None):
        known = {span[:2] for span in [*(layers.entities or []), *(layers.mentions or [])]}
        for relation in layers.relations:
            for argument in (relation.head, relation.tail):
                if argument[:2] not in known:
                    raise ValueError(Errors.H107.format(where=where, start=argument.start, end=argument.end))


def check_names(names: Sequence[LabeledSpan], words: Sequence[str], where: str) -> None:
    """Raise where names overlap. RAISES (ValueError): H106, naming the document as `check` does."""
    for pair in pairwise(sorted(names)):
        if pair[1].start < pair[0].end:
            a, b = (" ".join(words[name.start : name.end]) for name in pair)
            raise ValueError(Errors.H106.format(where=where, a=a, b=b))


def _crossing(ordered: Sequence[LabeledSpan]) -> Iterator[tuple[LabeledSpan, LabeledSpan]]:
    """Pairs of spans that overlap without nesting; `ordered` by start, longer first."""
    stack: list[LabeledSpan] = []
    for mention in ordered:
        while stack and stack[-1].end <= mention.start:
            stack.pop()
        if stack and stack[-1].end < mention.end:
            yield stack[-1], mention
        stack.append(mention)
