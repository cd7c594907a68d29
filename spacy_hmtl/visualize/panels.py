"""The layers of a Doc one by one, each as a piece of HTML to put into an `<article>` of a page."""

from __future__ import annotations

from typing import Any, NamedTuple

from spacy.tokens import Doc

from ..types import LabeledSpan
from .page import Layers, layer_legend, layer_text, read_layers
from .tables import cluster_names, clusters_table, lift, relations_table

_PREFIX = "d0"
NOT_ANNOTATED = '<section><p class="none">This pipeline does not annotate this layer.</p></section>'


class Panel(NamedTuple):
    """A layer. n_found: names, mentions, clusters or relations found; None if the layer is not annotated."""

    n_found: int | None
    html: str


def render_panels(doc: Doc) -> dict[str, Panel]:
    """Show each layer on its own, under the name of its task.

    RETURNS (dict): "ner", "emd", "coref" and "relation" with their panels. Every text is escaped;
        colours are in `style` attributes that hold nothing but custom properties.
    """
    layers = read_layers(doc)
    entities, mentions, scored, relations = layers
    names = cluster_names(doc, scored, _PREFIX)
    return {
        "ner": _panel(doc, Layers(entities, None, None, None), entities, _types(entities)),
        "emd": _panel(doc, Layers(None, mentions, None, None), mentions, _types(mentions)),
        "coref": _panel(
            doc,
            Layers(None, None, scored, None),
            None if scored is None else scored.clusters,
            # The types of the entities come from the mentions, or else from the names.
            "" if scored is None else clusters_table(doc, scored, mentions or entities or [], _PREFIX, names),
            names,
            kind="entities",
        ),
        "relation": _panel(
            doc,
            Layers(None, None, None, relations),
            relations,
            "" if relations is None else relations_table(lift(doc, scored, relations)),
            kind="triples",
        ),
    }


def _panel(
    doc: Doc,
    layers: Layers,
    found: list[Any] | None,
    below: str,
    names: dict[str, str] | None = None,
    *,
    kind: str = "types",
) -> Panel:
    """A layer as text, with a table or legend below it. kind (str): Its class, for the style sheet."""
    if found is None:
        return Panel(None, NOT_ANNOTATED)
    text = f"<section>{layer_text(doc, layers, _PREFIX, names or {})}</section>"
    table = f'<section class="{kind}"><div class="scroll">{below}</div></section>' if below else ""
    return Panel(len(found), text + table)


def _types(spans: list[LabeledSpan] | None) -> str:
    labels = [span.label for span in spans or [] if span.label]
    return f'<p class="legend">{layer_legend(labels)}</p>' if labels else ""
