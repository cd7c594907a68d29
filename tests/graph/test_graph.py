"""`graph`: what is in the documents is in the files, readers of each format agree, and hostile texts stay texts."""

import csv
import json
import re
from pathlib import Path

import networkx
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_hmtl.annotations import set_clusters, set_entities, set_mentions, set_meta, set_relations
from spacy_hmtl.annotations.extensions import coref_clusters, relations
from spacy_hmtl.annotations.jsonl import write_jsonl
from spacy_hmtl.annotations.resolution import entity_relations
from spacy_hmtl.cli.app import app
from spacy_hmtl.data.convert import convert
from spacy_hmtl.data.docbin import read_docs
from spacy_hmtl.graph.aliases import normalize_name
from spacy_hmtl.graph.build import make_graph
from spacy_hmtl.graph.table import safe_cell
from spacy_hmtl.graph.write import write_graphs
from spacy_hmtl.types import LabeledSpan, Triple

EVIL = '=cmd|"/c calc"!A0 <b>&amp;</b> ]]> \x01\x0b\0 \ufffe " \' \u2028'


def graph(*arguments):
    """Exit code and output (its white space folded) of the command."""
    result = CliRunner().invoke(app, ["graph", *(str(argument) for argument in arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def doc():
    """Anna Keller said she left Oslo . Keller likes it ."""
    doc = spacy.blank("en")("Anna Keller said she left Oslo. Keller likes it.")
    set_entities(doc, [LabeledSpan(0, 2, "PERSON"), LabeledSpan(5, 6, "GPE", 0.5), LabeledSpan(7, 8, "PERSON", 0.5)])
    set_mentions(doc, [LabeledSpan(0, 2, "PER"), LabeledSpan(3, 4, "PER"), LabeledSpan(9, 10, "GPE", 0.25)])
    rows = [[(0, 2, 1.0), (3, 4, 0.75)], [(5, 6, 0.5), (9, 10, 0.25)]]
    set_clusters(doc, [[LabeledSpan(start, end, score=score) for start, end, score in row] for row in rows])
    she, anna, oslo = LabeledSpan(3, 4, "PER"), LabeledSpan(0, 2, "PER"), LabeledSpan(5, 6, "GPE")
    set_relations(doc, [Triple(she, "AT", oslo, 0.5), Triple(anna, "AT", oslo, 0.75), Triple(anna, "OWNS", oslo, 0.5)])
    return doc


@pytest.fixture
def evil_doc():
    """A document in which texts, labels and the id are hostile."""
    nlp = spacy.blank("en")
    doc = spacy.tokens.Doc(nlp.vocab, words=[EVIL, "owns", "@Anna", "\r", "-5"])
    spans = [LabeledSpan(0, 1, EVIL), LabeledSpan(2, 3, "+PER"), LabeledSpan(3, 5, "x\ny")]
    set_mentions(doc, spans)
    set_relations(doc, [Triple(spans[0], EVIL, spans[1]), Triple(spans[1], "a b", spans[2])])
    set_meta(doc, {"name": EVIL})
    return doc


def test_entities_are_named_typed_and_placed(doc):
    found = make_graph(doc, "letter")
    assert [(e.key, e.name, e.type) for e in found.entities] == [
        ("e0", "Anna Keller", "PER"),
        ("e1", "Oslo", "GPE"),
        ("e2", "Keller", "PERSON"),
    ]
    assert found.entities[0].mentions == [(0, 11, "Anna Keller", 1.0), (17, 20, "she", 0.75)]
    for entity in found.entities:
        assert all(doc.text[m.start : m.end] == m.text for m in entity.mentions)


def test_relations_are_between_entities_with_all_their_evidence(doc):
    found = make_graph(doc, "letter").edges
    assert [(e.head, e.label, e.tail, e.score) for e in found] == [("e0", "AT", "e1", 0.75), ("e0", "OWNS", "e1", 0.5)]
    assert found[0].evidence == [((0, 11), (26, 30), 0.75), ((17, 20), (26, 30), 0.5)]


def test_a_name_that_ends_a_mention_is_no_entity_of_its_own():
    doc = spacy.blank("en")("Dr. Keller left Oslo.")
    set_entities(doc, [LabeledSpan(1, 2, "PERSON"), LabeledSpan(3, 4, "GPE")])
    set_mentions(doc, [LabeledSpan(0, 2, "PER")])
    assert [e.name for e in make_graph(doc, "a").entities] == ["Dr. Keller", "Oslo"]


def test_a_name_that_is_an_argument_is_an_entity_though_it_ends_a_mention():
    doc = spacy.blank("en")("The mayor of Oslo said she left Bergen.")
    set_entities(doc, [LabeledSpan(3, 4, "GPE"), LabeledSpan(7, 8, "GPE")])
    set_mentions(doc, [LabeledSpan(0, 4, "PER"), LabeledSpan(5, 6, "PER")])
    set_clusters(doc, [[(0, 4), (5, 6)]])
    set_relations(doc, [Triple(LabeledSpan(3, 4, "GPE"), "NEAR", LabeledSpan(7, 8, "GPE"))])
    found = make_graph(doc, "a")
    assert [e.name for e in found.entities] == ["The mayor of Oslo", "Oslo", "Bergen"]
    assert [(e.head, e.label, e.tail) for e in found.edges] == [("e1", "NEAR", "e2")]


def test_a_mention_inside_a_mention_is_an_entity_though_it_is_a_name_too():
    doc = spacy.blank("en")("The mayor of Oslo left.")
    set_entities(doc, [LabeledSpan(3, 4, "GPE")])
    set_mentions(doc, [LabeledSpan(0, 4, "PER"), LabeledSpan(3, 4, "GPE")])
    assert [e.name for e in make_graph(doc, "a").entities] == ["The mayor of Oslo", "Oslo"]


BORDERS = st.tuples(st.integers(0, 7), st.integers(1, 3)).map(lambda pair: (pair[0], min(pair[0] + pair[1], 8)))


@settings(max_examples=150, deadline=None)
@given(
    names=st.sets(st.integers(0, 7)),
    mentions=st.sets(BORDERS),
    clustered=st.dictionaries(BORDERS, st.integers(0, 2)),
    pairs=st.lists(st.tuples(BORDERS, BORDERS, st.sampled_from("AB"))),
)
def test_every_combination_of_layers_has_a_graph_with_all_its_relations(names, mentions, clustered, pairs):
    doc = spacy.blank("xx")("Ann Lee and Bo saw her in Oslo")
    set_entities(doc, [LabeledSpan(i, i + 1, "N") for i in sorted(names)])
    set_mentions(doc, [LabeledSpan(start, end, "M") for start, end in mentions])
    clusters = [[m for m, number in clustered.items() if number == n] for n in range(3)]
    clusters = [sorted(cluster) for cluster in clusters if cluster]
    set_clusters(doc, clusters)
    set_relations(doc, [Triple(LabeledSpan(*head), label, LabeledSpan(*tail)) for head, tail, label in pairs])
    found = make_graph(doc, "a", aliases=True)
    keys = [entity.key for entity in found.entities]
    assert len(set(keys)) == len(keys)
    assert len(found.edges) == len(entity_relations(coref_clusters(doc), relations(doc)))
    assert all({edge.head, edge.tail} <= set(keys) for edge in found.edges)
    places = [(m.start, m.end) for entity in found.entities for m in entity.mentions]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("text", ["", "Nothing here."])
def test_a_document_without_annotation_has_no_entities(text):
    assert make_graph(spacy.blank("en")(text), "a") == ("a", [], [])


@pytest.mark.parametrize("extension", [".jsonld", ".graphml", ".csv"])
def test_every_format_holds_the_whole_corpus(demo_path, demo_docs, tmp_path, extension):
    path = tmp_path / "new" / f"graph{extension}"
    code, output = graph(demo_path, path)
    assert code == 0
    graphs = [make_graph(doc, "") for doc in demo_docs]
    n_mentions = sum(len(e.mentions) for g in graphs for e in g.entities)
    n_entities, n_edges = sum(len(g.entities) for g in graphs), sum(len(g.edges) for g in graphs)
    assert n_edges > 5
    assert f"{n_entities} entities ({n_mentions} mentions) and {n_edges} relations of 8 documents" in output
    if extension == ".jsonld":
        found = json.loads(path.read_text(encoding="utf-8"))["@graph"]
        sizes = [(len(d["entities"]), len(d["relations"])) for d in found]
        assert sizes == [(len(g.entities), len(g.edges)) for g in graphs]
    elif extension == ".graphml":
        read = networkx.read_graphml(path)
        assert (read.number_of_nodes(), read.number_of_edges()) == (n_entities, n_edges)
    else:
        assert len(rows(path.with_name("graph.mentions.csv"))) == n_mentions
        assert len(rows(path)) == sum(len(edge.evidence) for g in graphs for edge in g.edges)
    assert not list(path.parent.glob(".*"))


def test_graphml_is_read_by_networkx_with_all_attributes(doc, tmp_path):
    write_graphs([make_graph(doc, "letter"), make_graph(doc, "other")], tmp_path / "g.graphml")
    read = networkx.read_graphml(tmp_path / "g.graphml")
    assert read.is_directed()
    assert read.nodes["d0e0"] == {
        "label": "Anna Keller",
        "type": "PER",
        "document": "letter",
        "times": 2,
        "mentions": "0-11 17-20",
    }
    edges = {(a, b, data["label"]): data for a, b, data in read.edges(data=True)}
    assert set(edges) == {(f"d{i}e0", f"d{i}e1", label) for i in (0, 1) for label in ("AT", "OWNS")}
    found = edges["d1e0", "d1e1", "AT"]
    assert (found["score"], found["document"], found["evidence"]) == (0.75, "other", "0-11>26-30 17-20>26-30")


def test_jsonld_needs_no_network_and_all_its_references_exist(doc, tmp_path):
    write_graphs([make_graph(doc, "letters/a b.txt")], tmp_path / "g.jsonld")
    found = json.loads((tmp_path / "g.jsonld").read_text(encoding="utf-8"))
    assert isinstance(found["@context"], dict)
    (document,) = found["@graph"]
    assert (document["@id"], document["identifier"]) == ("doc/letters%2Fa%20b.txt", "letters/a b.txt")
    anna, oslo = document["entities"][:2]
    assert anna["@type"] == ["Entity", "type:PER"]
    assert anna["relation:AT"] == [{"@id": oslo["@id"]}]
    places = {m["@id"] for e in document["entities"] for m in e["mentions"]}
    ids = {e["@id"] for e in document["entities"]}
    for relation in document["relations"]:
        assert {relation["head"], relation["tail"]} <= ids
        assert all({e["head"], e["tail"]} <= places for e in relation["evidence"])
    begin, end = anna["mentions"][0]["beginIndex"], anna["mentions"][0]["endIndex"]
    assert doc.text[begin:end] == anna["mentions"][0]["anchorOf"]


def test_csv_has_a_row_per_piece_of_evidence(doc, tmp_path):
    write_graphs([make_graph(doc, "letter")], tmp_path / "g.csv")
    row = rows(tmp_path / "g.csv")[1]
    assert (row["document"], row["head_name"], row["relation"], row["tail_name"]) == (
        "letter",
        "Anna Keller",
        "AT",
        "Oslo",
    )
    assert doc.text[int(row["head_start"]) : int(row["head_end"])] == "she"
    assert doc.text[int(row["tail_start"]) : int(row["tail_end"])] == "Oslo"


def test_hostile_texts_stay_texts(evil_doc, tmp_path):
    for extension in ("jsonld", "graphml", "csv"):
        write_graphs([make_graph(evil_doc, EVIL)], tmp_path / f"g.{extension}")
    (document,) = json.loads((tmp_path / "g.jsonld").read_text(encoding="utf-8"))["@graph"]
    assert document["identifier"] == EVIL
    assert document["relations"][0]["label"] == EVIL
    terms = [key for entity in document["entities"] for key in entity if key.startswith("relation:")]
    assert all(re.fullmatch(r"relation:[\w%.~-]+", term) for term in terms)
    read = networkx.read_graphml(tmp_path / "g.graphml")
    labels = [data["label"] for _, data in read.nodes(data=True)]
    assert labels[0].startswith('=cmd|"/c calc"!A0 <b>&amp;</b> ]]>')
    assert "\x01" not in labels[0]
    for path in (tmp_path / "g.csv", tmp_path / "g.mentions.csv"):
        cells = [cell for row in rows(path) for cell in row.values()]
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    assert len(rows(tmp_path / "g.csv")) == 2


def test_raw_keeps_what_looks_like_a_formula(evil_doc, tmp_path):
    write_graphs([make_graph(evil_doc, "a")], tmp_path / "g.csv", raw=True)
    assert rows(tmp_path / "g.csv")[0]["tail_name"] == "@Anna"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=1", "'=1"),
        (" +1", "'+1"),
        ("\t@x", "'@x"),
        ("＝1", "'＝1"),
        ("a=1", "a=1"),
        ("", ""),
        # What a spreadsheet sees that takes a semicolon for the separator of cells.
        (";=1", "';'=1"),
        ("; a", "'; a"),
        ("|-1", "'|'-1"),
        ("Oslo; -5 degrees", "Oslo; '-5 degrees"),
        ('x;"=cmd"', 'x;"\'=cmd"'),
        ("one; two, three-four", "one; two, three-four"),
    ],
)
def test_formulas_get_an_apostrophe(text, expected):
    assert safe_cell(text) == expected


def test_a_pipeline_annotates_texts_and_files_first(trained_nlp, texts, tmp_path):
    trained_nlp.to_disk(tmp_path / "model")
    assert graph(tmp_path / "model", texts[1], tmp_path / "a.csv")[0] == 0
    (tmp_path / "letters").mkdir()
    for name in ("a.txt", "b.txt"):
        (tmp_path / "letters" / name).write_text(texts[1], encoding="utf-8")
    assert graph(tmp_path / "model", tmp_path / "letters", tmp_path / "b.csv")[0] == 0
    alone, both = rows(tmp_path / "a.csv"), rows(tmp_path / "b.csv")
    assert alone
    assert [row["document"] for row in both] == ["a.txt"] * len(alone) + ["b.txt"] * len(alone)
    assert {row["head_name"] for row in both} == {row["head_name"] for row in alone}


def test_documents_with_the_same_id_stay_apart(doc, tmp_path):
    set_meta(doc, {"name": "letter"})
    DocBin(docs=[doc, doc, doc]).to_disk(tmp_path / "in.spacy")
    assert graph(tmp_path / "in.spacy", tmp_path / "out.csv")[0] == 0
    assert {row["document"] for row in rows(tmp_path / "out.csv")} == {"letter", "letter (2)", "letter (3)"}


def test_a_document_that_fails_costs_itself(doc, tmp_path, monkeypatch):
    def make(doc, name, **options):
        if name == "in-2":
            raise IndexError("a span outside the Doc")
        return make_graph(doc, name, **options)

    monkeypatch.setattr("spacy_hmtl.cli.graph.make_graph", make)
    DocBin(docs=[doc, doc, doc]).to_disk(tmp_path / "in.spacy")
    code, output = graph(tmp_path / "in.spacy", tmp_path / "out.csv")
    assert code == 0
    assert "[H170] in-2: no graph could be made of this document: IndexError: a span outside the Doc" in output
    assert "1 document left out" in output
    assert {row["document"] for row in rows(tmp_path / "out.csv")} == {"in-1", "in-3"}


def test_a_line_that_cannot_be_read_costs_itself(doc, tmp_path):
    path = tmp_path / "in.jsonl"
    write_jsonl([doc, doc], path)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([lines[0], '{"text": "a"}', "{", lines[1]]), encoding="utf-8")
    code, output = graph(path, tmp_path / "out.csv")
    assert code == 0
    assert f"{path}:2: not a document" in output
    assert f"{path}:3: not a JSON object" in output
    assert "2 documents left out" in output
    assert len({row["document"] for row in rows(tmp_path / "out.csv")}) == 2


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Anna  KELLER's", "anna keller"),
        ("the Netherlands", "netherlands"),
        ("Adams’", "adams"),
        ("J. R. Smith", "j r smith"),
        ("U.S.", "us"),
        ("Ｏｓｌｏ", "oslo"),
    ],
)
def test_spellings_of_a_name_are_one(name, expected):
    assert normalize_name(name) == expected


def test_aliases_link_names_of_the_same_type_across_documents(doc, tmp_path):
    other = spacy.blank("en")("Then ANNA Keller and Oslo met she.")
    set_entities(other, [LabeledSpan(1, 3, "PERSON"), LabeledSpan(4, 5, "ORG")])
    set_mentions(other, [LabeledSpan(1, 3, "PER"), LabeledSpan(6, 7, "PER")])
    graphs = [make_graph(doc, "a", aliases=True), make_graph(other, "b", aliases=True)]
    assert [e.alias for e in graphs[0].entities] == ["PER/anna%20keller", "GPE/oslo", "PERSON/keller"]
    assert [e.alias for e in graphs[1].entities] == ["PER/anna%20keller", "ORG/oslo", ""]
    write_graphs(graphs, tmp_path / "g.csv", aliases=True)
    assert rows(tmp_path / "g.csv")[0]["head_alias"] == "PER/anna%20keller"
    assert {row["alias"] for row in rows(tmp_path / "g.mentions.csv") if row["document"] == "b"} == {
        *("PER/anna%20keller", "ORG/oslo", "")
    }
    write_graphs(graphs, tmp_path / "g.graphml", aliases=True)
    read = networkx.read_graphml(tmp_path / "g.graphml")
    shared = {t for _, t, data in read.out_edges("d0e0", data=True) if data["label"] == "ALIAS"}
    assert shared == {t for _, t, data in read.out_edges("d1e0", data=True) if data["label"] == "ALIAS"}
    assert [read.nodes[node]["label"] for node in shared] == ["Anna Keller"]
    write_graphs(graphs, tmp_path / "g.jsonld", aliases=True)
    first, second = json.loads((tmp_path / "g.jsonld").read_text(encoding="utf-8"))["@graph"]
    assert first["entities"][0]["sameAs"] == second["entities"][0]["sameAs"] == "alias/PER/anna%20keller"
    assert "sameAs" not in second["entities"][2]


def test_aliases_are_made_where_they_are_asked_for(doc, tmp_path):
    DocBin(docs=[doc]).to_disk(tmp_path / "in.spacy")
    assert graph(tmp_path / "in.spacy", tmp_path / "out.csv")[0] == 0
    assert "head_alias" not in rows(tmp_path / "out.csv")[0]
    assert graph(tmp_path / "in.spacy", tmp_path / "out.csv", "--aliases")[0] == 0
    assert rows(tmp_path / "out.csv")[0]["tail_alias"] == "GPE/oslo"


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (("DEMO", "out.txt"), 1, "end in .jsonld, .graphml or .csv"),
        (("nothing.spacy", "out.csv"), 1, "no such file"),
        (("bad.jsonl", "out.csv"), 1, "bad.jsonl:1"),
        (("DEMO", "text", "out.csv"), 2, "expected OUTPUT"),
        (("nothing", "A text.", "out.csv"), 1, "could not load this pipeline"),
        (("empty.jsonl", "out.csv"), 1, "found no documents"),
    ],
)
def test_wrong_arguments_are_named_and_leave_nothing(demo_path, tmp_path, monkeypatch, arguments, code, expected):
    monkeypatch.chdir(tmp_path)
    Path("bad.jsonl").write_text("{\n", encoding="utf-8")
    Path("empty.jsonl").write_text("", encoding="utf-8")
    found, output = graph(*(demo_path if argument == "DEMO" else argument for argument in arguments))
    assert found == code
    assert expected in " ".join(output.replace("│", "").split())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.jsonl", "empty.jsonl"]


CORPORA = {
    "ace05/sample": "ace05",
    "btc": "iob",
    "conll04": "conll04",
    "conll2012_sample": "conll2012",
    "crossre": "crossre",
    "gap": "gap",
    "knowledgenet": "knowledgenet",
    "litbank": "litbank",
    "litbank/coref/brat": "brat",
    "ontogum/coref/ontogum/conllu": "corefud",
    "ontogum/dep": "gum",
    "redocred": "redocred",
    "uner_english_pud": "iob",
    "wikigold": "iob",
    "wnut17": "iob",
}


@pytest.mark.parametrize("folder", CORPORA)
def test_every_document_of_every_corpus_has_a_graph(folder, hmtl_data, tmp_path):
    convert(CORPORA[folder], hmtl_data / folder, tmp_path / "in.spacy")
    n_docs = 0
    for doc in read_docs(tmp_path / "in.spacy", spacy.blank("xx")):
        found, n_docs = make_graph(doc, "a", aliases=True), n_docs + 1
        keys = {entity.key for entity in found.entities}
        assert all({edge.head, edge.tail} <= keys for edge in found.edges)
        assert len(found.edges) == len(entity_relations(coref_clusters(doc), relations(doc)))
    assert n_docs


def test_every_document_of_the_demo_has_a_graph(tmp_path):
    convert("demo", Path(__file__).parents[2] / "assets/demo/texts", tmp_path / "in.spacy")
    docs = list(read_docs(tmp_path / "in.spacy", spacy.blank("xx")))
    assert len([make_graph(doc, "a") for doc in docs]) == 232
