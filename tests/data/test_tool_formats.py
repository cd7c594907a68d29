"""The formats of tools and systems: what is lost is said, what is not sure is refused, what goes out comes back."""

import json
from itertools import pairwise

import pytest
from data.random_documents import PLAIN_WORDS, VOCAB, documents
from hypothesis import given, settings
from test_cases import CASES, EXPECTED

from spacy_hmtl.annotations import to_doc
from spacy_hmtl.annotations.layers import Layers
from spacy_hmtl.data.convert import convert
from spacy_hmtl.data.faults import ConversionError, FaultLog
from spacy_hmtl.data.formats import get_reader
from spacy_hmtl.data.reading.offsets import Offsets, find_convention
from spacy_hmtl.data.reading.span_rows import SpanRow, read_span

TEXT = "Mira left Oslo"
WORDS = ["Mira", "left", ".", "She", "waved", "."]


def lines(*records):
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def texts(document):
    """The layers of a document, as texts."""

    def text(span):
        return " ".join(document.words[span[0] : span[1]])

    layers = document.layers
    return {
        "names": layers.entities and [(text(span), span.label) for span in layers.entities],
        "clusters": layers.clusters and [[text(mention) for mention in cluster] for cluster in layers.clusters],
        "relations": layers.relations and [(text(r.head), r.label, text(r.tail)) for r in layers.relations],
    }


def faults(log):
    return [(fault.unit, fault.what) for fault in log.faults]


def places(value, path=()):
    """The way to every value inside a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


MALFORMED = (
    *("doc_to_json.json", "spans_relations.json", "wl_coref.jsonl", "spanbert.jsonl", "corenlp.json", "oneie.json"),
    *("glirel.jsonl", "cas.json", "cas_legacy.json", "bioc_pieces.json", "knowledgenet.jsonl"),
    "knowledgenet_published.json",
)


# --- spans ---------------------------------------------------------------------------------------------


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


# --- coreference ---------------------------------------------------------------------------------------


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


# --- token JSON ----------------------------------------------------------------------------------------


def test_token_json_reports_what_it_loses(read):
    entities = [{"type": "PER", "start": 0, "end": 1}, {"type": "LOC", "start": 2, "end": 9}, {"start": 1, "end": 2}]
    relations = [{"type": "LEFT", "head": 0, "tail": 1}, {"type": "LEFT", "head": 0, "tail": 9}, {"head": 0, "tail": 0}]
    (document,), log = read(
        "spert", lines({"tokens": TEXT.split(), "entities": entities, "relations": relations, "aims": 1})
    )
    assert texts(document)["names"] == [("Mira", "PER")]
    assert document.layers.relations is None
    assert [unit for unit, _ in faults(log)] == ["mention", "mention", "relation", "relation", "relation"]
    assert "'aims'" in str(log.n_noted())


def test_gliner_is_inclusive_where_nothing_proves_it_and_spert_exclusive(read):
    words = ["Mira", "Lee", "left", "Oslo"]
    (gliner,), _ = read("spert", lines({"tokenized_text": words, "ner": [[0, 1, "PER"]]}))
    (spert,), _ = read("spert", lines({"tokens": words, "entities": [[0, 1, "PER"]]}))
    (said,), _ = read("spert", lines({"tokens": words, "entities": [[0, 1, "PER"]]}), ends="inclusive")
    assert [texts(document)["names"] for document in (gliner, spert, said)] == [
        [("Mira Lee", "PER")],
        [("Mira", "PER")],
        [("Mira Lee", "PER")],
    ]


@pytest.mark.parametrize(
    "record", [{"tokens": [], "entities": []}, {"tokens": ["a", ""], "entities": []}, {"words": [1]}]
)
def test_token_json_without_tokens_is_left_out(read, record):
    found, log = read("spert", lines(record))
    assert found == []
    assert log.faults[0].unit == "document"


# --- INCEpTION -----------------------------------------------------------------------------------------

HEADER = "#FORMAT=WebAnno TSV 3.3\n"


def test_parts_of_tokens_and_annotations_without_width(read):
    text = (
        f"{HEADER}#T_SP=webanno.custom.Entity|label\n\n\n#Text=Testing it\n"
        "1-1\t0-7\tTesting\t_\t\n1-1.1\t0-4\tTest\tTHING\t\n1-2\t8-10\tit\t_\t\n1-2.1\t8-8\t\tGAP\t\n"
    )
    (document,), log = read("webanno", text, name="a.tsv")
    assert document.words[0].startswith("Test")
    assert [span.label for span in document.layers.mentions] == ["THING"]
    assert faults(log) == [("mention", "the span [8, 8) is empty or reversed")]


def test_layers_of_syntax_are_not_mentions_and_that_is_said(read):
    core = "de.tudarmstadt.ukp.dkpro.core.api"
    text = (
        f"{HEADER}#T_SP={core}.lexmorph.type.pos.POS|PosValue|coarseValue\n#T_SP={core}.ner.type.NamedEntity|identifier|value\n"
        f"#T_RL={core}.syntax.type.dependency.Dependency|DependencyType|flavor|BT_{core}.lexmorph.type.pos.POS\n\n\n"
        "#Text=Mira left\n1-1\t0-4\tMira\tNNP\tPROPN\thttp://x/Q1\tPER\tnsubj\t*\t1-2\t\n1-2\t5-9\tleft\tVBD\tVERB\t_\t_\troot\t*\t1-2\t\n"
    )
    (document,), log = read("webanno", text, name="a.tsv")
    assert texts(document) == {"names": [("Mira", "PER")], "clusters": None, "relations": None}
    assert log.n_noted() == {"layers POS, not read": 1, "layers Dependency, not read": 1}


def test_a_layer_of_coreference_relations_makes_clusters(read):
    text = (
        f"{HEADER}#T_SP=webanno.custom.Entity|label\n#T_RL=webanno.custom.Coref|BT_webanno.custom.Entity\n\n\n"
        "#Text=Mira saw herself\n1-1\t0-4\tMira\tPER\t_\t\n1-2\t5-8\tsaw\t_\t_\t\n1-3\t9-16\therself\tPER\t1-1\t\n"
    )
    (document,), _ = read("webanno", text, name="a.tsv")
    assert texts(document)["clusters"] == [["Mira", "herself"]]
    assert document.layers.relations is None


def test_a_project_has_a_document_per_folder_and_no_initial_ones(tmp_path):
    text = f"{HEADER}#T_SP=webanno.custom.Entity|label\n\n\n#Text=Mira\n1-1\t0-4\tMira\tPER\t\n"
    for name in ("a.txt/admin.tsv", "a.txt/INITIAL_CAS.tsv", "b.txt/admin.tsv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "ids").write_text("b.txt/admin\n", encoding="utf-8")
    report = convert("webanno", tmp_path, tmp_path / "out.spacy")
    assert report.n_documents == 2
    assert "INITIAL_CAS" in str(report.log.n_noted())
    assert convert("webanno", tmp_path, tmp_path / "out.spacy", ids=tmp_path / "ids").n_documents == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("#FORMAT=WebAnno TSV 2\n", "as TSV 3"),
        ("Mira\tB-PER\n", "looks like iob"),
        ("", "as TSV 3"),
    ],
)
def test_other_tables_are_not_webanno(read, text, message):
    with pytest.raises(ConversionError, match=message):
        read("webanno", text, name="a.tsv")


def test_a_cas_reports_what_it_cannot_place(read):
    sofa = {"%ID": 1, "%TYPE": "uima.cas.Sofa", "sofaID": "_InitialView", "sofaString": "Mira left"}
    rows = [
        {"%ID": 2, "%TYPE": "webanno.custom.Entity", "@sofa": 1, "begin": 0, "end": 4, "label": "PER"},
        {"%ID": 3, "%TYPE": "webanno.custom.Entity", "@sofa": 1, "begin": 5, "end": 99, "label": "PER"},
        {"%ID": 4, "%TYPE": "webanno.custom.Rel", "@sofa": 1, "begin": 0, "end": 4, "@source": 2, "@target": 3},
        {"%ID": 5, "%TYPE": "de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS", "begin": 0, "end": 4},
    ]
    (document,), log = read("cas", json.dumps({"%FEATURE_STRUCTURES": [sofa, *rows]}))
    assert texts(document)["names"] == [("Mira", "PER")]
    assert [unit for unit, _ in faults(log)] == ["mention", "relation"]
    assert "annotations of the layer POS, not read" in log.n_noted()
    found, log = read("cas", json.dumps({"%FEATURE_STRUCTURES": rows}))
    assert (found, log.faults[0].unit) == ([], "document")


# --- biomedical corpora --------------------------------------------------------------------------------

PUBTATOR = "9|t|Ironin helps.\n9|a|It causes ache.\n9\t0\t6\tIronin\tChemical\tD01\n9\t24\t28\tache\tDisease\tD02|D03\n"


def test_pubtator_keeps_concepts_and_reports_what_it_cannot_place(read):
    rows = "9\tCID\tD01\tD02\n9\tCID\tD01\tD77\n9\tCID\tD02\tD03\n8\tCID\tD01\tD02\n9\t0\t6\n9\t0\t5\tWrong\tX\t-1\n"
    (document,), log = read("pubtator", PUBTATOR + rows)
    assert texts(document)["relations"] == [("Ironin", "CID", "ache")]
    assert document.meta["concepts"][:2] == [[0, 6, "D01"], [24, 28, "D02|D03"]]
    assert [fault.place.line for fault in log.faults] == [6, 7, 8, 9, 10]
    assert [unit for unit, _ in faults(log)] == ["relation", "relation", "line", "line", "mention"]


def test_a_relation_of_concepts_is_between_their_nearest_mentions(read):
    mentions = "9\t0\t6\tIronin\tC\tD1\n9\t18\t24\tIronin\tC\tD1\n9\t26\t30\tache\tD\tD2\n"
    (document,), _ = read("pubtator", f"9|t|Ironin, then more Ironin: ache.\n9|a|\n{mentions}9\tCID\tD1\tD2\n")
    assert document.layers.relations[0].head.start == 4


def test_pubtator_without_relations_is_not_annotated_for_them(read):
    (document,), _ = read("pubtator", PUBTATOR)
    assert document.layers.relations is None
    assert document.layers.clusters is None
    first, second = read("pubtator", f"{PUBTATOR}9\tCID\tD01\tD02\n\n8|t|None\n8|a|\n")[0]
    assert len(first.layers.relations) == 1
    assert second.layers.relations == []


def bioc(*relations, annotations=(), **fields):
    rows = [{"id": "1", "infons": {"type": "Chemical"}, "text": "Ironin", "locations": [{"offset": 100, "length": 6}]}]
    rows += annotations
    passage = {"offset": 100, "infons": {}, "text": "Ironin helps.", "annotations": rows, **fields}
    return json.dumps({"documents": [{"id": "9", "passages": [passage], "relations": list(relations)}]})


def test_bioc_reports_what_it_loses(read):
    annotations = [
        {"id": "2", "infons": {}, "text": "helps", "locations": [{"offset": 107, "length": 5}]},
        {"id": "3", "infons": {"type": "X"}, "locations": []},
        {"id": "4", "infons": {"type": "X"}, "locations": [{"offset": 100, "length": 2}, {"offset": 107, "length": 5}]},
    ]
    relation = {"id": "R", "infons": {"type": "X"}, "nodes": [{"refid": "1"}, {"refid": "2"}, {"refid": "3"}]}
    (document,), log = read("bioc", bioc(relation, {"id": "S", "infons": {}}, annotations=annotations))
    assert texts(document)["names"] == [("Ironin", "Chemical")]
    assert [what for _, what in faults(log)] == [
        "the annotation '3' has no offset and length",
        "the annotation '2' has no infon type",
        "the annotation '4' has 2 pieces",
        "in the relation 'R' expected two arguments, found 3",
        "in the relation 'S' it has no infon type",
    ]
    with pytest.raises(ConversionError, match=r"\[H130\]"):
        read("bioc", bioc(), discontinuous="all")


@pytest.mark.parametrize(("choice", "expected"), [("hull", "Ironin helps"), ("first", "Iro nin")])
def test_pieces_are_taken_as_asked(read, choice, expected):
    pieces = {
        "id": "4",
        "infons": {"type": "X"},
        "locations": [{"offset": 100, "length": 3}, {"offset": 107, "length": 5}],
    }
    (document,), log = read("bioc", bioc(annotations=[pieces]), discontinuous=choice)
    longest = max(document.layers.mentions, key=lambda span: span.end - span.start)
    assert " ".join(document.words[longest.start : longest.end]) == expected
    assert any("discontinuous" in kind for kind in log.n_noted())


# --- what is annotated in part -------------------------------------------------------------------------


def test_knowledgenet_says_which_properties_were_looked_for(read):
    asked = {
        "doc": 7,
        "start": 3,
        "text": "He leads Raymond Bank.",
        "facts": [[9, 21, "CEO", 0, 2]],
        "none": ["SPOUSE"],
    }
    nothing = {"doc": 8, "start": 0, "text": "Nothing was asked.", "facts": [], "none": []}
    bad = {"doc": 9, "start": 0, "text": "Bank.", "facts": [[0, 90, "CEO", 0, 4], [1, 2]], "none": []}
    (first, second, third), log = read("knowledgenet", lines(asked, nothing, bad))
    assert (first.name, first.meta) == ("7-3", {"annotated_labels": {"relation": ["CEO", "SPOUSE"]}})
    assert texts(first)["relations"] == [("Raymond Bank", "CEO", "He")]
    assert first.layers.mentions is first.layers.entities is None
    assert second.layers == Layers()
    assert [unit for unit, _ in faults(log)] == ["relation", "mention", "relation"]
    assert not third.layers.relations


def test_gap_states_what_it_knows_of_three_mentions(read):
    header = "ID\tText\tPronoun\tPronoun-offset\tA\tA-offset\tA-coref\tB\tB-offset\tB-coref\tURL\n"
    row = "{}\tAnn met Eve. She left.\tShe\t13\tAnn\t0\t{}\tEve\t8\t{}\tu\n"
    text = (
        header + row.format("1", "FALSE", "True") + row.format("2", "FALSE", "FALSE") + row.format("3", "TRUE", "TRUE")
    )
    (meant, neither, unknown), log = read("gap", text + row.format("4", "", "") + "5\tx\n")
    assert texts(meant)["clusters"] == [["Ann"], ["Eve", "She"]]
    assert texts(neither)["clusters"] == [["Ann"], ["Eve"], ["She"]]
    assert meant.meta == {"partial": ["coref"], "url": "u"}
    assert unknown.layers == Layers()
    assert [what for _, what in faults(log)] == [
        "the pronoun cannot mean both A and B",
        "expected as many cells as columns, found 9 fewer",
    ]


GAP = {"gap-development.tsv": (2000, 874 + 925), "gap-validation.tsv": (454, 187 + 205)}


@pytest.mark.parametrize("name", GAP)
def test_gap_has_the_published_counts(name, hmtl_data, tmp_path):
    report = convert("gap", hmtl_data / "gap" / name, tmp_path / "out.spacy", strict=True)
    counts = report.labels["clusters"]
    assert (report.n_documents, counts["clusters"] - counts["singletons"]) == GAP[name]
    assert counts["mentions"] == 3 * report.n_documents


def test_knowledgenet_has_the_published_counts(hmtl_data, tmp_path):
    report = convert("knowledgenet", hmtl_data / "knowledgenet/train.jsonl", tmp_path / "out.spacy", strict=True)
    published = {"EMPLOYEE_OR_MEMBER_OF": 1068, "PLACE_OF_RESIDENCE": 841, "PLACE_OF_BIRTH": 657, "CEO": 390}
    assert report.n_documents == 4293
    # Of 8,187 facts two stand twice, both of the property SPOUSE.
    assert sum(report.labels["relations"].values()) == 8187
    assert published.items() <= report.labels["relations"].items()


@pytest.mark.parametrize("value", [None, True, 0, -1, 1.5, "", "x", [], {}, [[]], [None], {"a": 1}])
@pytest.mark.parametrize("case", MALFORMED)
def test_values_of_every_kind_in_every_place_are_reported_not_raised(case, value, read):
    record = json.loads((CASES / case).read_text(encoding="utf-8").splitlines()[0])
    for path in places(record):
        changed = json.loads(json.dumps(record))
        owner = changed
        for key in path[:-1]:
            owner = owner[key]
        owner[path[-1]] = value
        try:
            for document in read(EXPECTED[case]["format"], lines(changed), name="a.json")[0]:
                to_doc(document, VOCAB)
        except ConversionError:
            pass
