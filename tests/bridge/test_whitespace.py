"""Names, mentions and arguments neither begin nor end with white space."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language

from spacy_hmtl.annotations.layers import Layers, read
from spacy_hmtl.bridge.outputs import without_space
from spacy_hmtl.types import LabeledSpan, Triple

#        0      1      2      3     4
SPACE = [False, False, True, False, True]


def test_white_space_comes_off_both_ends() -> None:
    names = [LabeledSpan(0, 3, "PER", 0.5), LabeledSpan(4, 5, "ORG", 0.9)]
    mentions = [LabeledSpan(2, 4, "PER", 0.8), LabeledSpan(3, 4, "PER", 0.7), LabeledSpan(1, 5, "PER", 0.6)]
    found = without_space(Layers(entities=names, mentions=mentions), SPACE)
    assert found.entities == [LabeledSpan(0, 2, "PER", 0.5)]
    assert sorted(found.mentions or []) == [LabeledSpan(1, 4, "PER", 0.6), LabeledSpan(3, 4, "PER", 0.8)]
    assert found.clusters is None
    assert found.relations is None


def test_chains_and_relations_lose_what_is_only_white_space() -> None:
    chains = [[(0, 1, 0.9), (2, 3, 0.8)], [(1, 2, 0.7)], [(1, 3, 0.6), (3, 5, 0.5)], [(4, 5, 0.4)]]
    clusters = [[LabeledSpan(start, end, score=score) for start, end, score in chain] for chain in chains]
    found = without_space(Layers(clusters=clusters), SPACE).clusters
    # (0, 1) lost its only partner; (1, 3) is (1, 2), which was there before.
    assert found == [[LabeledSpan(1, 2, score=0.7)]]
    first, space, last = LabeledSpan(0, 1, "PER"), LabeledSpan(2, 3, "PER"), LabeledSpan(3, 5, "PER")
    triples = [Triple(first, "KNOWS", tail) for tail in (space, last)]
    triples.append(Triple(last, "KNOWS", LabeledSpan(3, 4, "PER")))
    assert without_space(Layers(relations=triples), SPACE).relations == [Triple(first, "KNOWS", last._replace(end=4))]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.sampled_from(["Dell", "she", " ", "\n\n", "Austin", "\t"]), max_size=8))
def test_nothing_that_is_found_begins_or_ends_with_white_space(trained_nlp: Language, words: list[str]) -> None:
    doc = trained_nlp(" ".join(words))
    assert read(doc).clusters is not None
    for span in read(doc).spans():
        assert not doc[span.start].is_space
        assert not doc[span.end - 1].is_space
