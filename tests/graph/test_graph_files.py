"""`graph`: what is in the documents is in the files, readers of each format agree, and hostile texts stay texts."""

import json
import re
from pathlib import Path

import networkx
import pytest
import spacy
from graph.commands import EVIL, graph, rows
from spacy.tokens import DocBin

from spacy_hmtl.annotations import set_entities, set_mentions, set_meta
from spacy_hmtl.annotations.jsonl import write_jsonl
from spacy_hmtl.graph.build import make_graph
from spacy_hmtl.graph.table import safe_cell
from spacy_hmtl.graph.write import write_graphs
from spacy_hmtl.types import LabeledSpan


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
