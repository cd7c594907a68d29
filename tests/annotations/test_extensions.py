"""Getters and setters over the span groups, and what happens when a name is taken."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest
import spacy
from spacy.tokens import Doc, Span

from spacy_hmtl.annotations import Relation, extensions, from_doc
from spacy_hmtl.types import LabeledSpan, Triple

WORDS = "Ann Lee said she left Acme . It missed her .".split()


@pytest.fixture
def doc() -> Doc:
    extensions.register()
    return Doc(spacy.blank("en").vocab, words=WORDS)


def borders(clusters: list[list[Span]] | None) -> list[list[tuple[int, int]]]:
    assert clusters is not None
    return [[(span.start, span.end) for span in cluster] for cluster in clusters]


def test_clusters_come_back_in_document_order(doc: Doc) -> None:
    doc._.coref_clusters = [[doc[7:8], doc[5:6]], [doc[9:10], doc[0:2], doc[3:4]]]
    assert borders(doc._.coref_clusters) == [[(0, 2), (3, 4), (9, 10)], [(5, 6), (7, 8)]]
    assert doc.spans["coref"].name == "coref"
    assert list(doc.spans["coref"].attrs["clusters"]) == [0, 0, 1, 1, 0]
    assert list(doc.spans["coref"].attrs["scores"]) == [1.0] * 5


def test_relations_come_back_with_types_and_confidences(doc: Doc) -> None:
    ann, acme = Span(doc, 0, 2, label="PER"), Span(doc, 5, 6, label="ORG")
    doc._.relations = [Relation(ann, "LEFT", acme, 0.75), (acme, "MISSED", ann)]
    found = doc._.relations
    assert all(isinstance(relation, Relation) for relation in found)
    assert [(r.head.text, r.head.label_, r.label, r.tail.text, r.score) for r in found] == [
        ("Ann Lee", "PER", "LEFT", "Acme", 0.75),
        ("Acme", "ORG", "MISSED", "Ann Lee", 1.0),
    ]
    # An argument of two relations is stored once.
    assert [(span.start, span.end) for span in doc.spans["relations"]] == [(0, 2), (5, 6)]
    left, missed = (
        Triple(LabeledSpan(0, 2, "PER"), "LEFT", LabeledSpan(5, 6, "ORG"), 0.75),
        Triple(LabeledSpan(5, 6, "ORG"), "MISSED", LabeledSpan(0, 2, "PER")),
    )
    assert from_doc(doc).relations == [left, missed]


def test_what_was_read_can_be_set_again(doc: Doc) -> None:
    doc._.coref_clusters = [[doc[0:2], doc[3:4]], [doc[1:2]]]
    doc._.relations = [(doc[0:2], "LEFT", doc[5:6])]
    before = from_doc(doc)
    doc._.coref_clusters = doc._.coref_clusters
    doc._.relations = doc._.relations
    assert from_doc(doc) == before


def test_setting_nothing_is_not_the_same_as_not_setting(doc: Doc) -> None:
    assert doc._.coref_clusters is None
    assert doc._.relations is None
    assert doc._.entity_relations == []
    assert doc._.coref_resolved == doc.text
    doc._.coref_clusters = []
    doc._.relations = []
    assert doc._.coref_clusters == []
    assert doc._.relations == []
    assert len(doc.spans["coref"]) == len(doc.spans["relations"]) == 0


def test_spans_and_tokens_know_their_clusters(doc: Doc) -> None:
    assert doc[0:2]._.coref_cluster is None
    assert doc[0]._.coref_clusters == []
    doc._.coref_clusters = [[doc[0:2], doc[3:4]], [doc[1:2], doc[9:10]], [doc[5:6]]]
    assert borders([doc[3:4]._.coref_cluster]) == [[(0, 2), (3, 4)]]
    assert doc[0:1]._.coref_cluster is None
    assert borders(doc[1]._.coref_clusters) == [[(0, 2), (3, 4)], [(1, 2), (9, 10)]]
    assert borders(doc[5]._.coref_clusters) == [[(5, 6)]]
    assert doc[2]._.coref_clusters == []


def test_spans_know_their_relations(doc: Doc) -> None:
    assert doc[0:2]._.relations == []
    doc._.relations = [(doc[0:2], "LEFT", doc[5:6]), (doc[7:8], "MISSED", doc[9:10])]
    assert [relation.label for relation in doc[0:2]._.relations] == ["LEFT"]
    assert [relation.label for relation in doc[9:10]._.relations] == ["MISSED"]
    assert doc[0:1]._.relations == []


def test_registering_again_is_harmless() -> None:
    extensions.register()
    extensions.register()
    assert Doc.get_extension("coref_clusters")[2] is extensions.coref_clusters


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", textwrap.dedent(code)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_taken_name_is_served_under_a_prefix_with_one_warning() -> None:
    out = run(
        """
        import warnings
        import spacy
        from spacy.tokens import Doc, Span
        Doc.set_extension("relations", default="theirs")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            first = spacy.blank("en")
            first.add_pipe("hmtl")
            first.add_pipe("hmtl", name="again")
            spacy.blank("en").add_pipe("hmtl")
        doc = first.make_doc("Dell left Austin")
        assert doc._.relations == "theirs"
        doc._.hmtl_relations = [(doc[0:1], "LEFT", doc[2:3])]
        assert [r.label for r in doc._.hmtl_relations] == ["LEFT"]
        assert doc._.coref_clusters is None and not Doc.has_extension("hmtl_coref_clusters")
        assert [r.label for r in doc[0:1]._.relations] == ["LEFT"] and not Span.has_extension("hmtl_relations")
        ours = [str(w.message) for w in caught if "hmtl" in str(w.message)]
        assert len(ours) == 1, ours
        print(ours[0])
        """
    )
    assert "doc._.relations is owned by another package" in out
    assert "doc._.hmtl_relations" in out
