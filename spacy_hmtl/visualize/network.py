"""The entity graph: entities as boxes, relations between them as labelled arrows, one SVG, no script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

import numpy
from numpy.typing import NDArray
from spacy.tokens import Span

from ..annotations.resolution import EntityRelation
from .arcs import caption_width, text_width
from .colors import type_hue

# All in pixels of the drawing.
_FONT, _SMALL = 13, 11
_HEIGHT = 28
_PAD = 10
_REACH = 150  # how far apart neighbours want to be
_CLEAR = 26  # between two boxes
_ARROWS = 44  # beside the label of an arrow
_MAX_TEXT = 26  # characters
_MARGIN = 8
_ROW = 760  # parts that are not linked stand side by side up to here
# Entities in the drawing; of more, those with the most relations are shown.
MAX_NODES = 40
_ROUNDS = 250

Floats = NDArray[numpy.float64]


def network_svg(relations: Sequence[EntityRelation], chains: dict[tuple[int, int], str]) -> str:
    """Draw relations between entities, as `doc._.entity_relations` holds them.

    relations (Sequence): Not empty.
    chains (dict): The key of the chain that a mention belongs to, by its boundaries; pointing
        at an entity lights its chain up.
    """
    degrees = Counter(argument for r in relations for argument in (_key(r.head), _key(r.tail)))
    shown = [key for key, _ in degrees.most_common(MAX_NODES)]
    index = {key: i for i, key in enumerate(sorted(shown))}
    spans = {_key(argument): argument for r in relations for argument in (r.head, r.tail)}
    edges: dict[tuple[int, int], list[EntityRelation]] = {}
    for relation in relations:
        pair = (index.get(_key(relation.head)), index.get(_key(relation.tail)))
        if pair[0] is not None and pair[1] is not None and pair[0] != pair[1]:
            edges.setdefault((pair[0], pair[1]), []).append(relation)
    texts = [_short(spans[key].text) for key in index]
    widths = numpy.array([text_width(text, _FONT) + 2 * _PAD for text in texts])
    captions = {pair: text_width(_caption(own), _SMALL) for pair, own in edges.items()}
    places, size = _pack(widths, captions)
    drawing = [_edge(places, widths, pair, own, (pair[1], pair[0]) in edges) for pair, own in edges.items()]
    for i, key in enumerate(index):
        chain = chains.get(key)
        title = f"{' '.join(spans[key].text.split())} {spans[key].label_}".strip()
        lights = f' data-chain="{chain}"' if chain else ""
        drawing.append(
            f'<g class="node" style="--t:{type_hue(spans[key].label_)}"{lights}>'
            f"<title>{escape(title)}</title>"
            f'<rect x="{places[i, 0] - widths[i] / 2:.1f}" y="{places[i, 1] - _HEIGHT / 2:.1f}" '
            f'width="{widths[i]:.1f}" height="{_HEIGHT}" rx="8"/>'
            f'<text x="{places[i, 0]:.1f}" y="{places[i, 1] + 4.5:.1f}" font-size="{_FONT}" text-anchor="middle">'
            f"{escape(texts[i])}</text></g>"
        )
    left_out = len(degrees) - len(shown)
    note = f'<p class="none">{left_out:,} entities with fewer relations are not drawn.</p>' if left_out else ""
    return (
        f'<svg class="arcs network" style="--w:{size[0]:.0f}px" width="{size[0]:.0f}" height="{size[1]:.0f}" '
        f'viewBox="0 0 {size[0]:.0f} {size[1]:.0f}" role="img">{"".join(drawing)}</svg>{note}'
    )


def _key(span: Span) -> tuple[int, int]:
    return span.start, span.end


def _short(text: str) -> str:
    text = " ".join(text.split()) or "␣"
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"


def _caption(relations: Sequence[EntityRelation]) -> str:
    return ", ".join(r.label for r in relations)


def _parts(n_nodes: int, edges: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Nodes that are linked, in parts, the largest first."""
    # SciPy is loaded where a network is drawn, so that pages without relations do not wait for it.
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    heads, tails = numpy.array(list(edges), dtype=int).reshape(-1, 2).T
    graph = coo_matrix((numpy.ones(len(heads)), (heads, tails)), shape=(n_nodes, n_nodes))
    n_parts, part = connected_components(graph, directed=False)
    return sorted((numpy.flatnonzero(part == number).tolist() for number in range(n_parts)), key=len, reverse=True)


def _pack(widths: Floats, captions: dict[tuple[int, int], float]) -> tuple[Floats, Floats]:
    """Centres of all boxes and the size of the drawing: linked parts on their own, side by side in rows."""
    places = numpy.zeros((len(widths), 2))
    x = y = row = right = 0.0
    for nodes in _parts(len(widths), captions):
        local = {node: i for i, node in enumerate(nodes)}
        own = {(local[h], local[t]): width for (h, t), width in captions.items() if h in local}
        half = numpy.stack([widths[nodes] / 2, numpy.full(len(nodes), _HEIGHT / 2)], axis=1)
        drawn = _spread(_place(len(nodes), list(own)), widths[nodes], own)
        drawn -= (drawn - half).min(axis=0)
        width, height = (drawn + half).max(axis=0)
        if x and x + width > _ROW:
            x, y, row = 0.0, y + row + _CLEAR, 0.0
        places[nodes] = drawn + numpy.array([x, y]) + _MARGIN
        x, row = x + width + _CLEAR, max(row, height)
        right = max(right, x - _CLEAR)
    return places, numpy.array([right, y + row]) + 2 * _MARGIN


def _place(n_nodes: int, edges: Sequence[tuple[int, int]]) -> Floats:
    """Centres of the boxes: neighbours attract each other, all repel each other; the same each time.

    Source: Fruchterman and Reingold (1991), "Graph Drawing by Force-directed Placement".
    """
    angle = 2 * numpy.pi * numpy.arange(n_nodes) / max(n_nodes, 1)
    places: Floats = _REACH * numpy.sqrt(n_nodes) / 2 * numpy.stack([numpy.cos(angle), numpy.sin(angle)], axis=1)
    heads, tails = (numpy.array([edge[side] for edge in edges], dtype=int) for side in (0, 1))
    for step in range(_ROUNDS):
        apart = places[:, None] - places[None]  # (N, N, 2)
        distance = numpy.sqrt((apart**2).sum(-1)) + 1e-6
        force = (apart * (_REACH**2 / distance**2)[..., None]).sum(1)
        if len(edges):
            along = places[heads] - places[tails]
            pull = along * (numpy.sqrt((along**2).sum(-1, keepdims=True)) / _REACH)
            numpy.add.at(force, heads, -pull)
            numpy.add.at(force, tails, pull)
        reach = numpy.sqrt((force**2).sum(-1, keepdims=True)) + 1e-6
        places = places + force / reach * numpy.minimum(reach, _REACH * 0.5 * (1 - step / _ROUNDS))
    # Long drawings lie down; boxes are wide and low.
    axes = numpy.linalg.svd(places - places.mean(axis=0))[2]
    axes = axes * numpy.where(axes[:, :1] < 0, -1.0, 1.0)
    result: Floats = places @ axes.T * (1.15, 0.8)
    return result


def _spread(places: Floats, widths: Floats, captions: dict[tuple[int, int], float]) -> Floats:
    """Push boxes apart that overlap or leave no room for the label between them, whichever way is shorter."""
    wanted_x = (widths[:, None] + widths[None]) / 2 + _CLEAR
    wanted_y = numpy.full_like(wanted_x, _HEIGHT + _CLEAR)
    for (head, tail), width in captions.items():
        for i, j in ((head, tail), (tail, head)):
            wanted_x[i, j] += width + _ARROWS - _CLEAR
            wanted_y[i, j] += _ARROWS - _CLEAR + _SMALL
    places = places.copy()
    for _ in range(200):
        apart = places[:, None] - places[None]
        lack_x, lack_y = wanted_x - abs(apart[..., 0]), wanted_y - abs(apart[..., 1])
        overlap = (lack_x > 0) & (lack_y > 0) & ~numpy.eye(len(places), dtype=bool)
        if not overlap.any():
            break
        # Two boxes in one place part by their numbers.
        order = numpy.sign(numpy.arange(len(places))[:, None] - numpy.arange(len(places))[None])
        sideways = numpy.where(apart[..., 0] == 0, order, numpy.sign(apart[..., 0]))
        upward = numpy.where(apart[..., 1] == 0, order, numpy.sign(apart[..., 1]))
        flat = lack_x < lack_y
        places[:, 0] += (0.5 * numpy.where(overlap & flat, lack_x * sideways, 0.0)).sum(1)
        places[:, 1] += (0.5 * numpy.where(overlap & ~flat, lack_y * upward, 0.0)).sum(1)
    return places


def _border(place: Floats, width: float, toward: Floats) -> Floats:
    """Where the line from the middle of a box to a point leaves it, and a little farther."""
    step = toward - place
    reach = numpy.array([width / 2 + 3, _HEIGHT / 2 + 3])
    scale = min(r / abs(s) for r, s in zip(reach, step) if s) if step.any() else 0.0
    return place + step * min(scale, 1.0)


def _edge(
    places: Floats, widths: Floats, pair: tuple[int, int], relations: Sequence[EntityRelation], both: bool
) -> str:
    """A line from head to tail with an arrow at the tail; bent where there is one the other way too."""
    head, tail = pair
    start = _border(places[head], widths[head], places[tail])
    end = _border(places[tail], widths[tail], places[head])
    along = end - start
    length = float(numpy.sqrt((along**2).sum())) or 1.0
    normal = numpy.array([-along[1], along[0]]) / length
    bend = (start + end) / 2 + normal * (26 if both else 0)
    toward = end - bend if both else along
    toward = toward / (float(numpy.sqrt((toward**2).sum())) or 1.0)
    across = numpy.array([-toward[1], toward[0]])
    foot = end - toward * 8
    corners = [end, foot + across * 4, foot - across * 4]
    arrow = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in corners) + "z"
    x, y = (start + 2 * bend + end) / 4  # the middle of the curve
    caption = _caption(relations)
    width = caption_width(caption, _SMALL) + 10
    title = "\n".join(
        f"{' '.join(r.head.text.split())} {r.label} {' '.join(r.tail.text.split())}: {r.score:.2f}" for r in relations
    )
    return (
        f'<g class="arc"><title>{escape(title)}</title>'
        f'<path d="M{start[0]:.1f} {start[1]:.1f}Q{bend[0]:.1f} {bend[1]:.1f} {foot[0]:.1f} {foot[1]:.1f}"/>'
        f'<path class="arrow" d="{arrow}"/>'
        f'<rect class="back" x="{x - width / 2:.1f}" y="{y - 9:.1f}" width="{width:.1f}" height="17" rx="3"/>'
        f'<text x="{x:.1f}" y="{y + 3.5:.1f}" font-size="{_SMALL}" text-anchor="middle">{escape(caption)}</text></g>'
    )
