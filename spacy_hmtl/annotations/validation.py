"""Whether the layers of a converted document make sense together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from ..errors import Errors
from ..types import AnnotatedDocument, MentionSpan


def check(document: AnnotatedDocument) -> None:
    """Raise where layers of a document contradict its tokens or each other.

    RAISES (ValueError): H105 to H109, H111, naming the document.
    """
    where, length = f"document {document.name!r}", len(document.words)
    spans: list[tuple[int, int]] = [s[:2] for s in (document.entities or []) + (document.mentions or [])]
    spans += [m for cluster in document.clusters or [] for m in cluster]
    spans += [a[:2] for r in document.relations or [] for a in (r.head, r.tail)]
    for start, end in spans:
        if start >= end:
            raise ValueError(Errors.H111.format(where=where, start=start, end=end))
        if start < 0 or end > length:
            raise ValueError(Errors.H105.format(where=where, start=start, end=end, length=length))
    entities = sorted(document.entities or [])
    for a, b in pairwise(entities):
        if b.start < a.end:
            raise ValueError(Errors.H106.format(where=where, a=_words(document, a), b=_words(document, b)))
    seen: set[MentionSpan] = set()
    for cluster in document.clusters or []:
        ordered = sorted(cluster, key=lambda m: (m[0], -m[1]))
        for mention in ordered:
            if mention in seen:
                raise ValueError(Errors.H109.format(where=where, start=mention[0], end=mention[1]))
            seen.add(mention)
        for crossing in _crossing(ordered):
            a_words, b_words = (_words(document, m) for m in crossing)
            raise ValueError(Errors.H108.format(where=where, a=a_words, b=b_words))
    if document.relations and (document.mentions is not None or document.entities is not None):
        known = {s[:2] for s in (document.entities or []) + (document.mentions or [])}
        for relation in document.relations:
            for argument in (relation.head, relation.tail):
                if argument[:2] not in known:
                    raise ValueError(Errors.H107.format(where=where, start=argument.start, end=argument.end))


def _crossing(ordered: Sequence[MentionSpan]) -> Iterable[tuple[MentionSpan, MentionSpan]]:
    """Pairs of spans that overlap without nesting; `ordered` by start, longer first."""
    stack: list[MentionSpan] = []
    for mention in ordered:
        while stack and stack[-1][1] <= mention[0]:
            stack.pop()
        if stack and stack[-1][1] < mention[1]:
            yield stack[-1], mention
        stack.append(mention)


def _words(document: AnnotatedDocument, span: Sequence[Any]) -> str:
    return " ".join(document.words[span[0] : span[1]])
