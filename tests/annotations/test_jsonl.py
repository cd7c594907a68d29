"""A Doc as a JSON object with character offsets, and back."""

import json

import pytest
import spacy
from spacy.tokens import Doc

from spacy_hmtl.annotations import from_doc, set_clusters, set_entities, set_mentions, set_meta, set_relations
from spacy_hmtl.annotations.jsonl import doc_to_json, json_to_doc, read_jsonl, write_jsonl
from spacy_hmtl.types import LabeledSpan, Triple


@pytest.fixture
def nlp():
    return spacy.blank("en")


@pytest.fixture
def doc(nlp):
    """All four layers on a text with an emoji, a double space and a line break."""
    doc = nlp("😀 Anna Keller  said\nshe left.")
    assert [t.text for t in doc] == ["😀", "Anna", "Keller", " ", "said", "\n", "she", "left", "."]
    set_entities(doc, [LabeledSpan(1, 3, "PERSON", 0.75)])
    set_mentions(doc, [LabeledSpan(1, 3, "PER", 0.5), LabeledSpan(2, 3, "PER", 0.25), LabeledSpan(6, 7, "PER", 1.0)])
    set_clusters(doc, [[(1, 3), LabeledSpan(6, 7, score=0.125)], [LabeledSpan(2, 3, score=0.5)]])
    set_relations(doc, [Triple(LabeledSpan(1, 3, "PER"), "SAME", LabeledSpan(6, 7, "PER"), 0.375)])
    return doc


def test_offsets_are_characters_of_the_text(doc):
    record = doc_to_json(doc)
    text = record["text"]
    assert text == doc.text
    assert [text[start:end] for start, end in record["tokens"]] == [t.text for t in doc]
    assert record["ents"] == [{"start": 2, "end": 13, "label": "PERSON", "score": 0.75, "text": "Anna Keller"}]
    assert [text[m["start"] : m["end"]] for m in record["mentions"]] == ["Anna Keller", "Keller", "she"]
    assert [[text[s:e] for s, e in cluster] for cluster in record["clusters"]] == [["Anna Keller", "she"], ["Keller"]]
    (relation,) = record["relations"]
    assert (text[slice(*relation["head"])], relation["label"], text[slice(*relation["tail"])]) == (
        "Anna Keller",
        "SAME",
        "she",
    )


def test_a_doc_survives_the_round_trip(doc, nlp):
    record = json.loads(json.dumps(doc_to_json(doc)))
    assert from_doc(json_to_doc(record, nlp.vocab)) == from_doc(doc)


def test_demo_documents_survive_the_round_trip(demo_docs, nlp, tmp_path):
    write_jsonl(demo_docs, tmp_path / "demo.jsonl")
    assert [from_doc(d) for d in read_jsonl(tmp_path / "demo.jsonl", nlp.vocab)] == [from_doc(d) for d in demo_docs]


@pytest.mark.parametrize("text", ["", "\n \n", "Dell"])
def test_missing_and_empty_layers_are_kept_apart(nlp, text):
    missing = doc_to_json(nlp(text))
    assert [missing[layer] for layer in ("mentions", "clusters", "relations")] == [None, None, None]
    doc = nlp(text)
    set_mentions(doc, [])
    set_clusters(doc, [])
    set_relations(doc, [])
    empty = doc_to_json(doc)
    assert [empty[layer] for layer in ("mentions", "clusters", "relations")] == [[], [], []]
    assert from_doc(json_to_doc(empty, nlp.vocab)) == from_doc(doc)
    assert from_doc(json_to_doc(missing, nlp.vocab)) == from_doc(nlp(text))


def test_names_are_null_where_they_are_not_annotated(nlp):
    assert doc_to_json(nlp("Dell"))["ents"] is None


def test_identity_and_facts_are_carried(nlp):
    doc = nlp("Dell")
    set_meta(doc, {"name": "a-1", "genre": "news"})
    record = doc_to_json(doc)
    assert (record["id"], record["meta"]) == ("a-1", {"genre": "news"})
    assert doc_to_json(json_to_doc(record, nlp.vocab)) == record


def test_sentence_boundaries_are_kept_where_known(nlp):
    doc = Doc(nlp.vocab, words=["A", ".", "B"], sent_starts=[True, False, True])
    record = doc_to_json(doc)
    assert record["sents"] == [[0, 3], [4, 5]]
    assert [s.text for s in json_to_doc(record, nlp.vocab).sents] == ["A .", "B"]
    assert "sents" not in doc_to_json(nlp("A. B"))


def test_the_contract_keys_are_enough(nlp):
    record = {
        "text": "Dell moves",
        "tokens": [[0, 4], [5, 10]],
        "ents": [{"start": 0, "end": 4, "label": "ORG", "text": "Dell"}],
        "mentions": [{"start": 0, "end": 4, "label": "COM", "score": 0.5, "text": "Dell"}],
        "clusters": [[[0, 4]]],
        "relations": [{"head": [0, 4], "label": "R", "tail": [5, 10], "score": 0.5}],
    }
    doc = json_to_doc(record, nlp.vocab)
    (relation,) = from_doc(doc).layers.relations or []
    assert relation == Triple(LabeledSpan(0, 1, "COM"), "R", LabeledSpan(1, 2, ""), 0.5)


ENT = '{"start": 0, "end": 4, "label": "X"}'


@pytest.mark.parametrize(
    ("line", "code_words"),
    [
        ('{"text": "Dell"', "not a JSON object"),
        ("[1]", "not a JSON object"),
        ('{"text": 3, "tokens": []}', "valid string at text, found 3"),
        ('{"text": "Dell"}', "the key tokens is missing"),
        ('{"text": "Dell", "tokens": [[1, 4]]}', "do not fall on token boundaries"),
        ('{"text": "Dell", "tokens": [["0", 4]]}', r"valid integer at tokens\[0\]\[0\], found '0'"),
        (
            '{"text": "Dell", "tokens": [[0, 4]], "clusters": [[[0, 4]]], "links": [[]]}',
            "links should have",
        ),
        ('{"text": "Dell", "tokens": [[0, 4]], "clusters": [[[0, 4]]], "links": [[2]]}', "less than or equal to 1"),
        (
            f'{{"text": "Dell", "tokens": [[0, 4]], "ents": [{ENT}, {ENT}]}}',
            r"H106.*names \[Dell\] and \[Dell\] overlap",
        ),
        ('{"text": "Dell", "tokens": [[0, 4]], "ents": [{"start": 1, "end": 4, "label": "X"}]}', "ents: characters"),
        (
            '{"text": "Dell", "tokens": [[0, 4]], "ents": [{"start": 0, "label": "X"}]}',
            r"key ents\[0\].end is missing",
        ),
    ],
)
def test_bad_lines_are_named(tmp_path, nlp, line, code_words):
    path = tmp_path / "bad.jsonl"
    path.write_text('{"text": "", "tokens": []}\n\n' + line + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=code_words) as error:
        list(read_jsonl(path, nlp.vocab))
    assert f"{path}:3" in str(error.value)


def test_bytes_that_are_no_utf8_are_named(tmp_path, nlp):
    path = tmp_path / "latin.jsonl"
    path.write_bytes('{"text": "é"}\n'.encode("latin1"))
    with pytest.raises(ValueError, match="not UTF-8") as error:
        list(read_jsonl(path, nlp.vocab))
    assert f"{path}:1" in str(error.value)
