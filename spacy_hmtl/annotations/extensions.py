"""Registers `doc._.coref_clusters` and its kin: getters and setters over the span groups."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from spacy.tokens import Doc, Span, Token

from ..errors import Errors, Warnings
from ..types import LabeledSpan, MentionSpan, Triple
from . import resolution
from .fitting import name_of
from .groups import COREF, RELATIONS, Relation, coref_rows, relation_objects, set_clusters, set_relations
from .index import cluster_of_span, clusters_of_token, relations_of_span


def coref_clusters(doc: Doc, key: str = COREF) -> list[list[Span]]:
    """Clusters as lists of Spans, in order of first mention; empty too where coreference is not annotated.

    key (str): Of the span group that holds them.
    RAISES (ValueError): H109, H340, if what was annotated cannot be right.
    """
    clusters: dict[int, list[Span]] = {}
    for span, number, _ in coref_rows(doc, key) or []:
        clusters.setdefault(number, []).append(span)
    return list(clusters.values())


def relations(doc: Doc, key: str = RELATIONS) -> list[Relation]:
    """Relations of a Doc; empty too where relations are not annotated.

    key (str): Of the span group that holds their arguments.
    RAISES (ValueError): H340, if tokens were merged or split since.
    """
    return relation_objects(doc, key) or []


def _set_coref_clusters(doc: Doc, value: Iterable[Iterable[Span]] | None) -> None:
    """Annotate coreference; None takes the annotation away."""
    if value is None:
        doc.spans.pop(COREF, None)
        return
    set_clusters(doc, [[_boundaries(doc, "coref_clusters", span) for span in cluster] for cluster in value])


def _set_relations(doc: Doc, value: Iterable[Sequence[Any]] | None) -> None:
    """Annotate relations: Relation objects or tuples (head, label, tail[, score]); None takes the annotation away."""
    if value is None:
        doc.spans.pop(RELATIONS, None)
        return
    set_relations(doc, [_triple(doc, relation) for relation in value])


def _boundaries(doc: Doc, name: str, span: Any) -> MentionSpan:
    """Where a Span that was handed to a setter begins and ends, after checking that it is one of this Doc.

    RAISES (ValueError): H341, H342, H111.
    """
    if not isinstance(span, Span):
        raise ValueError(Errors.H341.format(where=name_of(doc), name=name, found=repr(span), kind=type(span).__name__))
    if span.doc is not doc:
        raise ValueError(Errors.H342.format(where=name_of(doc), name=name, text=span.text))
    if span.start >= span.end:
        raise ValueError(Errors.H111.format(where=name_of(doc), start=span.start, end=span.end))
    return span.start, span.end


def _triple(doc: Doc, relation: Sequence[Any]) -> Triple:
    """RAISES (ValueError): H343 where it is no relation, and those of `_boundaries`."""
    if not isinstance(relation, (tuple, list)) or len(relation) not in (3, 4):
        raise ValueError(Errors.H343.format(where=name_of(doc), fault=f"{relation!r} is no relation"))
    head, label, tail, *score = relation
    arguments = [LabeledSpan(*_boundaries(doc, "relations", span), span.label_) for span in (head, tail)]
    if not isinstance(label, str) or not label:
        raise ValueError(Errors.H343.format(where=name_of(doc), fault=f"the label {label!r} is no text"))
    confidence = score[0] if score else 1.0
    try:
        fits = 0.0 <= float(confidence) <= 1.0
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise ValueError(Errors.H343.format(where=name_of(doc), fault=f"the score {confidence!r} is not within [0, 1]"))
    return Triple(arguments[0], label, arguments[1], float(confidence))


def _resolved(doc: Doc) -> str:
    try:
        clusters = coref_clusters(doc)
    except (ValueError, IndexError):  # what was annotated fits these tokens no longer: nothing can be replaced
        return doc.text
    # A span in a group made by hand may be empty, which says nothing.
    filled = [[mention for mention in cluster if len(mention)] for cluster in clusters]
    return resolution.resolve_text(doc, [cluster for cluster in filled if cluster])


def _entity_relations(doc: Doc) -> list[resolution.EntityRelation]:
    return resolution.entity_relations(coref_clusters(doc), relations(doc))


# (class, name, getter, setter)
_EXTENSIONS: list[tuple[Any, str, Callable[[Any], Any], Callable[[Any, Any], None] | None]] = [
    (Doc, "coref_clusters", coref_clusters, _set_coref_clusters),
    (Doc, "relations", relations, _set_relations),
    (Doc, "coref_resolved", _resolved, None),
    (Doc, "entity_relations", _entity_relations, None),
    (Span, "coref_cluster", cluster_of_span, None),
    (Span, "relations", relations_of_span, None),
    (Token, "coref_clusters", clusters_of_token, None),
]


def register() -> None:
    """Register each extension where its name is free, else under the prefix `hmtl_`, with one warning."""
    for owner, name, getter, setter in _EXTENSIONS:
        options = {"getter": getter, "setter": setter} if setter is not None else {"getter": getter}
        if not owner.has_extension(name):
            owner.set_extension(name, **options)
        elif owner.get_extension(name)[2] is not getter:
            _warn_taken(owner.__name__.lower(), name)
            if not owner.has_extension(f"hmtl_{name}"):
                owner.set_extension(f"hmtl_{name}", **options)


@cache
def _warn_taken(kind: str, name: str) -> None:
    warnings.warn(Warnings.W103.format(kind=kind, name=name), stacklevel=3)
