"""Graphs of single documents: entities, relations with their evidence, aliases."""

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_hmtl.annotations import set_clusters, set_entities, set_mentions, set_relations
from spacy_hmtl.annotations.extensions import coref_clusters, relations
from spacy_hmtl.annotations.resolution import entity_relations
from spacy_hmtl.graph.aliases import normalize_name
from spacy_hmtl.graph.build import make_graph
from spacy_hmtl.types import LabeledSpan, Triple


def test_entities_are_named_typed_and_placed(doc):
    found = make_graph(doc, "letter")
    assert [(e.key, e.name, e.type) for e in found.entities] == [
        ("e0", "Anna Keller", "PER"),
        ("e1", "Oslo", "GPE"),
        ("e2", "Keller", "PERSON"),
    ]
    assert found.entities[0].mentions == [(0, 11, "Anna Keller", 1.0), (17, 20, "she", 0.75)]
    for entity in found.entities:
        assert all(doc.text[m.start : m.end] == m.text for m in entity.mentions)


def test_relations_are_between_entities_with_all_their_evidence(doc):
    found = make_graph(doc, "letter").edges
    assert [(e.head, e.label, e.tail, e.score) for e in found] == [("e0", "AT", "e1", 0.75), ("e0", "OWNS", "e1", 0.5)]
    assert found[0].evidence == [((0, 11), (26, 30), 0.75), ((17, 20), (26, 30), 0.5)]


def test_a_name_that_ends_a_mention_is_no_entity_of_its_own():
    doc = spacy.blank("en")("Dr. Keller left Oslo.")
    set_entities(doc, [LabeledSpan(1, 2, "PERSON"), LabeledSpan(3, 4, "GPE")])
    set_mentions(doc, [LabeledSpan(0, 2, "PER")])
    assert [e.name for e in make_graph(doc, "a").entities] == ["Dr. Keller", "Oslo"]


def test_a_name_that_is_an_argument_is_an_entity_though_it_ends_a_mention():
    doc = spacy.blank("en")("The mayor of Oslo said she left Bergen.")
    set_entities(doc, [LabeledSpan(3, 4, "GPE"), LabeledSpan(7, 8, "GPE")])
    set_mentions(doc, [LabeledSpan(0, 4, "PER"), LabeledSpan(5, 6, "PER")])
    set_clusters(doc, [[(0, 4), (5, 6)]])
    set_relations(doc, [Triple(LabeledSpan(3, 4, "GPE"), "NEAR", LabeledSpan(7, 8, "GPE"))])
    found = make_graph(doc, "a")
    assert [e.name for e in found.entities] == ["The mayor of Oslo", "Oslo", "Bergen"]
    assert [(e.head, e.label, e.tail) for e in found.edges] == [("e1", "NEAR", "e2")]


def test_a_mention_inside_a_mention_is_an_entity_though_it_is_a_name_too():
    doc = spacy.blank("en")("The mayor of Oslo left.")
    set_entities(doc, [LabeledSpan(3, 4, "GPE")])
    set_mentions(doc, [LabeledSpan(0, 4, "PER"), LabeledSpan(3, 4, "GPE")])
    assert [e.name for e in make_graph(doc, "a").entities] == ["The mayor of Oslo", "Oslo"]


BOUNDARIES = st.tuples(st.integers(0, 7), st.integers(1, 3)).map(lambda pair: (pair[0], min(pair[0] + pair[1], 8)))


@settings(max_examples=150, deadline=None)
@given(
    names=st.sets(st.integers(0, 7)),
    mentions=st.sets(BOUNDARIES),
    clustered=st.dictionaries(BOUNDARIES, st.integers(0, 2)),
    pairs=st.lists(st.tuples(BOUNDARIES, BOUNDARIES, st.sampled_from("AB"))),
)
def test_every_combination_of_layers_has_a_graph_with_all_its_relations(names, mentions, clustered, pairs):
    doc = spacy.blank("xx")("Ann Lee and Bo saw her in Oslo")
    set_entities(doc, [LabeledSpan(i, i + 1, "N") for i in sorted(names)])
    set_mentions(doc, [LabeledSpan(start, end, "M") for start, end in mentions])
    clusters = [[m for m, number in clustered.items() if number == n] for n in range(3)]
    clusters = [sorted(cluster) for cluster in clusters if cluster]
    set_clusters(doc, clusters)
    set_relations(doc, [Triple(LabeledSpan(*head), label, LabeledSpan(*tail)) for head, tail, label in pairs])
    found = make_graph(doc, "a", aliases=True)
    keys = [entity.key for entity in found.entities]
    assert len(set(keys)) == len(keys)
    assert len(found.edges) == len(entity_relations(coref_clusters(doc), relations(doc)))
    assert all({edge.head, edge.tail} <= set(keys) for edge in found.edges)
    places = [(m.start, m.end) for entity in found.entities for m in entity.mentions]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("text", ["", "Nothing here."])
def test_a_document_without_annotation_has_no_entities(text):
    assert make_graph(spacy.blank("en")(text), "a") == ("a", [], [])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Anna  KELLER's", "anna keller"),
        ("the Netherlands", "netherlands"),
        ("Adams’", "adams"),
        ("J. R. Smith", "j r smith"),
        ("U.S.", "us"),
        ("Ｏｓｌｏ", "oslo"),
    ],
)
def test_spellings_of_a_name_are_one(name, expected):
    assert normalize_name(name) == expected
