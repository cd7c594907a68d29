"""Prodigy, Label Studio and doccano: the same document in each, and what is special to each."""

import json

import pytest
from data.random_documents import PLAIN_WORDS, as_on_doc, documents
from data.tool_records import CLUSTERS, PLAIN, SPANS, TEXT, doccano, labelstudio, lines, prodigy, spans
from hypothesis import given, settings

from spacy_hmtl.annotations.layers import make_clusters
from spacy_hmtl.data.faults import ConversionError, FaultLog
from spacy_hmtl.data.formats import get_reader

TOOLS = {"prodigy": prodigy, "doccano": doccano, "labelstudio": labelstudio}


@pytest.mark.parametrize("tool", TOOLS)
def test_spans_relations_and_coreference_are_read(read, tool):
    docs, log = read(tool, lines(TOOLS[tool]()), strict=True)
    doc = docs[0]
    assert (doc.name, doc.words[4:7], doc.sent_starts) == ("one", ["York", ".", "She"], None)
    assert spans(doc.layers.mentions) == PLAIN
    assert spans(doc.layers.entities) == [span for span in PLAIN if span != (1, 2, "PER")]
    assert [(rel.head[:3], rel.label, rel.tail[:3]) for rel in doc.layers.relations] == [(PLAIN[0], "left", PLAIN[2])]
    assert doc.layers.clusters == CLUSTERS
    assert log.n_noted() == {
        "names inside or across another name, kept as mentions only": 1,
        "mentions without a coreference link, each a cluster of one": 2,
    }
    assert read(tool, lines(TOOLS[tool]()), names=False)[0][0].layers.entities is None
    assert read(tool, lines(TOOLS[tool]()), tokenizer="whitespace")[0][0].words[4] == "York."
    assert read(tool, lines(TOOLS[tool]()), ids={"other"})[0] == []


@pytest.mark.parametrize("tool", TOOLS)
def test_layers_are_annotated_if_the_file_has_some(read, tool):
    make = TOOLS[tool]
    docs, _ = read(tool, lines(make(), make(links=())))
    assert (docs[1].layers.relations, [len(cluster) for cluster in docs[1].layers.clusters]) == ([], [1, 1, 1, 1])
    doc = read(tool, lines(make(links=[(0, "COREF", 2)])))[0][0]
    assert (doc.layers.relations, doc.layers.clusters) == (None, CLUSTERS)
    doc = read(tool, lines(make(links=[(0, "left", 1)])))[0][0]
    assert (len(doc.layers.relations), doc.layers.clusters) == (1, None)


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(
    ("changed", "unit", "what"),
    [
        ({"spans": [*SPANS, (27, 99, "X")]}, "mention", "lies outside the text of 31 characters"),
        ({"spans": [*SPANS, (21, 21, "X")]}, "mention", "is empty or reversed"),
        ({"spans": [*SPANS, (21, "27", "X")]}, "mention", "expected a whole number"),
        ({"text": ""}, "document", "the document has no tokens"),
        ({"text": None}, "document", "expected"),
    ],
)
def test_a_fault_is_reported_with_its_line_and_skipped_alone(read, tool, changed, unit, what):
    make = TOOLS[tool]
    record = make(**{**changed, "text": TEXT})
    if "text" in changed:
        record["data" if tool == "labelstudio" else "text"] = (
            {"text": changed["text"]} if tool == "labelstudio" else changed["text"]
        )
    docs, log = read(tool, lines(make(), record, make()))
    assert [(fault.place.line, fault.unit) for fault in log.faults if fault.unit == unit] == [(2, unit)]
    assert what in log.faults[0].what
    assert docs[0] == docs[-1]
    assert len(docs) == (2 if unit == "document" else 3)


@pytest.mark.parametrize("tool", ["doccano", "labelstudio"])
def test_a_relation_with_an_unknown_argument_is_skipped(read, tool):
    record = json.loads(json.dumps(TOOLS[tool]()).replace('"from_id": 0', '"from_id": 77'))
    if tool == "labelstudio":
        record["annotations"][0]["result"][4]["from_id"] = "r77"
    docs, log = read(tool, lines(record))
    assert "no span has this id" in log.faults[0].what
    assert log.n_skipped()["relation"] == 1
    assert docs[0].layers.relations == []


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(
    ("other", "found"), [("Ann\tB-per\n", "looks like iob"), ('{"sentences": []}\n', "looks like dygie")]
)
def test_another_format_is_refused(read, tool, other, found):
    with pytest.raises(ConversionError, match=f"not a {tool} file: .*{found}"):
        read(tool, other)


@pytest.mark.parametrize("tool", TOOLS)
def test_windows_lines_and_lists_are_read_and_other_encodings_are_not(read, tool):
    make = TOOLS[tool]
    expected = read(tool, lines(make(), make()))[0]
    assert read(tool, lines(make(), make()).replace("\n", "\r\n"), strict=True)[0] == expected
    assert read(tool, json.dumps([make(), make()], indent=1), strict=True)[0] == expected
    docs, log = read(tool, lines(make()).encode() + lines(make()).replace("Ann", "\xc4nn").encode("latin-1"))
    assert len(docs) == 1
    assert "0xc4" in log.faults[0].what


@given(document=documents(PLAIN_WORDS, flat=True))
@settings(max_examples=40, deadline=None)
def test_random_annotation_is_read_as_it_was_written(tmp_path_factory, document):
    path = tmp_path_factory.mktemp("random") / "corpus.jsonl"
    document = as_on_doc(document)
    starts = [len(" ".join([*document.words[:i], ""])) for i in range(len(document.words))]
    ends = [start + len(word) for start, word in zip(starts, document.words)]
    rows = [(starts[span.start], ends[span.end - 1], span.label) for span in document.layers.mentions]
    number = {span: i for i, span in enumerate(document.layers.mentions)}
    links = [(number[rel.head], f"x-{rel.label}", number[rel.tail]) for rel in document.layers.relations]
    for tool, make in TOOLS.items():
        path.write_text(lines(make(" ".join(document.words), rows, links)), encoding="utf-8")
        log = FaultLog(strict=True)
        found = next(get_reader(tool)(path, faults=log, tokenizer="whitespace"))
        assert (found.words, found.layers.mentions, found.layers.entities) == (
            document.words,
            document.layers.mentions,
            document.layers.entities,
        )
        # Label Studio says nothing of relations where there are none.
        assert [(rel.head, rel.label[2:], rel.tail) for rel in as_on_doc(found).layers.relations or []] == [
            (rel.head, rel.label, rel.tail) for rel in document.layers.relations
        ]
        assert set(log.n_noted()) <= {"relations of a span with itself or with one of the same words, kept"}


# --- Prodigy -----------------------------------------------------------------------------------


def test_prodigy_leaves_out_what_was_not_accepted(read):
    docs, log = read("prodigy", lines(prodigy(), prodigy(answer="reject"), prodigy(answer="ignore")))
    assert len(docs) == 1
    assert [kind for kind in log.n_noted() if "answered" in kind] == [
        "tasks answered 'reject', left out",
        "tasks answered 'ignore', left out",
    ]


def test_prodigy_uses_its_own_tokens_without_white_space(read):
    tokens = [{"start": start, "end": end, "id": 0, "ws": True} for start, end in ((0, 1), (1, 2), (2, 5), (5, 6))]
    doc = read("prodigy", lines(prodigy("ab  \nc", [(0, 2, "X"), (5, 6, "Y")], [], tokens=tokens)), strict=True)[0][0]
    assert (doc.words, doc.spaces) == (["a", "b", "c"], [False, True, False])
    assert spans(doc.layers.mentions) == [(0, 2, "X"), (2, 3, "Y")]
    for wrong in ([(0, 2), (1, 3)], [(0, 99)], [(3, 2)]):
        tokens = [{"start": start, "end": end} for start, end in wrong]
        assert "the token [" in read("prodigy", lines(prodigy(tokens=tokens)))[1].faults[0].what


def test_prodigy_coreference_may_join_tokens_that_are_no_spans(read):
    record = prodigy(spans=SPANS[:1], links=[])
    record["relations"] = [
        {"head_span": {"start": 23, "end": 26, "label": None}, "child_span": {"start": 0, "end": 7}, "label": "COREF"}
    ]
    doc = read("prodigy", lines(record), strict=True)[0][0]
    assert spans(doc.layers.mentions) == [(0, 2, "PER")]
    assert doc.layers.clusters == make_clusters([[(0, 2), (6, 7)]])


def test_prodigy_without_relations_is_not_annotated_for_them(read):
    doc = read("prodigy", lines(prodigy(relations=None)))[0][0]
    assert (doc.layers.relations, doc.layers.clusters) == (None, None)


# --- doccano -----------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["label", "labels"])
def test_doccano_rows_without_ids_are_read(read, key):
    record = {"text": TEXT, key: [list(span) for span in SPANS]}
    docs, _ = read("doccano", lines(record), strict=True)
    assert (docs[0].name, spans(docs[0].layers.mentions), docs[0].layers.relations) == ("corpus-1", PLAIN, None)


def test_prodigy_relations_may_join_tokens_and_be_without_spans(read):
    tokens = [
        {"text": word, "start": i, "end": i + 1, "id": n} for n, (word, i) in enumerate([("a", 0), ("b", 2), ("c", 4)])
    ]
    relation = {"head": 0, "child": 2, "label": "to"}
    record = {"text": "a b c", "tokens": tokens, "spans": [], "relations": [relation]}
    doc = read("prodigy", lines(record), strict=True)[0][0]
    assert [(rel.head[:2], rel.label, rel.tail[:2]) for rel in doc.layers.relations] == [((0, 1), "to", (2, 3))]
    assert (doc.layers.mentions, doc.layers.entities) == (None, None)
    labelled = {**record, "spans": [{"start": 2, "end": 5, "token_start": 1, "token_end": 2, "label": "X"}]}
    docs, log = read("prodigy", lines(labelled), strict=True)
    assert [(rel.head[:3], rel.tail[:3]) for rel in docs[0].layers.relations] == [((0, 1, "mention"), (1, 3, "X"))]
    assert spans(docs[0].layers.mentions) == [(0, 1, "mention"), (1, 3, "X")]
    assert log.n_noted()["relation arguments without a label, called 'mention'"] == 1
    _, log = read("prodigy", lines({**record, "relations": [{"head": 0, "child": 9, "label": "to"}]}))
    assert "neither characters nor a token" in log.faults[0].what


@pytest.mark.parametrize("tool", TOOLS)
def test_a_text_of_more_than_a_million_characters_is_read(read, tool):
    text = "Mira left Oslo. " * 70_000
    docs, log = read(tool, lines(TOOLS[tool](text, [(0, 4, "PER"), (len(text) - 6, len(text) - 2, "LOC")], [])))
    words = docs[0].words
    assert (len(words), words[:4], words[-4:]) == (
        280_000,
        ["Mira", "left", "Oslo", "."],
        ["Mira", "left", "Oslo", "."],
    )
    assert spans(docs[0].layers.mentions) == [(0, 1, "PER"), (279_998, 279_999, "LOC")]
    assert not log.faults
