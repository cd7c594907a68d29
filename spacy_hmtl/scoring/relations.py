"""Relations: the strict measure, and the laxer ones that published numbers use.

Every predicted relation is compared with all gold relations of the document; which pairs
of arguments a model considered plays no part.

Source: Bekoulis et al. (2018), "Joint Entity Recognition and Relation Extraction as a
Multi-head Selection Problem", and Taillé et al. (2020), "Let's Stop Incorrect Comparisons
in End-to-end Relation Extraction!", for strict and boundaries; Sanh et al. (2019), "A
Hierarchical Multi-task Approach for Learning Embeddings from Semantic Tasks", code of
relation_f1_measure.py, for last tokens.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from spacy.scorer import PRFScore

from ..types import LabeledSpan, MentionSpan, Triple
from .spans import prf_keys, score_sets


class RelationPair(NamedTuple):
    """Relations of one document.

    gold, predicted: triples; a repeated triple counts once.
    sentence_starts: offsets (in the unit of the triples) at which sentences begin, ascending; None if unknown.
    """

    gold: Iterable[Triple]
    predicted: Iterable[Triple]
    sentence_starts: Sequence[int] | None = None


def relation_scores(documents: Iterable[RelationPair]) -> dict[str, Any]:
    """Score relations, micro-averaged over documents; label and direction must always be right.

    documents (Iterable): Gold and predicted triples of each document.
    RETURNS (dict): Each as _p, _r and _f:
        relations: the boundaries of both arguments, and their types where gold has types;
            also relations_per_type: label -> {"p", "r", "f"}.
        relations_boundaries: the boundaries of both arguments.
        relations_last_token: the last tokens of both arguments.
        relations_hmtl: the same, but over sentences with gold relations only, as the paper
            evaluated; a document whose sentences are unknown counts as a whole.
    """
    strict, boundaries, last_token, hmtl = PRFScore(), PRFScore(), PRFScore(), PRFScore()
    per_type: dict[str, PRFScore] = {}
    for document in documents:
        gold, predicted = list(document.gold), list(document.predicted)
        untyped = {(a.start, a.end) for rel in gold for a in (rel.head, rel.tail) if not a.label}
        score_sets(strict, per_type, _typed(predicted, untyped), _typed(gold, untyped), label_at=1)
        boundaries.score_set({_by_boundaries(r) for r in predicted}, {_by_boundaries(r) for r in gold})
        gold_ends = {_by_last_token(r) for r in gold}
        last_token.score_set({_by_last_token(r) for r in predicted}, gold_ends)
        if document.sentence_starts is not None:
            predicted = only_sentences_with_relations(gold, predicted, document.sentence_starts)
        hmtl.score_set({_by_last_token(r) for r in predicted}, gold_ends)
    return {
        **prf_keys("relations", strict),
        "relations_per_type": {label: score.to_dict() for label, score in sorted(per_type.items())},
        **prf_keys("relations_boundaries", boundaries),
        **prf_keys("relations_last_token", last_token),
        **prf_keys("relations_hmtl", hmtl),
    }


def only_sentences_with_relations(
    gold: Iterable[Triple], predicted: Iterable[Triple], sentence_starts: Sequence[int]
) -> list[Triple]:
    """Drop what was predicted in sentences without a gold relation, where it can only be wrong.

    The paper's data holds such sentences neither in training nor in testing, which flatters
    precision. A relation is in the sentence in which its head ends.

    sentence_starts (Sequence): Offsets at which sentences begin, ascending.
    RETURNS (list): The predicted triples that are left.
    """

    def sentence(relation: Triple) -> int:
        return bisect_right(sentence_starts, relation.head.end - 1)

    kept = {sentence(relation) for relation in gold}
    return [relation for relation in predicted if sentence(relation) in kept]


def _typed(relations: Iterable[Triple], untyped: set[MentionSpan]) -> set[tuple[Any, ...]]:
    """Keys for the strict measure; the type of an argument that gold leaves untyped is not looked at."""

    def argument(span: LabeledSpan) -> tuple[int, int, str]:
        return span.start, span.end, "" if (span.start, span.end) in untyped else span.label

    return {(argument(rel.head), rel.label, argument(rel.tail)) for rel in relations}


def _by_boundaries(relation: Triple) -> tuple[Any, ...]:
    return relation.head[:2], relation.label, relation.tail[:2]


def _by_last_token(relation: Triple) -> tuple[int, str, int]:
    return relation.head.end, relation.label, relation.tail.end
