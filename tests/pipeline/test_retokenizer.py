"""The component that merges tokens after `hmtl` and keeps every layer."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.pipeline import merge_entities
from spacy.tokens import Doc, Span, SpanGroup

from spacy_hmtl.annotations import get_entities
from spacy_hmtl.annotations.extensions import coref_clusters, relations
from spacy_hmtl.annotations.groups import set_clusters, set_entities, set_mentions, set_relations
from spacy_hmtl.types import LabeledSpan, Triple

WORDS = "Ann Lee of New York saw her old friend Bo Ray".split()
ANN, BO, YORK = LabeledSpan(0, 2, "PER", 0.5), LabeledSpan(9, 11, "PER", 0.25), LabeledSpan(3, 5, "GPE", 0.75)
LEE = LabeledSpan(1, 2, "PER")


def annotated(nlp: Language, suffix: str = "") -> Doc:
    doc = Doc(nlp.vocab, words=WORDS)
    set_entities(doc, [ANN, YORK, BO])
    set_mentions(doc, [ANN, LEE, YORK, BO], f"mentions{suffix}")
    set_clusters(doc, [[ANN, LabeledSpan(6, 7)], [LEE, LabeledSpan(6, 9)], [BO, LabeledSpan(7, 9)]], f"coref{suffix}")
    set_relations(doc, [Triple(ANN, "FROM", YORK, 0.5), Triple(LEE, "KNOWS", BO)], f"relations{suffix}")
    return doc


@pytest.fixture
def nlp() -> Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("hmtl_retokenizer")
    return nlp


@pytest.mark.parametrize("suffix", ["", "_b"])
def test_every_layer_moves_along_under_any_key(suffix: str, nlp: Language) -> None:
    doc = nlp(annotated(nlp, suffix))
    assert [token.text for token in doc] == ["Ann Lee", "of", "New York", "saw", "her", "old", "friend", "Bo Ray"]
    clusters = [[span.text for span in cluster] for cluster in coref_clusters(doc, f"coref{suffix}")]
    assert clusters == [["Ann Lee", "her"], ["her old friend"], ["old friend", "Bo Ray"]]
    found = [(r.head.text, r.label, r.tail.text, r.score) for r in relations(doc, f"relations{suffix}")]
    assert found == [("Ann Lee", "FROM", "New York", 0.5)]
    mentions = doc.spans[f"mentions{suffix}"]
    assert [span.text for span in mentions] == ["Ann Lee", "New York", "Bo Ray"]
    assert mentions.attrs["scores"].tolist() == [0.5, 0.75, 0.25]
    assert [(name.score, name.label) for name in get_entities(doc) or []] == [
        (0.5, "PER"),
        (0.75, "GPE"),
        (0.25, "PER"),
    ]


def test_tokens_are_those_of_spacys_merge_entities(nlp: Language) -> None:
    ours, theirs = nlp(annotated(nlp)), merge_entities(annotated(nlp))
    attributes = [[(t.text, t.ent_type_, t.ent_iob_, t.tag_, t.dep_, t.idx) for t in doc] for doc in (ours, theirs)]
    assert attributes[0] == attributes[1]


def test_ids_of_names_and_other_groups_stay(nlp: Language) -> None:
    doc = annotated(nlp)
    doc.set_ents([Span(doc, 0, 2, "PER", kb_id="Q1", span_id="x"), *doc.ents[1:]])
    doc.spans["mine"] = SpanGroup(
        doc,
        name="mine",
        spans=[Span(doc, 3, 5, "A", span_id="s"), doc[1:2], doc[5:6]],
        attrs={"weights": [1, 2, 3], "by": "me"},
    )
    doc = nlp(doc)
    assert next((ent.text, ent.kb_id_, ent.id_) for ent in doc.ents) == ("Ann Lee", "Q1", "x")
    mine = doc.spans["mine"]
    assert [(span.text, span.label_, span.id_) for span in mine] == [("New York", "A", "s"), ("saw", "", "")]
    assert mine.attrs == {"weights": [1, 3], "by": "me"}


def test_what_is_merged_can_be_chosen(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("hmtl_retokenizer", config={"merge": ["noun_chunks", "mentions", "no_such_group"]})
    doc = annotated(nlp)
    set_mentions(doc, [LabeledSpan(6, 9), LabeledSpan(7, 9)])
    nlp.to_disk(tmp_path / "nlp")
    assert [token.text for token in spacy.load(tmp_path / "nlp")(doc)][:8] == [*WORDS[:6], "her old friend", "Bo"]


def test_nothing_to_merge_changes_nothing(nlp: Language) -> None:
    doc = Doc(nlp.vocab, words=WORDS)
    assert list(nlp(doc).spans) == []
    assert len(nlp("")) == 0


def test_after_hmtl_in_a_pipeline(trained_nlp: Language, texts: list[str], tmp_path: Path) -> None:
    trained_nlp.to_disk(tmp_path / "model")
    nlp = spacy.load(tmp_path / "model")
    nlp.add_pipe("hmtl_retokenizer", last=True)
    assert not any((nlp.analyze_pipes() or {})["problems"].values())
    pairs = [(text, {"number": i}) for i, text in enumerate(texts)]
    for i, (doc, context) in enumerate(nlp.pipe(pairs, as_tuples=True, batch_size=3)):
        text = texts[i]
        assert context == {"number": i}
        assert [ent.text for ent in doc.ents] == [ent.text for ent in trained_nlp(text).ents]
        assert all(len(ent) == 1 for ent in doc.ents)
        for relation in doc._.relations:
            assert relation.head.doc is doc
        assert all(span.text for cluster in doc._.coref_clusters for span in cluster)
