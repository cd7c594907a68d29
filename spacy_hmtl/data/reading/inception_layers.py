"""Which layers of INCEpTION and WebAnno hold mentions, and which feature of an annotation is its label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .standoff import COREFERENCE, Link

# Morphology, syntax, segments and the like are no mentions; names and coreference are.
_BUILT_IN = ("de.tudarmstadt.ukp.", "org.dkpro.core.", "uima.", "org.apache.uima.")
_TAKEN = (".ner.", ".coref.")
# Features that are the label of an annotation, before all others.
_LABELS = ("value", "label", "type", "category", "class", "entity", "entitytype", "tag", "kind", "name", "role")
# Features that say something else: an entry of a knowledge base, a remark.
_OTHERS = ("identifier", "id", "comment", "note", "uri", "iri", "literal", "description", "order", "uid")


def is_taken(layer: str) -> bool:
    """Whether a layer is read: custom ones are, and built-in ones for names and coreference.

    layer (str): The name of its type, such as "webanno.custom.Entity".
    """
    return not layer.startswith(_BUILT_IN) or any(part in layer for part in _TAKEN)


def short_name(layer: str) -> str:
    """The name of a layer without its package."""
    return layer.rpartition(".")[2]


def label_of(layer: str, features: Mapping[str, str | None]) -> str:
    """The label of an annotation: the value of its label feature, or the name of its layer.

    layer (str): The name of its type.
    features (Mapping[str, str | None]): Its values; None for one that is not set.
    """
    named = {name.lower(): value for name, value in features.items() if value}
    first = next((named[name] for name in _LABELS if name in named), None)
    if first is None:
        first = next((value for name, value in named.items() if name not in _OTHERS), None)
    return first or short_name(layer)


def declared_by(links: Sequence[Link]) -> list[str]:
    """What a layer of relations annotates: clusters if its labels say "the same", relations else."""
    same = {COREFERENCE.fullmatch(link.label) is not None for link in links} or {False}
    return [name for name, is_same in (("relations", False), ("clusters", True)) if is_same in same]
