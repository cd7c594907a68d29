"""Spans as JSON in all their spellings: one meaning, what is lost is said, what goes out comes back."""

import json

import pytest
from data.random_documents import PLAIN_WORDS, VOCAB, documents
from data.readings import faults, lines, texts
from hypothesis import given, settings

from spacy_hmtl.annotations import to_doc
from spacy_hmtl.annotations.layers import Layers
from spacy_hmtl.data.faults import FaultLog
from spacy_hmtl.data.formats import get_reader
from spacy_hmtl.data.reading.offsets import Offsets, find_convention
from spacy_hmtl.data.reading.span_rows import SpanRow, read_span

TEXT = "Mira left Oslo"


@pytest.mark.parametrize(
    "row",
    [
        [0, 4, "PER"],
        ["PER", 0, 4],
        ["Mira", 0, 4, "PER"],
        ["Mira", "PER", 0, 4],
        [0, 4, "PER", "Q42"],
        [0, 4, "PER", 0.97],
        [0, 4, ["PER"]],
        [[0, 4], "PER"],
        {"start": 0, "end": 4, "label": "PER"},
        {"start_offset": 0, "end_offset": 4, "label": ["PER"], "id": 7},
        {"begin": 0, "end": 4, "type": "PER", "text": "Mira"},
        {"offset": 0, "length": 4, "category": "PER"},
        {"start": 0, "end": 4, "value": "Mira", "entity": "PER"},
        {"start": 0, "end": 4, "entity_group": "PER", "word": "mira", "score": 0.9},
        {"span": [0, 4], "label": "PER"},
        {"offsets": [[0, 4]], "type": "PER", "text": ["Mira"]},
        {"start": 0, "end": 4, "label": {"name": "PER"}},
        {"start": "0", "end": 4.0, "tag": "PER"},
    ],
)
def test_every_spelling_of_a_span_is_one(row):
    found = read_span(row, TEXT)
    assert isinstance(found, SpanRow)
    assert (found.start, found.end, found.labels) == (0, 4, ["PER"])
    assert found.covered in (None, "Mira")


@pytest.mark.parametrize("row", [[0, 4], [4, "PER"], "PER", None, {"label": "PER"}, {"start": 0, "end": 4}, [0, 4, ""]])
def test_what_is_no_span_is_explained(row):
    assert str(read_span(row, TEXT)).startswith("expected ")


@pytest.mark.parametrize(
    ("spans", "about"),
    [
        ([(TEXT, 0, 4, "Mira"), (TEXT, 10, 14, "Oslo")], ""),
        ([(TEXT, 0, 4), (TEXT, 10, 14)], ""),
        ([(TEXT, 0, 3), (TEXT, 10, 13)], "inclusive"),
        ([(TEXT, 0, 3, "Mira"), (TEXT, 10, 13, "Oslo")], "inclusive"),
        ([("😀 Oslo", 3, 7, "Oslo")], "UTF-16"),
        ([("é Oslo", 3, 7, "Oslo")], "UTF-8"),
        ([(TEXT, 1, 4, "Mira")], "from 1"),
        # One span that ends inside a word proves nothing, and parts of words may be annotated.
        ([(TEXT, 0, 3), (TEXT, 5, 9), (TEXT, 10, 14)], ""),
        ([("unhappy people", 0, 2)], ""),
        ([], ""),
    ],
)
def test_what_offsets_count_is_found_by_the_texts(spans, about):
    found = find_convention([Offsets(*span) for span in spans]).about
    assert about in found
    assert bool(about) == bool(found)


def test_spans_report_what_they_lose(read):
    record = {
        "text": TEXT,
        "entities": [[0, 4, "PER"], [10, 40, "LOC"], ["x"]],
        "relations": [[0, 7, "LEFT"]],
        "mood": [1],
    }
    (document,), log = read("spans", lines(record))
    assert texts(document)["names"] == [("Mira", "PER")]
    assert faults(log) == [
        ("mention", 'in the span ["x"] expected two offsets and a label, found ["x"]'),
        ("relation", 'in the relation [0, 7, "LEFT"] no span is 7, which is an argument of LEFT'),
        ("mention", "the span [10, 40) lies outside the text of 14 characters"),
    ]
    assert log.n_noted() == {"documents with the key 'mood', which is not read": 1}


def test_a_text_without_spans_is_not_annotated(read):
    (first, second, third), log = read(
        "spans", lines({"text": TEXT, "label": []}, {"text": "Tom"}, {"text": "Bo", "label": None})
    )
    assert first.layers == Layers(entities=[], mentions=[])
    assert second.layers == third.layers == Layers()
    assert log.n_noted() == {"texts without a list of spans, taken as not annotated": 2}


def test_ids_of_every_type_name_documents_and_spans(read):
    span, other = {"id": 1.5, "start": 0, "end": 4, "label": "PER"}, {"id": "x", "start": 10, "end": 14, "label": "LOC"}
    record = {
        "id": 7,
        "text": TEXT,
        "entities": [span, other],
        "relations": [{"from_id": "0", "to_id": "x", "type": "LEFT"}],
    }
    (document,), _ = read("spans", lines(record, {"text": "Bo", "entities": []}), ids={"7"})
    assert document.name == "7"
    assert texts(document)["relations"] == [("Mira", "LEFT", "Oslo")]


def test_labels_that_are_numbers_are_noted(read):
    (document,), log = read("spans", lines({"text": TEXT, "entities": [{"label": 3, "start": 0, "end": 4}]}))
    assert texts(document)["names"] == [("Mira", "3")]
    assert any("numbers" in kind for kind in log.n_noted())


@settings(max_examples=60, deadline=None)
@given(documents(words=PLAIN_WORDS, flat=True, repeated=False))
def test_what_spacy_writes_comes_back(tmp_path_factory, document):

    path = tmp_path_factory.mktemp("spans") / "doc.json"
    path.write_text(json.dumps([to_doc(document, VOCAB).to_json()]), encoding="utf-8")
    (found,) = get_reader("spans")(path, faults=FaultLog(strict=True))
    assert found.words == document.words
    assert found.layers.entities == document.layers.entities
