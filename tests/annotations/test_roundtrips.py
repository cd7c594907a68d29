"""Everything on a Doc survives every way a Doc travels, with equal values."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab
from tiny import assert_alike, snapshot

from spacy_hmtl.annotations import AnnotatedDocument, Layers, from_doc, to_doc
from spacy_hmtl.annotations.layers import make_clusters
from spacy_hmtl.types import LabeledSpan, Triple

Travel = Callable[[Doc], Doc]


def by_docbin(doc: Doc) -> Doc:
    (loaded,) = DocBin().from_bytes(DocBin(docs=[doc]).to_bytes()).get_docs(Vocab())
    return loaded


TRAVELS: dict[str, Travel] = {
    "docbin": by_docbin,
    "bytes": lambda doc: Doc(Vocab(strings=list(doc.vocab.strings))).from_bytes(doc.to_bytes()),
    "pickle": lambda doc: pickle.loads(pickle.dumps(doc)),
    "copy": lambda doc: doc.copy(),
    "docbin twice": lambda doc: by_docbin(by_docbin(doc)),
}
LAYERS = {
    "entities": [LabeledSpan(0, 1, "PER")],
    "mentions": [LabeledSpan(0, 3, "PER"), LabeledSpan(0, 1, "PER")],
    "clusters": make_clusters([[(0, 1), (2, 3)], [(1, 2)]]),
    "relations": [Triple(LabeledSpan(0, 1, "PER"), "KNOWS", LabeledSpan(2, 3, ""))],
}


@pytest.mark.parametrize("travel", TRAVELS.values(), ids=TRAVELS)
def test_predictions_travel_with_equal_values(travel: Travel, trained_nlp: Language, texts: list[str]) -> None:
    for text in texts:
        doc = trained_nlp(text)
        arrived = travel(doc)
        assert snapshot(arrived) == snapshot(doc)
        assert from_doc(arrived) == from_doc(doc)
        clusters = [[(m.start, m.end) for m in cluster] for cluster in doc._.coref_clusters]
        assert [[(m.start, m.end) for m in cluster] for cluster in arrived._.coref_clusters] == clusters
        assert [str(relation) for relation in arrived._.relations] == [str(relation) for relation in doc._.relations]
        assert arrived._.coref_resolved == doc._.coref_resolved
        assert str(arrived._.entity_relations) == str(doc._.entity_relations)


def test_a_copy_has_spans_of_its_own(trained_nlp: Language, texts: list[str]) -> None:
    doc = trained_nlp(texts[1])
    copy, before = doc.copy(), snapshot(doc)
    assert all(span.doc is copy for cluster in copy._.coref_clusters for span in cluster)
    copy._.coref_clusters = [[copy[0:1]]]
    copy._.relations = []
    copy.spans["mentions"].attrs["scores"][:] = 0.0
    assert snapshot(doc) == before


@pytest.mark.parametrize("travel", TRAVELS.values(), ids=TRAVELS)
@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("kind", ["missing", "empty", "filled"])
def test_missing_and_empty_layers_stay_apart(travel: Travel, layer: str, kind: str) -> None:
    value: Any = {"missing": None, "empty": [], "filled": LAYERS[layer]}[kind]
    document = AnnotatedDocument("d", ["Ann", "saw", "her"], [True, True, False], [0], Layers(**{layer: value}))
    arrived = from_doc(travel(to_doc(document, Vocab())))
    assert arrived == document


def test_worker_processes_give_the_same(trained_nlp: Language, texts: list[str]) -> None:
    for doc, single in zip(trained_nlp.pipe(texts, n_process=2, batch_size=3), map(trained_nlp, texts)):
        assert_alike(doc, single)
        assert doc._.coref_resolved == single._.coref_resolved


def test_predictions_can_be_read_inside_and_copied_out_of_a_memory_zone(
    trained_nlp: Language, texts: list[str], tmp_path: Path
) -> None:
    # A pipeline of its own, whose vocabulary knows the labels only from loading them.
    trained_nlp.to_disk(tmp_path / "model")
    nlp, expected = spacy.load(tmp_path / "model"), [snapshot(trained_nlp(text)) for text in texts]
    kept = []
    for _ in range(2):
        with nlp.memory_zone():
            docs = list(nlp.pipe(texts))
            assert [[s[0] for s in own["ents"]] for own in map(snapshot, docs)] == [
                [s[0] for s in own["ents"]] for own in expected
            ]
            kept.append([doc.to_bytes() for doc in docs])
    for own in kept:
        for data, doc in zip(own, expected):
            found = snapshot(Doc(trained_nlp.vocab).from_bytes(data))
            assert found.keys() == doc.keys()
            assert found["ents"] == doc["ents"]
            assert found["mentions"][1] == doc["mentions"][1]
    assert all(label in nlp.vocab.strings for label in nlp.get_pipe("hmtl").labels)  # type: ignore[attr-defined]


@pytest.mark.parametrize("way", ["disk", "bytes"])
def test_a_saved_pipeline_predicts_the_same(way: str, trained_nlp: Language, texts: list[str], tmp_path: Path) -> None:
    if way == "disk":
        trained_nlp.to_disk(tmp_path / "model")
        loaded = spacy.load(tmp_path / "model")
    else:
        loaded = spacy.blank("en", config=trained_nlp.config).from_bytes(trained_nlp.to_bytes())
    for text in texts:
        assert snapshot(loaded(text)) == snapshot(trained_nlp(text))


def test_labels_keep_their_order(trained_nlp: Language, tmp_path: Path) -> None:
    trained_nlp.to_disk(tmp_path / "model")
    loaded = spacy.load(tmp_path / "model").get_pipe("hmtl")
    pipe = trained_nlp.get_pipe("hmtl")
    assert loaded.label_data == pipe.label_data  # type: ignore[attr-defined]
    assert list(loaded.label_data) == list(pipe.label_data)  # type: ignore[attr-defined]
    assert loaded.labels == pipe.labels  # type: ignore[attr-defined]


def test_an_untrained_pipe_can_be_saved(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("hmtl")
    nlp.to_disk(tmp_path / "model")
    assert spacy.load(tmp_path / "model").get_pipe("hmtl").labels == ()  # type: ignore[attr-defined]


def test_predictions_hold_no_transformer_output(trained_nlp: Language) -> None:
    doc = trained_nlp("Dell left Austin.")
    assert not (Doc.has_extension("trf_data") and doc._.trf_data is not None)
