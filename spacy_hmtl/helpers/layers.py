"""What a change of a Doc has cost, and how its layers are replaced."""

from __future__ import annotations

from typing import NamedTuple

from spacy.tokens import Doc

from ..annotations.layers import LAYERS, Layers, write


class Dropped(NamedTuple):
    """How much of each layer a change of the Doc has cost; of coref, mentions of clusters."""

    entities: int = 0
    mentions: int = 0
    coref: int = 0
    relations: int = 0


def dropped(before: Layers, after: Layers) -> Dropped:
    """How much layers held before that they hold no more."""
    return Dropped(*(ours - theirs for ours, theirs in zip(_sizes(before), _sizes(after))))


def _sizes(layers: Layers) -> tuple[int, int, int, int]:
    n_coref = sum(map(len, layers.clusters or []))
    return len(layers.entities or []), len(layers.mentions or []), n_coref, len(layers.relations or [])


def replace_layers(doc: Doc, layers: Layers, *, scored_entities: bool) -> None:
    """Replace the layers of a Doc; one that is None is removed, but names in doc.ents are left."""
    for layer in LAYERS.values():
        doc.spans.pop(layer.group, None)
    write(doc, layers, scored_entities=scored_entities)
