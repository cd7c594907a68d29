"""CrossRE, DyGIE++, DocRED and our JSON lines: what they share, and what each says."""

import json
from typing import Any

import pytest
from data.json_samples import ALL, CROSSRE, DYGIE, JSONL, REDOCRED, text
from data.random_documents import PLAIN_WORDS, as_on_doc, documents
from hypothesis import given, settings

from spacy_hmtl.annotations.layers import make_clusters
from spacy_hmtl.data.faults import ConversionError, FaultLog
from spacy_hmtl.data.formats import get_reader


def spans(rows):
    return [row[:3] for row in rows]


def triples(doc):
    return [(rel.head[:3], rel.label, rel.tail[:3]) for rel in doc.layers.relations]


def test_crossre_names_are_mentions_and_remarks_are_kept(read):
    docs, log = read("crossre", text(CROSSRE), strict=True)
    doc = docs[0]
    assert (doc.name, doc.words, doc.sent_starts, doc.layers.clusters) == ("ai-1", CROSSRE["sentence"], [0], None)
    assert spans(doc.layers.entities) == [(0, 2, "researcher"), (3, 5, "algorithm")]
    assert doc.layers.mentions == doc.layers.entities
    assert [rel.label for rel in doc.layers.relations] == ["usage", "role"]
    assert doc.meta == {"remarks": [CROSSRE["relations"][1]]}
    assert not log.notes


def test_crossre_reads_dygie_lines_but_not_the_other_way_round(read):
    assert read("crossre", text(CROSSRE, DYGIE))[0][1] == read("dygie", text(DYGIE))[0][0]
    with pytest.raises(
        ConversionError, match=r"not a dygie file: expected objects with 'sentences'.*looks like crossre"
    ):
        read("dygie", text(CROSSRE))


def test_dygie_ends_are_inclusive_and_nested_mentions_are_no_names(read):
    docs, log = read("dygie", text(DYGIE))
    doc = docs[0]
    assert doc.sent_starts == [0, 4]
    assert spans(doc.layers.mentions) == [(0, 2, "PER"), (1, 2, "NAME"), (4, 5, "PER")]
    assert spans(doc.layers.entities) == [(0, 2, "PER"), (4, 5, "PER")]
    assert triples(doc) == [((0, 2, "PER"), "has", (1, 2, "NAME"))]
    assert doc.layers.clusters == make_clusters([[(0, 2), (4, 5)]])
    assert log.n_noted() == {"names inside or across another name, kept as mentions only": 1}
    assert read("dygie", text(DYGIE), names=False)[0][0].layers.entities is None


@pytest.mark.parametrize("key", ["ner", "relations", "clusters"])
def test_an_absent_layer_is_not_annotated(read, key):
    doc = read("dygie", text({k: v for k, v in DYGIE.items() if k != key}))[0][0]
    layers = {"ner": ["mentions", "entities"]}.get(key, [key])
    assert [
        layer for layer in ("mentions", "entities", "relations", "clusters") if layer not in doc.layers.counts()
    ] == layers
    assert read("crossre", text({**CROSSRE, "relations": None}))[0][0].layers.relations is None
    assert read("redocred", text({**REDOCRED, "labels": None}))[0][0].layers.relations is None


def test_redocred_relations_join_the_nearest_mentions_and_keep_their_evidence(read):
    doc = read("redocred", json.dumps([REDOCRED]), strict=True)[0][0]
    assert doc.sent_starts == [0, 6]
    assert doc.layers.clusters == make_clusters([[(0, 2), (6, 7)], [(4, 5), (8, 9)]])
    # Without evidence the sentence where they are nearest, with evidence that one.
    assert triples(doc) == [((0, 2, "PER"), "P551", (4, 5, "LOC")), ((8, 9, "LOC"), "P1", (6, 7, "PER"))]
    assert doc.meta["evidence"] == [[0], []]
    assert doc.layers.entities == doc.layers.mentions


def test_a_redocred_mention_of_two_entities_stays_with_the_first(read):
    same = [[REDOCRED["vertexSet"][0][0]], *REDOCRED["vertexSet"], [REDOCRED["vertexSet"][1][0]] * 2]
    docs, log = read("redocred", text({**REDOCRED, "vertexSet": same}))
    assert len(docs[0].layers.mentions) == 7
    assert docs[0].layers.clusters == make_clusters([[(0, 2)], [(4, 5), (8, 9)], [(6, 7)]])
    assert log.n_skipped() == {"cluster mention": 3}
    assert log.n_noted()["mentions with the extent and the type of another one, kept"] == 3


def test_jsonl_has_all_layers(read):
    doc = read("jsonl", text(JSONL), strict=True)[0][0]
    assert (doc.name, doc.words) == ("j", ["Ann", "left", ".", "She", "ran", "."])
    assert doc.spaces == [True, False, True, True, False, False]
    assert doc.sent_starts == [0, 3]
    assert spans(doc.layers.entities) == [(0, 1, "PERSON")]
    assert [tuple(span) for span in doc.layers.mentions] == [(0, 1, "PER", 1.0), (3, 4, "PER", 0.5)]
    assert doc.layers.clusters == make_clusters([[(0, 1), (3, 4)]])
    assert triples(doc) == [((0, 1, "PER"), "is", (3, 4, "PER"))]
    bare = read("jsonl", text({**JSONL, "ents": None, "mentions": None, "relations": None, "clusters": None}))[0][0]
    assert (bare.layers.entities, bare.layers.mentions, bare.layers.relations, bare.layers.clusters) == (
        None,
        None,
        None,
        None,
    )


FAULTS: list[tuple[str, str, Any, str, str]] = [
    # format, key, value, unit, what
    ("crossre", "sentence", [], "document", "the sentence is empty"),
    ("crossre", "sentence", ["Ann", ""], "document", "a token is empty"),
    ("crossre", "sentence", "Ann ran", "document", "expected a list at sentence"),
    ("crossre", "ner", None, "document", "expected a list at ner, found null"),
    ("crossre", "ner", [[0, 1, "x"], [3, 4, "y"], [3, 9, "x"]], "mention", "lies outside the document of 5 tokens"),
    ("crossre", "ner", [[0, 1, "x"], [3, 4, "y"], [-1, 1, "x"]], "mention", "lies outside"),
    ("crossre", "ner", [[0, 1, "x"], [3, 4, "y"], [2, 1, "x"]], "mention", "the first token 2 comes after"),
    ("crossre", "ner", [[0, 1, "x"], [3, 4, "y"], [True, 1, "x"]], "mention", "expected a whole number"),
    ("crossre", "ner", [[0, 1, "x"], [3, 4, "y"], 7], "mention", "expected a list of 3 values"),
    ("crossre", "relations", [[0, 1, 2, 2, "part-of"]], "relation", "the argument [2, 2] is no mention"),
    ("crossre", "relations", [[0, 1, 9, 9, "part-of"]], "relation", "lies outside"),
    ("crossre", "relations", [[0, 1, 3]], "relation", "expected a list of 5 values"),
    ("dygie", "ner", [[]], "document", "expected 2 lists in 'ner', one per sentence, found 1"),
    ("dygie", "ner", [[], [], []], "document", "found 3"),
    ("dygie", "sentences", [[], []], "document", "the document has no tokens"),
    ("dygie", "clusters", [[[0, 1], [4, 4], [7, 7]]], "cluster mention", "lies outside the document of 7 tokens"),
    ("dygie", "clusters", [[[0, 1], [4, 4]], [[4, 4]]], "cluster mention", "in another cluster already"),
    ("dygie", "clusters", [[[0, 1], [1, 2]]], "cluster mention", "crosses another one of its cluster"),
    ("dygie", "clusters", [7], "cluster mention", "expected a list of 2 values"),
    ("redocred", "sents", [[""]], "document", "a token is empty"),
    ("redocred", "labels", [{"r": "P1", "h": 0, "t": 2}], "relation", "there is no entity 2, the document has 2"),
    ("redocred", "labels", [{"r": "P1", "h": 0}], "relation", "expected a whole number at t, found null"),
    ("jsonl", "tokens", [], "document", "the document has no tokens"),
    ("jsonl", "tokens", [[0, 99]], "document", "a token ends at character 99, the text has 18"),
    ("jsonl", "tokens", [[0, 3], [2, 8]], "document", "tokens are empty, reversed or overlap"),
    ("jsonl", "mentions", [*JSONL["mentions"], {"start": 1, "end": 3, "label": "x"}], "mention", "token boundaries"),
    (
        "jsonl",
        "mentions",
        [*JSONL["mentions"], {"start": 0, "end": 3, "label": "x", "score": None}],
        "mention",
        "number",
    ),
    ("jsonl", "clusters", [[[0, 3], [10, 99]]], "cluster mention", "token boundaries"),
    ("jsonl", "relations", [{"head": [0, 3], "label": "is", "tail": [4, 8]}], "relation", "no mention or name"),
    ("jsonl", "relations", [{"head": [0, 3], "label": "is"}], "relation", "the key tail is missing"),
]


@pytest.mark.parametrize(("format", "key", "value", "unit", "what"), FAULTS)
def test_a_fault_is_reported_with_its_line_and_skipped_alone(read, format, key, value, unit, what):
    good = ALL[format]
    docs, log = read(format, text(good, {**good, key: value}, good))
    assert [(fault.place.line, fault.unit) for fault in log.faults] == [(2, unit)]
    assert what in log.faults[0].what
    assert len(docs) == (2 if unit == "document" else 3)
    assert docs[0] == docs[-1]
    with pytest.raises(ConversionError, match=r"corpus.txt:2 "):
        read(format, text(good, {**good, key: value}), strict=True)


@pytest.mark.parametrize(
    ("mention", "what"),
    [
        ({"type": "PER", "sent_id": 2, "pos": [0, 1]}, "there is no sentence 2, the document has 2"),
        ({"type": "PER", "sent_id": 1, "pos": [3, 5]}, "lies outside the sentence of 4 tokens"),
        ({"type": "PER", "sent_id": 1, "pos": [1, 1]}, "is empty"),
        ({"type": "PER", "sent_id": 1}, "expected a list of 2 values at pos"),
    ],
)
def test_a_faulty_redocred_mention_takes_its_entitys_relations_along(read, mention, what):
    docs, log = read("redocred", text({**REDOCRED, "vertexSet": [REDOCRED["vertexSet"][0], [mention]]}))
    assert what in log.faults[0].what
    assert log.n_skipped() == {"mention": 1, "relation": 2}
    assert docs[0].layers.clusters == make_clusters([[(0, 2), (6, 7)]])


def test_a_relation_that_stands_twice_is_kept_and_noted(read):
    docs, log = read("crossre", text({**CROSSRE, "relations": CROSSRE["relations"][:1] * 2}), strict=True)
    assert len(docs[0].layers.relations) == 2
    assert log.n_noted() == {"relations that stand twice, kept": 1}


@given(document=documents(PLAIN_WORDS, flat=True))
@settings(max_examples=40, deadline=None)
def test_random_annotation_is_read_as_it_was_written(tmp_path_factory, document):
    path = tmp_path_factory.mktemp("random") / "corpus.json"
    document = as_on_doc(document)
    rows = [[start, end - 1, label] for start, end, label, _ in document.layers.mentions]
    pairs = [
        [rel.head.start, rel.head.end - 1, rel.tail.start, rel.tail.end - 1, rel.label]
        for rel in document.layers.relations
    ]
    path.write_text(text({"sentence": document.words, "ner": rows, "relations": pairs}), encoding="utf-8")
    crossre = next(get_reader("crossre")(path, faults=FaultLog(strict=True)))
    entities = [[{"sent_id": 0, "pos": span[:2], "type": span.label}] for span in document.layers.mentions]
    number = {span[:2]: i for i, span in enumerate(document.layers.mentions)}
    labels = [
        {"r": rel.label, "h": number[rel.head[:2]], "t": number[rel.tail[:2]]} for rel in document.layers.relations
    ]
    path.write_text(text({"sents": [document.words], "vertexSet": entities, "labels": labels}), encoding="utf-8")
    redocred = next(get_reader("redocred")(path, faults=FaultLog(strict=True)))
    for found in (crossre, redocred):
        assert (found.words, found.layers.mentions, found.layers.entities) == (
            document.words,
            document.layers.mentions,
            document.layers.entities,
        )
        assert as_on_doc(found).layers.relations == document.layers.relations
    assert redocred.layers.clusters == make_clusters([span] for span in document.layers.mentions)


def test_dygie_reads_rows_that_are_not_sorted_by_sentence_ids_that_are_numbers_and_speakers(read):
    flat = {
        **DYGIE,
        "doc_key": 758,
        "ner": [row for rows in DYGIE["ner"] for row in rows],
        "relations": DYGIE["relations"][0],
        "speakers": [["Ann"] * 4, ["Bo"] * 3],
    }
    doc, expected = read("dygie", text(flat), strict=True)[0][0], read("dygie", text(DYGIE))[0][0]
    assert (doc.name, doc.meta) == ("758", {"speakers": ["Ann"] * 4 + ["Bo"] * 3})
    assert doc.layers == expected.layers


def test_redocred_labels_may_be_lists_of_heads_and_tails(read):
    rows = REDOCRED["labels"]
    lists = {"head": [row["h"] for row in rows], "tail": [row["t"] for row in rows]}
    lists |= {"relation_id": [row["r"] for row in rows], "evidence": [row["evidence"] for row in rows]}
    expected = read("redocred", text(REDOCRED))[0]
    assert read("redocred", text({**REDOCRED, "labels": lists}), strict=True)[0] == expected
    del lists["evidence"]
    assert len(read("redocred", text({**REDOCRED, "labels": lists}), strict=True)[0][0].layers.relations) == 2
    for wrong, what in (({**lists, "tail": [1]}, "lists of one length at labels"), ({}, "a list at labels.head")):
        assert what in read("redocred", text({**REDOCRED, "labels": wrong}))[1].faults[0].what


@pytest.mark.parametrize("format", ["dygie", "crossre", "redocred"])
def test_keys_that_are_not_read_are_noted(read, format):
    _, log = read(format, text({**ALL[format], "gold": [[0, 1]], "nothing": [], "_own": [1]}), strict=True)
    assert [kind for kind in log.n_noted() if "key" in kind] == ["documents with the key 'gold', which is not read"]
