"""The text of a Doc as nested boxes: one per span of tokens, with all that is known about it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

from spacy.tokens import Doc

from ..types import Cluster, LabeledSpan, MentionSpan
from .colors import cluster_hue, type_hue

_PAUSES = frozenset(".!?")
_LONG_WORD = 24  # characters; a longer one may stand on another line than its badge


@dataclass(frozen=True)
class Chain:
    """A cluster that a box belongs to. number: place among the clusters, or None for a single mention."""

    key: str
    number: int | None
    score: float


@dataclass
class Box:
    """Tokens start to end, and what is annotated on exactly these.

    cut: (left, right): the box is the rest of a span that crossed another one, cut on that side.
    wrong: only one of two sides that are compared has it.
    """

    start: int
    end: int
    entities: list[LabeledSpan] = field(default_factory=list)
    mentions: list[LabeledSpan] = field(default_factory=list)
    chains: list[Chain] = field(default_factory=list)
    cut: tuple[bool, bool] = (False, False)
    wrong: bool = False


def make_boxes(
    entities: Sequence[LabeledSpan],
    mentions: Sequence[LabeledSpan],
    clusters: Sequence[Cluster],
    prefix: str,
    wrong: Collection[MentionSpan] = (),
) -> list[Box]:
    """One box per span that is annotated in any layer, in document order, longer first.

    prefix (str): Tells the chains of this Doc from those of the others on the page.
    wrong (Collection): Boundaries of spans to mark.
    """
    boxes: dict[MentionSpan, Box] = {}

    def box(span: Sequence[Any]) -> Box:
        key = (span[0], span[1])
        return boxes.setdefault(key, Box(*key, wrong=key in wrong))

    for entity in entities:
        box(entity).entities.append(entity)
    for mention in mentions:
        box(mention).mentions.append(mention)
    for key, number, cluster in number_clusters(clusters, prefix):
        for member in cluster:
            box(member).chains.append(Chain(key, number, member.score))
    return sorted(boxes.values(), key=lambda b: (b.start, -b.end))


def number_clusters(clusters: Sequence[Cluster], prefix: str) -> Iterator[tuple[str, int | None, Cluster]]:
    """Clusters with a key for the page and the number shown: those of one mention have none."""
    n_shown = 0
    for i, cluster in enumerate(clusters):
        n_shown += int(len(cluster) > 1)
        yield f"{prefix}-{i}", n_shown if len(cluster) > 1 else None, cluster


def nest(boxes: Sequence[Box]) -> list[Box]:
    """Cut boxes where they cross the end of an earlier one, so that all of them nest."""
    nested: list[Box] = []
    queue = sorted(boxes, key=lambda b: (b.start, -b.end))
    open_ends: list[int] = []
    while queue:
        box = queue.pop(0)
        while open_ends and open_ends[-1] <= box.start:
            open_ends.pop()
        if open_ends and open_ends[-1] < box.end:
            rest = replace(box, start=open_ends[-1], cut=(True, box.cut[1]))
            box = replace(box, end=open_ends[-1], cut=(box.cut[0], True))
            at = next((i for i, b in enumerate(queue) if (b.start, -b.end) > (rest.start, -rest.end)), len(queue))
            queue.insert(at, rest)
        open_ends.append(box.end)
        nested.append(box)
    return nested


def split_sentences(doc: Doc, spans: Sequence[Sequence[Any]]) -> list[MentionSpan]:
    """Parts of the text to show one below the other: sentences, or what ends in a full stop or line break.

    No part ends within a span.
    """
    if doc.has_annotation("SENT_START"):
        ends = {sent.end for sent in doc.sents}
    else:
        ends = {token.i + 1 for token in doc if token.text in _PAUSES or "\n" in token.text}
    for span in spans:
        ends.difference_update(range(span[0] + 1, span[1]))
    parts, start = [], 0
    for end in sorted({*ends, len(doc)}):
        if end > start:
            parts.append((start, end))
            start = end
    return parts


def text_html(doc: Doc, start: int, end: int, boxes: Sequence[Box], names: dict[str, str]) -> str:
    """Tokens start to end with their boxes as nested elements. Every text is escaped.

    boxes (Sequence): All lie within start and end.
    names (dict): The key of each cluster with the text that stands for it.
    """
    html: list[str] = []
    position = doc[start].idx if start < end else 0
    text = doc.text
    stack: list[Box] = []

    def copy_to(place: int) -> None:
        nonlocal position
        if place > position:
            html.append(escape(text[position:place]))
            position = place

    def close() -> None:
        nonlocal position
        box = stack.pop()
        end = doc[box.end - 1].idx + len(doc[box.end - 1])
        copy_to(_last_word(text, position, end))
        html.append(_closing(box, text[position:end]))
        position = end

    for box in nest(boxes):
        while stack and stack[-1].end <= box.start:
            close()
        copy_to(doc[box.start].idx)
        html.append(_opening(box, names))
        stack.append(box)
    while stack:
        close()
    if end > start:
        copy_to(doc[end - 1].idx + len(doc[end - 1]))
    return "".join(html).strip("\n")


def _opening(box: Box, names: dict[str, str]) -> str:
    classes = ["box"]
    style = ""
    if box.entities:
        classes.append("name")
        style += f"--t:{type_hue(box.entities[0].label)};"
    if box.mentions:
        classes.append("mention")
    keys = " ".join(chain.key for chain in box.chains)
    numbers = [chain.number for chain in box.chains if chain.number is not None]
    if box.chains:
        classes.append("chain" if numbers else "single")
    if numbers:
        style += f"--c:{cluster_hue(numbers[0])};"
    if box.wrong:
        classes.append("wrong")
    classes += [name for name, cut in zip(("cut-left", "cut-right"), box.cut) if cut]
    chained = f' data-chain="{escape(keys)}" tabindex="0"' if numbers else ""
    title = escape(_title(box, names), quote=True)
    labels = dict.fromkeys(span.label for span in [*box.entities, *box.mentions] if span.label)
    types = f' data-types="{escape(chr(10).join(labels), quote=True)}"' if labels else ""
    return f'<span class="{" ".join(classes)}" style="{style}" title="{title}"{types}{chained}>'


def _last_word(text: str, start: int, end: int) -> int:
    """Where the last word of text[start:end] begins, if there is one to keep with a badge, else `end`."""
    begin = max(start, text.rfind(" ", start, end) + 1)
    return begin if end - begin <= _LONG_WORD else end


def _closing(box: Box, word: str) -> str:
    """The last word of a box and, on the same line, its badges. A box that goes on elsewhere has them there."""
    both = {e.label for e in box.entities} & {m.label for m in box.mentions}
    badges = [_badge("of-both" if e.label in both else "of-name", e.label) for e in box.entities]
    badges += [_badge("of-mention", m.label) for m in box.mentions if m.label and m.label not in both]
    badges += [f'<b class="number">{c.number}</b>' for c in box.chains if c.number is not None]
    if box.cut[1] or not badges:
        return f"{escape(word)}</span>"
    return f'<span class="keep">{escape(word)}{"".join(badges)}</span></span>'


def _badge(layer: str, label: str) -> str:
    return f'<b class="type {layer}" style="--t:{type_hue(label)}">{escape(label)}</b>'


def _title(box: Box, names: dict[str, str]) -> str:
    """The tooltip: what each layer says, with confidences."""
    lines = [f"name {e.label}: {e.score:.2f}" for e in box.entities]
    lines += [f"mention {m.label}: {m.score:.2f}" for m in box.mentions]
    for chain in box.chains:
        if chain.number is None:
            lines.append(f"mentioned once: {chain.score:.2f}")
        else:
            lines.append(f"cluster {chain.number}, {names[chain.key]}: {chain.score:.2f}")
    return "\n".join(lines)
