"""The corpus reader: blocks, tags, limits, splitting, faults."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example

from spacy_hmtl.annotations import (
    AnnotatedDocument,
    Layers,
    from_doc,
    get_tasks,
    set_clusters,
    set_relations,
    slice_doc,
    to_doc,
)
from spacy_hmtl.annotations.layers import make_clusters
from spacy_hmtl.data.docbin import read_docs
from spacy_hmtl.training.corpus import make_multi_task_corpus, split_points
from spacy_hmtl.types import LabeledSpan, Triple

NLP = spacy.blank("en")
# Three sentences of four tokens.
WORDS = "Ann met Bo . She left Acme . He stayed there .".split()
ANN, BO, SHE, ACME, HE, THERE = (0, 1), (2, 3), (4, 5), (6, 7), (8, 9), (10, 11)


def document(**layers: Any) -> AnnotatedDocument:
    meta = {"speakers": [str(i) for i in range(12)], "genre": "tale"}
    return AnnotatedDocument("story", WORDS, [True] * 2 + [False] + [True] * 9, [0, 4, 8], Layers(**layers), meta)


def full() -> AnnotatedDocument:
    return document(
        entities=[LabeledSpan(*ANN, "PER"), LabeledSpan(*ACME, "ORG")],
        mentions=[
            LabeledSpan(0, 3, "X"),
            LabeledSpan(*ANN, "PER"),
            LabeledSpan(*SHE, "PER"),
            LabeledSpan(*ACME, "ORG"),
        ],
        clusters=make_clusters([[ANN, SHE], [BO, HE], [ACME, THERE]]),
        relations=[
            Triple(LabeledSpan(*ANN, "PER"), "LEFT", LabeledSpan(*ACME, "ORG")),
            Triple(LabeledSpan(*SHE, "PER"), "LEFT", LabeledSpan(*ACME, "ORG")),
        ],
    )


@pytest.fixture
def save(tmp_path: Path) -> Any:
    def save_docs(*documents: AnnotatedDocument, name: str = "docs.spacy") -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        DocBin(docs=[to_doc(own, NLP.vocab) for own in documents]).to_disk(path)
        return str(path)

    return save_docs


def read(*, share: bool = False, **blocks: Any) -> list[Example]:
    return list(make_multi_task_corpus(share=share, **blocks)(NLP))


def tasks(examples: list[Example]) -> list[tuple[str, ...] | None]:
    return [get_tasks(eg.reference) for eg in examples]


def test_one_file_serves_several_tasks_and_each_example_one(save: Any) -> None:
    path = save(full(), full())
    examples = read(ner={"path": path}, coref={"path": path}, relation={"path": path, "limit": 1})
    assert sorted(tasks(examples)) == [("coref",)] * 2 + [("ner",)] * 2 + [("relation",)]  # type: ignore[type-var]
    for eg in examples:
        assert from_doc(eg.reference) == full()
        assert [t.text for t in eg.predicted] == WORDS
        assert not eg.predicted.spans


def test_equal_blocks_can_share_examples_for_evaluation(save: Any) -> None:
    path = save(full(), full())
    block = {"path": path}
    examples = read(share=True, ner=block, coref=dict(block), emd={"path": path, "limit": 1})
    assert tasks(examples) == [("ner", "coref")] * 2 + [("emd",)]


def test_a_document_is_read_only_for_tasks_it_is_annotated_for(save: Any) -> None:
    path = save(document(entities=[]), document(clusters=[]), full())
    examples = read(ner={"path": path}, coref={"path": path})
    assert tasks(examples) == [("ner",), ("ner",), ("coref",), ("coref",)]
    assert from_doc(examples[0].reference).layers.entities == []
    assert from_doc(examples[0].reference).layers.clusters is None


def test_limit_counts_documents(save: Any) -> None:
    path = save(*[full()] * 4)
    assert [len(read(ner={"path": path, "limit": limit})) for limit in (0, 1, 3, 9)] == [4, 1, 3, 4]


def test_a_folder_is_read_in_the_order_of_its_names(save: Any, tmp_path: Path) -> None:
    for name in ("b.spacy", "a.spacy", "sub/c.spacy"):
        save(AnnotatedDocument(name, ["x"], [False], layers=Layers(entities=[])), name=f"folder/{name}")
    docs = list(read_docs(tmp_path / "folder", NLP))
    assert [from_doc(doc).name for doc in docs] == ["a.spacy", "b.spacy", "sub/c.spacy"]


@pytest.mark.parametrize("gold_preproc", [True, False])
def test_gold_tokens_and_sentences_are_given_only_if_asked_for(save: Any, gold_preproc: bool) -> None:
    words = ["ca", "n't", "-", "stop", "."]
    odd = AnnotatedDocument("odd", words, [False, True, False, False, False], [0], layers=Layers(entities=[]))
    (eg,) = read(ner={"path": save(odd), "gold_preproc": gold_preproc})
    assert eg.predicted.text == "can't -stop."
    assert ([t.text for t in eg.predicted] == words) == gold_preproc
    assert eg.predicted.has_annotation("SENT_START") == gold_preproc


def test_unknown_spacing_keeps_the_tokens(save: Any) -> None:
    words = ["can't", "stop.", "Ever", "so."]
    odd = AnnotatedDocument("odd", words, [True] * 4, [0, 2], layers=Layers(entities=[]))
    path = save(odd)
    for max_length in (0, 2):
        examples = read(ner={"path": path, "gold_preproc": False, "max_length": max_length})
        assert [t.text for eg in examples for t in eg.predicted] == words
        assert not any(eg.predicted.has_annotation("SENT_START") for eg in examples)


# --- splitting ---


def test_parts_hold_whole_sentences_up_to_the_length() -> None:
    doc = to_doc(full(), NLP.vocab)
    assert split_points(doc, 1) == [(0, 4), (4, 8), (8, 12)]
    assert split_points(doc, 8) == [(0, 8), (8, 12)]
    assert split_points(doc, 11) == [(0, 8), (8, 12)]
    assert split_points(doc, 12) == [(0, 12)]
    without = Doc(NLP.vocab, words=WORDS)
    assert split_points(without, 5) == [(0, 5), (5, 10), (10, 12)]


def test_splitting_keeps_every_layer_that_lies_inside() -> None:
    first, second, third = (from_doc(slice_doc(to_doc(full(), NLP.vocab), i, i + 4)[0]) for i in (0, 4, 8))
    assert [own.words for own in (first, second, third)] == [WORDS[:4], WORDS[4:8], WORDS[8:]]
    assert [own.sent_starts for own in (first, second, third)] == [[0]] * 3
    assert first.layers.entities == [LabeledSpan(0, 1, "PER")]
    assert second.layers.entities == [LabeledSpan(2, 3, "ORG")]
    assert third.layers.entities == []
    assert first.layers.mentions == [LabeledSpan(0, 3, "X"), LabeledSpan(0, 1, "PER")]
    assert second.layers.mentions == [LabeledSpan(0, 1, "PER"), LabeledSpan(2, 3, "ORG")]
    assert third.layers.mentions == []
    assert [own.layers.clusters for own in (first, second, third)] == [
        make_clusters([[(0, 1)], [(2, 3)]]),
    ] * 3
    assert [len(own.layers.relations or []) for own in (first, second, third)] == [0, 1, 0]
    assert second.layers.relations == [Triple(LabeledSpan(0, 1, "PER"), "LEFT", LabeledSpan(2, 3, "ORG"))]
    assert third.meta == {"speakers": ["8", "9", "10", "11"], "genre": "tale"}


def test_splitting_keeps_what_is_not_annotated_apart_from_what_is_empty() -> None:
    missing, _ = slice_doc(to_doc(document(), NLP.vocab), 0, 4)
    assert from_doc(missing).layers == Layers()
    empty, _ = slice_doc(to_doc(document(entities=[], mentions=[], clusters=[], relations=[]), NLP.vocab), 0, 4)
    assert from_doc(empty).layers == Layers([], [], [], [])


def test_what_splitting_cuts_is_counted_once(save: Any) -> None:
    # Between sentences: 3 links (Ann-she, Bo-he, Acme-there) and the relation of Ann to Acme.
    path = save(full())
    with pytest.warns(UserWarning, match="cut 0 mentions, 3 coreference links and 1 relations"):
        read(coref={"path": path, "max_length": 4})


def test_mentions_across_a_boundary_are_counted_once(save: Any) -> None:
    long = AnnotatedDocument(
        "long", WORDS, [True] * 12, None, layers=Layers(mentions=[LabeledSpan(3, 6, "X"), LabeledSpan(0, 2, "Y")])
    )
    with pytest.warns(UserWarning, match="cut 1 mentions, 0 coreference links and 0 relations"):
        examples = read(emd={"path": save(long), "max_length": 4})
    assert [len(eg.reference.spans["mentions"]) for eg in examples] == [1, 0, 0]


def test_what_ends_with_a_part_is_whole_and_an_argument_across_its_end_takes_the_relation_along(save: Any) -> None:
    whole, across = LabeledSpan(2, 4, "X"), LabeledSpan(3, 5, "X")
    layers = Layers(mentions=[whole, across], relations=[Triple(across, "R", across)])
    path = save(AnnotatedDocument("long", WORDS, [True] * 12, None, layers))
    with pytest.warns(UserWarning, match="cut 1 mentions, 0 coreference links and 1 relations"):
        examples = read(emd={"path": path, "max_length": 4})
    assert [len(eg.reference.spans["mentions"]) for eg in examples] == [1, 0, 0]


def test_cuts_are_reported_once_and_not_for_single_sentences(save: Any) -> None:
    path = save(full())
    corpus = make_multi_task_corpus(coref={"path": path, "max_length": 4})
    with pytest.warns(UserWarning, match="split into parts"):
        list(corpus(NLP))
    list(corpus(NLP))  # warnings are errors
    read(ner={"path": path, "max_length": 1})


# --- faults ---


def test_a_missing_path_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.spacy: no such file"):
        make_multi_task_corpus(ner={"path": "nowhere.spacy"})


def test_a_file_that_is_no_docbin_is_named(tmp_path: Path) -> None:
    path = tmp_path / "text.spacy"
    path.write_text("plain text")
    with pytest.raises(ValueError, match=re.escape(f"{path}: not a .spacy file")):
        read(ner={"path": str(path)})


@pytest.mark.parametrize("is_folder", [True, False])
def test_an_empty_corpus_is_an_error(tmp_path: Path, is_folder: bool) -> None:
    path = tmp_path / "empty.spacy"
    if is_folder:
        path.mkdir()
    else:
        DocBin().to_disk(path)
    with pytest.raises(ValueError, match="found no documents"):
        read(ner={"path": str(path)})


def test_a_block_without_its_layer_is_an_error(save: Any) -> None:
    path = save(document(entities=[]))
    with pytest.raises(ValueError, match=r"no document is annotated for 'relation' \(doc.spans"):
        read(relation={"path": path}, ner={"path": path})


@pytest.mark.parametrize("block", [{"limit": -1}, {"max_length": -5}, {"limit": 0.5}, {"size": 3}])
def test_a_wrong_setting_is_named_with_its_section(save: Any, block: dict[str, Any]) -> None:
    (key,) = block
    with pytest.raises(ValueError, match=rf"{key} must be .*\[corpora\.\*\.ner\]"):
        make_multi_task_corpus(ner={"path": save(full()), **block})


def test_a_corpus_without_any_path_is_an_error() -> None:
    for blocks in ({}, {"ner": None}, {"ner": {"path": None, "limit": 0}}):
        with pytest.raises(ValueError, match="Each block needs a path"):
            make_multi_task_corpus(**blocks)


def test_relation_whose_argument_is_no_mention_stops_at_start(tmp_path: Path) -> None:
    doc = Doc(NLP.vocab, words=["Anna", "left", "Rome", "."])
    doc.spans["mentions"] = [Span(doc, 0, 1, label="PER")]
    set_relations(doc, [Triple(LabeledSpan(0, 1, "PER"), "AT", LabeledSpan(2, 3, "GPE"))])
    DocBin(docs=[doc]).to_disk(tmp_path / "bad.spacy")
    reader = make_multi_task_corpus(relation={"path": tmp_path / "bad.spacy"})
    with pytest.raises(ValueError, match=r"\[2, 3\) is not among the mentions"):
        list(reader(NLP))


def test_cluster_with_crossing_mentions_stops_at_start(tmp_path: Path) -> None:
    doc = Doc(NLP.vocab, words=["the", "old", "man", "there"])
    set_clusters(doc, [[(0, 3), (1, 4)]])
    DocBin(docs=[doc]).to_disk(tmp_path / "bad.spacy")
    reader = make_multi_task_corpus(coref={"path": tmp_path / "bad.spacy"})
    with pytest.raises(ValueError, match="of the same cluster cross"):
        list(reader(NLP))


def test_coreference_of_some_mentions_only_teaches_without_a_warning(
    save: Any, recwarn: pytest.WarningsRecorder
) -> None:
    part = full()
    part.meta["partial"] = ["coref"]
    reader = make_multi_task_corpus(coref={"path": save(part, full())})
    assert len(list(reader(NLP))) == 2
    assert not recwarn.list
