"""Names, mentions and arguments neither begin nor end with white space."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language

from spacy_hmtl.annotations import get_clusters, get_entities, get_mentions, get_relations
from spacy_hmtl.bridge.outputs import Prediction
from spacy_hmtl.bridge.whitespace import trim
from spacy_hmtl.types import LabeledSpan, ScoredClusters, Triple

#        0      1      2      3     4
SPACE = [False, False, True, False, True]


def prediction(**layers: object) -> Prediction:
    return Prediction(**{"entities": None, "mentions": None, "clusters": None, "relations": None, **layers})  # type: ignore[arg-type]


def test_white_space_comes_off_both_ends() -> None:
    names = [LabeledSpan(0, 3, "PER", 0.5), LabeledSpan(4, 5, "ORG", 0.9)]
    mentions = [LabeledSpan(2, 4, "PER", 0.8), LabeledSpan(3, 4, "PER", 0.7), LabeledSpan(1, 5, "PER", 0.6)]
    found = trim(prediction(entities=names, mentions=mentions), SPACE)
    assert found.entities == [LabeledSpan(0, 2, "PER", 0.5)]
    assert found.mentions == [LabeledSpan(1, 4, "PER", 0.6), LabeledSpan(3, 4, "PER", 0.8)]
    assert found.clusters is None
    assert found.relations is None


def test_chains_and_relations_lose_what_is_only_white_space() -> None:
    chains = [[(0, 1), (2, 3)], [(1, 2)], [(1, 3), (3, 5)], [(4, 5)]]
    clusters = ScoredClusters(chains, [[0.9, 0.8], [0.7], [0.6, 0.5], [0.4]])
    found = trim(prediction(clusters=clusters), SPACE).clusters
    # (0, 1) lost its only partner; (1, 3) is (1, 2), which was there before.
    assert found == ScoredClusters([[(1, 2)]], [[0.7]])
    first, space, last = LabeledSpan(0, 1, "PER"), LabeledSpan(2, 3, "PER"), LabeledSpan(3, 5, "PER")
    triples = [Triple(first, "KNOWS", tail) for tail in (space, last)]
    triples.append(Triple(last, "KNOWS", LabeledSpan(3, 4, "PER")))
    assert trim(prediction(relations=triples), SPACE).relations == [Triple(first, "KNOWS", last._replace(end=4))]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.sampled_from(["Dell", "she", " ", "\n\n", "Austin", "\t"]), max_size=8))
def test_nothing_that_is_found_begins_or_ends_with_white_space(trained_nlp: Language, words: list[str]) -> None:
    doc = trained_nlp(" ".join(words))
    clusters = get_clusters(doc)
    assert clusters is not None
    spans = [span[:2] for span in [*(get_entities(doc) or []), *(get_mentions(doc) or [])]]
    spans += [mention for cluster in clusters.clusters for mention in cluster]
    spans += [argument[:2] for t in get_relations(doc) or [] for argument in (t.head, t.tail)]
    for start, end in spans:
        assert not doc[start].is_space
        assert not doc[end - 1].is_space
