"""Relations of a sentence as arcs over their arguments: one SVG, no script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ..types import Triple
from .colors import type_hue

# All in pixels of the drawing.
_FONT = 13
_GAP = 18
_PAD = 9
_NODE = 26
_STEP = 30
_HEADROOM = 8
_MAX_TEXT = 28  # characters of an argument
_NARROW = frozenset("iljtfrI.,:;'|!()[] ")
_WIDE = frozenset("mwMW@%")

Argument = tuple[int, int, str]  # start, end, label


class Node:
    """An argument in the drawing. x: its left edge."""

    def __init__(self, text: str, label: str, x: float) -> None:
        text = " ".join(text.split()) or "␣"
        self.text = text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"
        self.full, self.label, self.x = text, label, x
        self.width = text_width(self.text, _FONT) + 2 * _PAD


def text_width(text: str, size: float) -> float:
    """About how wide a text is in a sans-serif face."""
    return sum(_letter_width(letter) for letter in text) * size


def caption_width(text: str, size: float) -> float:
    """The same for captions, which are bold and spaced."""
    return 1.12 * text_width(text, size)


def _letter_width(letter: str) -> float:
    if letter in _NARROW:
        return 0.34
    if letter in _WIDE:
        return 0.92
    if ord(letter) > 0x2E80:  # East Asian characters and emoji are square
        return 1.02
    return 0.7 if letter.isupper() else 0.6


def arcs_svg(relations: Sequence[Triple], texts: dict[Argument, str]) -> str:
    """Draw relations: arguments in document order on a line, an arc from head to tail with its label.

    relations (Sequence): Not empty.
    texts (dict): The words of each argument.
    """
    arguments = sorted({a[:3] for r in relations for a in (r.head, r.tail)}, key=lambda a: (a[0], -a[1], a[2]))
    index = {argument: i for i, argument in enumerate(arguments)}
    edges = [(index[r.head[:3]], index[r.tail[:3]], r) for r in relations]
    labels = _merge(edges)
    nodes = _place(arguments, texts, labels)
    levels = _stack([_extent(pair) for pair in labels])
    height = _HEADROOM + _STEP * max(levels) + 10 + _NODE + 2
    base = height - _NODE - 1
    drawing = [_node(node, base) for node in nodes]
    ends = _ends(list(labels), nodes)
    arcs = zip(labels.items(), levels, ends)
    # The highest first: captions of lower ones lie over its lines.
    for (pair, relation_list), level, (x1, x2) in sorted(arcs, key=lambda arc: -arc[1]):
        drawing.append(_arc(x1, x2, base, _STEP * level, relation_list, nodes[pair[0]], nodes[pair[1]]))
    width = nodes[-1].x + nodes[-1].width + 1
    return (
        f'<svg class="arcs" width="{width:.0f}" height="{height}" viewBox="0 0 {width:.0f} {height}" role="img">'
        f"{''.join(drawing)}</svg>"
    )


Pair = tuple[int, int]


def _merge(edges: Sequence[tuple[int, int, Triple]]) -> dict[Pair, list[Triple]]:
    """Relations with the same head and tail share an arc. Shorter arcs come first."""
    merged: dict[Pair, list[Triple]] = {}
    for head, tail, relation in sorted(edges, key=lambda e: (abs(e[0] - e[1]), min(e[:2]), e[0])):
        merged.setdefault((head, tail), []).append(relation)
    return merged


def _caption(relations: Sequence[Triple]) -> str:
    return ", ".join(r.label for r in relations)


def _place(arguments: Sequence[Argument], texts: dict[Argument, str], labels: dict[Pair, list[Triple]]) -> list[Node]:
    """Nodes from left to right, far enough apart for the labels between them."""
    nodes: list[Node] = []
    x = 1.0
    for i, argument in enumerate(arguments):
        node = Node(texts[argument], argument[2], x)
        if (i, i) in labels:
            node.width = max(node.width, caption_width(_caption(labels[i, i]), 11) + 30)
        for pair, relations in labels.items():
            if i == max(pair) and min(pair) < i:
                left = nodes[min(pair)]
                needed = left.x + left.width / 2 + caption_width(_caption(relations), 11) + 44 - node.width / 2
                node.x = max(node.x, needed)
        nodes.append(node)
        x = node.x + node.width + _GAP
    return nodes


def _extent(pair: Pair) -> tuple[float, float]:
    """What an arc spans, in nodes; that of a relation with itself lies around its node."""
    margin = 0.4 if pair[0] == pair[1] else 0.0
    return min(pair) - margin, max(pair) + margin


def _stack(intervals: Sequence[tuple[float, float]]) -> list[int]:
    """The level of each arc, from 1: above all shorter arcs that it overlaps."""
    levels: list[int] = []
    for i, (start, end) in enumerate(intervals):
        below = [levels[j] for j, other in enumerate(intervals[:i]) if other[0] < end and start < other[1]]
        levels.append(1 + max(below, default=0))
    return levels


def _ends(pairs: Sequence[Pair], nodes: Sequence[Node]) -> list[tuple[float, float]]:
    """Where the arcs touch their nodes: spread over the node's width, those to the left on the left."""
    touching: dict[int, list[tuple[float, int, int]]] = {}
    for i, pair in enumerate(pairs):
        for side in (0, 1):
            own, other = pair[side], pair[1 - side]
            # Long arcs to the right end furthest right of those to the right, and the other way round.
            order = (other < own, other - own if other < own else own - other)
            touching.setdefault(own, []).append((order[1] if not order[0] else -1000 - order[1], i, side))
    places: dict[tuple[int, int], float] = {}
    for number, items in touching.items():
        node = nodes[number]
        for k, (_, i, side) in enumerate(sorted(items)):
            places[(i, side)] = node.x + node.width * (k + 1) / (len(items) + 1)
    return [(places[(i, 0)], places[(i, 1)]) for i in range(len(pairs))]


def _node(node: Node, base: float) -> str:
    title = escape(f"{node.full} {node.label}".strip())
    return (
        f'<g style="--t:{type_hue(node.label)}"><title>{title}</title>'
        f'<rect x="{node.x:.1f}" y="{base:.1f}" width="{node.width:.1f}" height="{_NODE}" rx="7"/>'
        f'<text x="{node.x + node.width / 2:.1f}" y="{base + 17.5:.1f}" font-size="{_FONT}" text-anchor="middle">'
        f"{escape(node.text)}</text></g>"
    )


def _arc(x1: float, x2: float, base: float, rise: float, relations: Sequence[Triple], head: Node, tail: Node) -> str:
    """An arc from x1 (the head) to x2 with an arrow at x2 and its label at the top."""
    top, foot = base - rise, base - 3
    bend = min(abs(x2 - x1) / 2, 14.0)
    step = bend if x2 >= x1 else -bend
    path = (
        f"M{x1:.1f} {foot:.1f}V{top + bend:.1f}Q{x1:.1f} {top:.1f} {x1 + step:.1f} {top:.1f}"
        f"H{x2 - step:.1f}Q{x2:.1f} {top:.1f} {x2:.1f} {top + bend:.1f}V{foot - 4:.1f}"
    )
    arrow = f"M{x2:.1f} {foot + 2:.1f}l-4 -8h8z"
    middle, caption = (x1 + x2) / 2, _caption(relations)
    width = caption_width(caption, 11) + 10
    title = "\n".join(f"{head.full} {r.label} {tail.full}: {r.score:.2f}" for r in relations)
    return (
        f'<g class="arc"><title>{escape(title)}</title><path d="{path}"/><path class="arrow" d="{arrow}"/>'
        f'<rect class="back" x="{middle - width / 2:.1f}" y="{top - 9:.1f}" width="{width:.1f}" height="17" rx="3"/>'
        f'<text x="{middle:.1f}" y="{top + 3.5:.1f}" font-size="11" text-anchor="middle">{escape(caption)}</text></g>'
    )
