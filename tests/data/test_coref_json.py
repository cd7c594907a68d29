"""Coreference as JSON: every layout is one, ends are proved or refused, what cannot be read is not empty."""

from itertools import pairwise

import pytest
from data.random_documents import PLAIN_WORDS, documents
from data.readings import faults, lines, texts
from hypothesis import given, settings

from spacy_hmtl.data.convert import convert
from spacy_hmtl.data.faults import ConversionError, FaultLog
from spacy_hmtl.data.formats import get_reader

WORDS = ["Mira", "left", ".", "She", "waved", "."]


@settings(max_examples=60, deadline=None)
@given(documents(words=PLAIN_WORDS, flat=True))
@pytest.mark.parametrize("layout", ["e2e", "preco", "wl", "text"])
def test_clusters_come_back_from_every_layout(layout, tmp_path_factory, document):
    clusters = [[mention[:2] for mention in cluster] for cluster in document.layers.clusters]
    words, starts = document.words, [*(document.sent_starts or [0]), len(document.words)]
    sentences = [words[start:end] for start, end in pairwise(starts)]
    flat = [mention for cluster in clusters for mention in cluster]
    if layout == "preco" and any(not any(a <= s and e <= b for a, b in pairwise(starts)) for s, e in flat):
        return  # a mention that crosses a sentence end, which PreCo cannot hold
    record = {"doc_key": "a", "sentences": sentences, "speakers": [["x"] * len(s) for s in sentences]}
    record["clusters"] = [[[start, end - 1] for start, end in cluster] for cluster in clusters]
    if layout == "wl":
        numbers = [i for i, sentence in enumerate(sentences) for _ in sentence]
        record = {"document_id": "a", "cased_words": words, "sent_id": numbers, "span_clusters": clusters}
    if layout == "preco":
        place = {s: max(i for i, start in enumerate(starts[:-1]) if start <= s) for s, _ in flat}
        rows = [[[place[s], s - starts[place[s]], e - starts[place[s]]] for s, e in cluster] for cluster in clusters]
        record = {"id": "a", "sentences": sentences, "mention_clusters": rows}
    if layout == "text":
        offsets = [0]
        for word in words:
            offsets.append(offsets[-1] + len(word) + 1)
        rows = [[[offsets[s], offsets[e] - 1] for s, e in cluster] for cluster in clusters]
        record = {"text": " ".join(words), "clusters": rows}
    path = tmp_path_factory.mktemp("coref") / "a.jsonl"
    path.write_text(lines(record), encoding="utf-8")
    (found,) = get_reader("coref-json")(path, faults=FaultLog(strict=True), tokenizer="whitespace")
    assert found.words == words
    assert [[mention[:2] for mention in cluster] for cluster in found.layers.clusters or []] == clusters


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"tokens": WORDS, "clusters": [[[0, 0], [3, 4]]]}, ["Mira", "She waved"]),  # [0, 0] is inclusive
        ({"tokens": WORDS, "clusters": [[[0, 1], [4, 6]]]}, ["Mira", "waved ."]),  # 6 is exclusive
        ({"tokens": WORDS, "clusters": [[[0, 1], [3, 4]]]}, ["Mira", "She"]),  # "She waved" is no mention
        ({"tokens": WORDS, "clusters": [[[0, 1, "Mira left"], [3, 5, "She waved ."]]]}, ["Mira left", "She waved ."]),
        ({"tokens": WORDS, "clusters": [[[0, 1, "Mira"], [4, 5, "waved"]]]}, ["Mira", "waved"]),
    ],
)
def test_ends_are_proved_by_what_the_file_holds(read, record, expected):
    (document,), _ = read("coref-json", lines(record))
    assert texts(document)["clusters"] == [expected]


def test_ends_of_one_document_prove_those_of_its_file(read):
    unsure = {"tokens": WORDS, "clusters": [[[0, 1], [4, 5]]]}
    found, _ = read("coref-json", lines(unsure, {"tokens": WORDS, "clusters": [[[0, 0], [3, 3]]]}))
    assert texts(found[0])["clusters"] == [["Mira left", "waved ."]]


def test_ends_that_nothing_proves_are_refused_until_they_are_said(read):
    record = lines({"tokens": WORDS, "clusters": [[[0, 1], [4, 5]]]})
    with pytest.raises(ConversionError, match=r"\[H171\].*--ends inclusive"):
        read("coref-json", record)
    both = lines({"tokens": WORDS, "clusters": [[[0, 0], [4, 6]]]})
    with pytest.raises(ConversionError, match="1 spans can only be inclusive, 1 only exclusive"):
        read("coref-json", both)
    (document,), _ = read("coref-json", record, ends="exclusive")
    assert texts(document)["clusters"] == [["Mira", "waved"]]
    with pytest.raises(ConversionError, match=r"\[H130\]"):
        read("coref-json", record, ends="open")


def test_coreference_keeps_speakers_and_names_and_says_what_it_leaves(read):
    record = {
        "doc_key": "nw/a",
        "sentences": [["Mira", "left", "."], ["She", "waved", "."]],
        "speakers": [["A"] * 3, ["B"] * 3],
        "ner": [[[0, 0, "PER"]], []],
        "clusters": [[[0, 0], [3, 3], [4, 9]]],
        "predicted_clusters": [[[0, 0]]],
    }
    (document,), log = read("coref-json", lines(record))
    assert document.meta == {"speakers": ["A", "A", "A", "B", "B", "B"]}
    assert document.sent_starts == [0, 3]
    assert texts(document) == {"names": [("Mira", "PER")], "clusters": [["Mira", "She"]], "relations": None}
    assert faults(log) == [("cluster mention", "the span [4, 9] is empty, reversed or ends after the last of 6 tokens")]
    assert log.n_noted() == {"documents with the key 'predicted_clusters', which is not read": 1}
    (document,), _ = read("coref-json", lines(record), names=False)
    assert document.layers.entities is None


def test_clusters_that_cannot_be_read_are_not_no_clusters(read):
    bad = {"text": "Mira left.", "clusters": [["Mira"]]}
    empty = {"text": "Mira left.", "clusters": []}
    found, log = read("coref-json", lines(bad, empty, {"text": "Tom"}))
    assert [document.layers.clusters for document in found] == [None, [], None]
    assert len(log.faults) == 1
    assert log.n_noted() == {"documents without clusters, taken as not annotated": 1}


def test_a_file_of_which_no_layer_could_be_read_is_refused(tmp_path):
    (tmp_path / "in.jsonl").write_text(lines({"text": "Mira left.", "clusters": [["Mira"]]}), encoding="utf-8")
    with pytest.raises(
        ConversionError, match=r"\[H174\].*in.jsonl: no document has a layer that could be read: expected the offsets"
    ):
        convert("coref-json", tmp_path / "in.jsonl", tmp_path / "out.spacy")
    assert not (tmp_path / "out.spacy").exists()
