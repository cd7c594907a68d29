"""Getters and setters over the span groups, and what happens when a name is taken."""

from __future__ import annotations

import gc
import subprocess
import sys
import textwrap
import time
import weakref
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span, SpanGroup
from spacy.tokens.underscore import Underscore
from spacy.vocab import Vocab

from spacy_hmtl.annotations import Relation, extensions, from_doc, is_annotated
from spacy_hmtl.types import LabeledSpan, Triple

WORDS = "Ann Lee said she left Acme . It missed her .".split()


@pytest.fixture
def doc() -> Doc:
    extensions.register()
    return Doc(spacy.blank("en").vocab, words=WORDS)


def boundaries(clusters: list[list[Span]]) -> list[list[tuple[int, int]]]:
    return [[(span.start, span.end) for span in cluster] for cluster in clusters]


def test_clusters_come_back_in_document_order(doc: Doc) -> None:
    doc._.coref_clusters = [[doc[7:8], doc[5:6]], [doc[9:10], doc[0:2], doc[3:4]]]
    assert boundaries(doc._.coref_clusters) == [[(0, 2), (3, 4), (9, 10)], [(5, 6), (7, 8)]]
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
    assert from_doc(doc).layers.relations == [left, missed]


def test_what_was_read_can_be_set_again(doc: Doc) -> None:
    doc._.coref_clusters = [[doc[0:2], doc[3:4]], [doc[1:2]]]
    doc._.relations = [(doc[0:2], "LEFT", doc[5:6])]
    before = from_doc(doc)
    doc._.coref_clusters = doc._.coref_clusters
    doc._.relations = doc._.relations
    assert from_doc(doc) == before


def test_setting_nothing_is_not_the_same_as_not_setting(doc: Doc) -> None:
    assert not is_annotated(doc, "coref")
    assert not is_annotated(doc, "relation")
    # A getter promises a list, whatever is there.
    assert doc._.coref_clusters == doc._.relations == doc._.entity_relations == []
    assert doc._.coref_resolved == doc.text
    doc._.coref_clusters = []
    doc._.relations = []
    assert is_annotated(doc, "coref")
    assert is_annotated(doc, "relation")
    assert doc._.coref_clusters == doc._.relations == []
    assert len(doc.spans["coref"]) == len(doc.spans["relations"]) == 0


def test_none_takes_the_annotation_away(doc: Doc) -> None:
    doc._.coref_clusters = [[doc[0:2], doc[3:4]]]
    doc._.relations = [(doc[0:2], "LEFT", doc[5:6])]
    for _ in range(2):
        doc._.coref_clusters = None
        doc._.relations = None
        assert not is_annotated(doc, "coref")
        assert not is_annotated(doc, "relation")
        assert from_doc(doc).layers.clusters is None


NOT_SPANS = [(0, 2), "Ann Lee", 7, None]


@pytest.mark.parametrize("value", NOT_SPANS)
def test_setters_say_what_they_take(doc: Doc, value: object) -> None:
    with pytest.raises(ValueError, match=r"coref_clusters takes Spans, found .*Write doc\[start:end\]"):
        doc._.coref_clusters = [[doc[0:2], value]]
    with pytest.raises(ValueError, match="relations takes Spans, found"):
        doc._.relations = [(doc[0:2], "LEFT", value)]
    assert not is_annotated(doc, "coref")
    assert not is_annotated(doc, "relation")


def test_a_flat_list_of_spans_is_no_list_of_clusters(doc: Doc) -> None:
    with pytest.raises(ValueError, match=r"takes Spans, found Ann \(Token\)"):
        doc._.coref_clusters = [doc[0:2], doc[3:4]]


def test_spans_of_another_doc_are_refused(doc: Doc) -> None:
    other = doc.copy()
    with pytest.raises(ValueError, match="'she' belongs to another"):
        doc._.coref_clusters = [[doc[0:2], other[3:4]]]
    with pytest.raises(ValueError, match="'Acme' belongs to another"):
        doc._.relations = [(doc[0:2], "LEFT", other[5:6])]


def test_an_empty_span_is_no_mention_and_no_argument(doc: Doc) -> None:
    with pytest.raises(ValueError, match="empty or reversed"):
        doc._.coref_clusters = [[doc[0:2], doc[3:3]]]
    with pytest.raises(ValueError, match="empty or reversed"):
        doc._.relations = [(doc[2:2], "LEFT", doc[5:6])]


@pytest.mark.parametrize("score", [1.5, -0.1, float("nan"), float("inf"), "high", None])
def test_confidences_outside_0_and_1_are_refused(doc: Doc, score: object) -> None:
    with pytest.raises(ValueError, match=r"the score .* is not within \[0, 1\]"):
        doc._.relations = [(doc[0:2], "LEFT", doc[5:6], score)]


@pytest.mark.parametrize("label", ["", 7, None])
def test_a_label_is_a_text(doc: Doc, label: object) -> None:
    with pytest.raises(ValueError, match="is no text"):
        doc._.relations = [(doc[0:2], label, doc[5:6])]


@pytest.mark.parametrize("relation", [("only",), "ABC", 7, (1, 2, 3, 4, 5)])
def test_what_is_no_relation_is_refused(doc: Doc, relation: object) -> None:
    with pytest.raises(ValueError, match="is no relation"):
        doc._.relations = [relation]


def test_a_mention_in_two_clusters_is_refused_when_it_is_set(doc: Doc) -> None:
    with pytest.raises(ValueError, match=r"'Ann Lee': mention \[0, 2\) occurs twice"):
        doc._.coref_clusters = [[doc[0:2], doc[3:4]], [doc[5:6], doc[0:2]]]
    with pytest.raises(ValueError, match="occurs twice"):
        doc._.coref_clusters = [[doc[0:2], doc[0:2]]]
    assert not is_annotated(doc, "coref")


def test_a_mention_in_two_clusters_is_refused_when_it_is_read(doc: Doc) -> None:
    attrs = {"clusters": [0, 1], "scores": [1.0, 1.0]}
    doc.spans["coref"] = SpanGroup(doc, name="coref", spans=[doc[0:2], doc[0:2]], attrs=attrs)
    for read in (from_doc, lambda doc: doc._.coref_clusters, lambda doc: doc[0]._.coref_clusters):
        with pytest.raises(ValueError, match="occurs twice"):
            read(doc)


def test_spans_and_tokens_know_their_clusters(doc: Doc) -> None:
    assert doc[0:2]._.coref_cluster is None
    assert doc[0]._.coref_clusters == []
    doc._.coref_clusters = [[doc[0:2], doc[3:4]], [doc[1:2], doc[9:10]], [doc[5:6]]]
    assert boundaries([doc[3:4]._.coref_cluster]) == [[(0, 2), (3, 4)]]
    assert doc[0:1]._.coref_cluster is None
    assert boundaries(doc[1]._.coref_clusters) == [[(0, 2), (3, 4)], [(1, 2), (9, 10)]]
    assert boundaries(doc[5]._.coref_clusters) == [[(5, 6)]]
    assert doc[2]._.coref_clusters == []


def test_spans_know_their_relations(doc: Doc) -> None:
    assert doc[0:2]._.relations == []
    doc._.relations = [(doc[0:2], "LEFT", doc[5:6]), (doc[7:8], "MISSED", doc[9:10])]
    assert [relation.label for relation in doc[0:2]._.relations] == ["LEFT"]
    assert [relation.label for relation in doc[9:10]._.relations] == ["MISSED"]
    assert doc[0:1]._.relations == []


def test_what_is_set_again_is_found_again(doc: Doc) -> None:
    # Spans and tokens look into an index, which must not outlive what it was made of.
    doc._.coref_clusters = [[doc[0:2], doc[3:4]]]
    doc._.relations = [(doc[0:2], "LEFT", doc[5:6])]
    assert doc[3]._.coref_clusters
    assert doc[0:2]._.relations
    doc._.coref_clusters = [[doc[5:6], doc[7:8]]]
    doc._.relations = [(doc[7:8], "MISSED", doc[9:10])]
    assert doc[3]._.coref_clusters == []
    assert doc[3:4]._.coref_cluster is None
    assert boundaries(doc[7]._.coref_clusters) == [[(5, 6), (7, 8)]]
    assert doc[0:2]._.relations == []
    assert [relation.label for relation in doc[7:8]._.relations] == ["MISSED"]
    group = doc.spans["coref"]
    group.append(doc[9:10])
    group.attrs["clusters"].append(0)
    group.attrs["scores"].append(1.0)
    assert boundaries(doc[9]._.coref_clusters) == [[(5, 6), (7, 8), (9, 10)]]
    doc._.coref_clusters = None
    assert doc[7]._.coref_clusters == []


def test_the_index_keeps_no_doc_alive() -> None:
    doc = Doc(spacy.blank("en").vocab, words=WORDS)
    doc._.coref_clusters = [[doc[0:2], doc[3:4]]]
    doc._.relations = [(doc[0:2], "LEFT", doc[5:6])]
    assert doc[0]._.coref_clusters
    assert doc[0:2]._.relations
    gone = weakref.ref(doc)
    del doc
    gc.collect()
    assert gone() is None


def test_looking_up_every_token_and_span_takes_time_by_the_length_of_the_doc() -> None:
    def seconds(n_tokens: int) -> float:
        doc = Doc(spacy.blank("en").vocab, words=["a"] * n_tokens)
        doc._.coref_clusters = [[doc[i : i + 2], doc[i + 5 : i + 7]] for i in range(0, n_tokens - 10, 10)]
        doc._.relations = [(doc[i : i + 2], "R", doc[i + 5 : i + 7]) for i in range(0, n_tokens - 10, 10)]
        start = time.perf_counter()
        for token in doc:
            span = doc[token.i : token.i + 2]
            _ = token._.coref_clusters, span._.coref_cluster, span._.relations
        return time.perf_counter() - start

    short, long = (min(seconds(n) for _ in range(3)) for n in (500, 4000))
    assert long < 8 * short * 3  # 64 times as long where each look goes through all of them


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
        from spacy.tokens import Doc, DocBin, Span, SpanGroup
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
        assert doc._.coref_clusters == [] and not Doc.has_extension("hmtl_coref_clusters")
        assert [r.label for r in doc[0:1]._.relations] == ["LEFT"] and not Span.has_extension("hmtl_relations")
        ours = [str(w.message) for w in caught if "hmtl" in str(w.message)]
        assert len(ours) == 1, ours
        print(ours[0])
        """
    )
    assert "doc._.relations is owned by another package" in out
    assert "doc._.hmtl_relations" in out


def test_a_name_is_never_taken_from_its_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Underscore, "doc_extensions", {"coref_clusters": ("theirs", None, None, None)})
    extensions._warn_taken.cache_clear()
    with pytest.warns(UserWarning, match=r"\[W103\] The extension doc\._\.coref_clusters is owned by another package"):
        extensions.register()
    extensions.register()  # says it once
    doc = Doc(Vocab(), words=WORDS)
    assert (doc._.coref_clusters, doc._.hmtl_coref_clusters) == ("theirs", [])
    extensions._warn_taken.cache_clear()


def test_importing_the_package_is_enough_to_read_saved_docs_and_to_set_gold(doc: Doc, tmp_path: Path) -> None:
    doc._.coref_clusters = [[doc[0:2], doc[3:4]]]
    doc._.relations = [(doc[0:2], "LEFT", doc[5:6])]
    DocBin(docs=[doc]).to_disk(tmp_path / "docs.spacy")
    out = run(
        f"""
        import spacy_hmtl, spacy, sys
        from spacy.tokens import DocBin
        (doc,) = DocBin().from_disk({str(tmp_path / "docs.spacy")!r}).get_docs(spacy.blank("en").vocab)
        print([[span.text for span in cluster] for cluster in doc._.coref_clusters])
        print([(r.head.text, r.label, r.tail.text) for r in doc._.relations])
        new = spacy.blank("en")("Ann said she left")
        new._.coref_clusters = [[new[0:1], new[2:3]]]
        print(new[2:3]._.coref_cluster)
        assert "spacy_hmtl.bridge" not in sys.modules and "spacy_hmtl.nn" not in sys.modules
        """
    )
    assert out.splitlines() == ["[['Ann Lee', 'she']]", "[('Ann Lee', 'LEFT', 'Acme')]", "[Ann, she]"]
