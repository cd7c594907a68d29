"""The layers of a Doc one by one, each as a piece of HTML to put into an `<article>` of a page."""

from __future__ import annotations

from typing import NamedTuple

from spacy.tokens import Doc

from ..annotations.layers import TASKS, Layers, read
from ..types import LabeledSpan
from .page import layer_legend, layer_text
from .tables import cluster_names, clusters_table, lift, relations_table

_PREFIX = "d0"
NOT_ANNOTATED = '<section><p class="none">This pipeline does not annotate this layer.</p></section>'


class Panel(NamedTuple):
    """A layer. n_found: names, mentions, clusters or relations found; None if the layer is not annotated.

    n_found (int): Of what was annotated, how much there is.
    html (str): Safe to show.
    """

    n_found: int | None
    html: str


def render_panels(doc: Doc) -> dict[str, Panel]:
    """Show each layer on its own, under the name of its task.

    doc (Doc): An annotated Doc.
    RETURNS (dict): "ner", "emd", "coref" and "relation" with their panels. Every text is escaped;
        colours are in `style` attributes that hold nothing but custom properties.
    """
    layers = read(doc)
    clusters, relations = layers.clusters or [], layers.relations or []
    names = cluster_names(doc, clusters, _PREFIX)
    # The types of clusters come from the mentions, or else from the names.
    typed = layers.mentions or layers.entities or []
    below = {
        "ner": ("types", _types(layers.entities)),
        "emd": ("types", _types(layers.mentions)),
        "coref": ("clusters", clusters_table(doc, clusters, typed, _PREFIX, names)),
        "relation": ("triples", relations_table(lift(doc, clusters, relations))),
    }
    return {task: _panel(doc, layers.keep([task]), task, names, *below[task]) for task in TASKS}


def _panel(doc: Doc, layers: Layers, task: str, names: dict[str, str], kind: str, below: str) -> Panel:
    """A layer as text, with a table or legend below it. kind (str): Its class, for the style sheet."""
    found = layers.of(task)
    if found is None:
        return Panel(None, NOT_ANNOTATED)
    text = f"<section>{layer_text(doc, layers, _PREFIX, names)}</section>"
    table = f'<section class="{kind}"><div class="scroll">{below}</div></section>' if below else ""
    return Panel(len(found), text + table)


def _types(spans: list[LabeledSpan] | None) -> str:
    labels = [span.label for span in spans or [] if span.label]
    return f'<p class="legend">{layer_legend(labels)}</p>' if labels else ""
