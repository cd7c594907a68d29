"""What was found beside gold: which spans, links and relations are wrong, and which are missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise
from typing import Any, NamedTuple

from spacy.tokens import Doc

from ..annotations.layers import LAYERS, Layers
from ..errors import Errors
from ..types import Cluster, MentionSpan

Key = tuple[Any, ...]


class Fault(NamedTuple):
    """A span, link or relation that only one side has.

    task: its layer.
    missed: gold has it; else only what was found has it.
    text: of it, to show.
    spans: tokens to mark in the text.
    """

    task: str
    missed: bool
    text: str
    spans: tuple[MentionSpan, ...]


def check_pair(doc: Doc, gold: Doc, number: int) -> None:
    """RAISES (ValueError): H693 where two documents do not have the same tokens."""
    if [token.text for token in doc] != [token.text for token in gold]:
        raise ValueError(Errors.H693.format(number=number))


def compare(doc: Doc, found: Layers, gold: Layers) -> list[Fault]:
    """Differences in the layers that both sides have, in order of the text."""
    faults: list[Fault] = []
    for task in LAYERS:
        own, wanted = found.of(task), gold.of(task)
        if own is None or wanted is None:
            continue
        keys = _links if task == "coref" else _keys
        there, right = keys(own), keys(wanted)
        if task == "coref":
            wrong = [key for key in there if not _joined(key, wanted)]
            missed = [key for key in right if not _joined(key, own)]
        else:
            wrong, missed = [k for k in there if k not in right], [k for k in right if k not in there]
        faults += [_fault(doc, task, False, key) for key in wrong] + [_fault(doc, task, True, key) for key in missed]
    return sorted(faults, key=lambda fault: (fault.spans, fault.task))


def _keys(items: Sequence[Any]) -> list[Key]:
    """Spans with their labels, or relations: their arguments' boundaries and label."""
    return [
        (item.head[:2], item.label, item.tail[:2]) if hasattr(item, "head") else (item[:2], item.label)
        for item in items
    ]


def _links(clusters: Sequence[Cluster]) -> list[Key]:
    """Each mention with the one before it in its cluster."""
    return [(a[:2], b[:2]) for cluster in clusters for a, b in pairwise(sorted(cluster, key=lambda m: m[:2]))]


def _joined(link: Key, clusters: Sequence[Cluster]) -> bool:
    return any(all(span in members for span in link) for members in ({m[:2] for m in c} for c in clusters))


def _fault(doc: Doc, task: str, missed: bool, key: Key) -> Fault:
    words = [" ".join(doc[part[0] : part[1]].text.split()) if isinstance(part, tuple) else str(part) for part in key]
    text = " = ".join(words) if task == "coref" else " ".join(words)
    return Fault(task, missed, text, tuple(part for part in key if isinstance(part, tuple)))


def marked(faults: Iterable[Fault], *, missed: bool) -> set[MentionSpan]:
    """Names and mentions to mark: those that gold has alone, or that were found alone."""
    own = (fault for fault in faults if fault.missed == missed and fault.task in ("ner", "emd"))
    return {span for fault in own for span in fault.spans}


def faults_table(faults: Sequence[Fault]) -> str:
    """All differences, or that there are none."""
    if not faults:
        return '<p class="none">No difference in the layers that both have.</p>'
    rows = "".join(
        f'<tr><td>{LAYERS[fault.task].title}</td><td class="kind">{"missed" if fault.missed else "wrong"}</td>'
        f"<td>{escape(fault.text)}</td></tr>"
        for fault in faults
    )
    return f"<table><tr><th>Layer</th><th></th><th>What</th></tr>{rows}</table>"
