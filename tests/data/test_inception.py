"""INCEpTION: tables of WebAnno and CAS JSON, whose layers are told apart and whose losses are said."""

import json

import pytest
from data.readings import faults, texts

from spacy_hmtl.data.convert import convert
from spacy_hmtl.data.faults import ConversionError

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
