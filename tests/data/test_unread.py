"""No empty gold: what could not be read is absent or refused, file by file, and what is not read is said."""

import json
from typing import Any

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_hmtl.annotations import from_doc
from spacy_hmtl.data.convert import convert
from spacy_hmtl.data.faults import ConversionError
from spacy_hmtl.data.unread import WITHOUT_LAYER


@pytest.fixture
def output(tmp_path):
    return tmp_path / "out.spacy"


@pytest.fixture
def corpus(tmp_path):
    """Write a corpus."""

    def write(text, name="corpus.txt"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def docs_in(path):
    return list(DocBin().from_disk(path).get_docs(spacy.blank("en").vocab))


SCIERC = '{{"doc_key": "a", "sentences": [["Ann", "ran"]], "ner": [[{ner}]], "relations": [[{relations}]]}}\n'


def test_a_layer_of_which_nothing_could_be_read_is_no_empty_gold(corpus, output):
    good = SCIERC.format(ner='[0, 0, "PER"], [1, 1, "X"]', relations='[0, 0, 1, 1, "to"]')
    bad = SCIERC.replace('"a"', '"b"').format(ner='[0, 0, "PER"]', relations='[0, 0, 9, 9, "to"]')
    empty = SCIERC.replace('"a"', '"c"').format(ner='[0, 0, "PER"]', relations="")
    convert("dygie", corpus(good + bad + empty), output)
    relations = [from_doc(doc).layers.relations for doc in docs_in(output)]
    assert [rows if rows is None else len(rows) for rows in relations] == [1, None, 0]
    output.unlink()
    with pytest.raises(ConversionError, match=r"\[H151\].*corpus.txt: no relations could be read \(1 faults"):
        convert("dygie", corpus(bad + empty), output)
    assert not output.exists()


def test_names_of_which_every_sentence_was_skipped_are_no_empty_gold(corpus, output):
    with pytest.raises(ConversionError, match=r"\[H151\].*no annotation could be read"):
        convert("iob", corpus("a\tO\n\nb\tO\n\nAnn\tPER\n"), output)
    assert not output.exists()


LOST = SCIERC.format(ner='[0, 0, "PER"]', relations='[0, 0, 9, 9, "to"]')
KEPT = SCIERC.format(ner='[0, 0, "PER"], [1, 1, "X"]', relations='[0, 0, 1, 1, "to"]')


def test_each_file_of_a_folder_is_held_to_it(tmp_path, output):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.json").write_text(KEPT)
    (tmp_path / "in" / "b.json").write_text(LOST)
    convert("dygie", tmp_path / "in", output)  # a single document: its layer is absent
    assert [from_doc(doc).layers.relations is None for doc in docs_in(output)] == [False, True]
    output.unlink()
    (tmp_path / "in" / "b.json").write_text(LOST + LOST)
    with pytest.raises(ConversionError, match=r"\[H151\].*b.json: no relations could be read"):
        convert("dygie", tmp_path / "in", output)
    assert not output.exists()


def test_a_label_map_does_not_hide_that_nothing_could_be_read(corpus, output):
    with pytest.raises(ConversionError, match=r"\[H151\].*no relations could be read"):
        convert("dygie", corpus(LOST + LOST), output, labels={"ner": {"PER": "PERSON"}})
    assert not output.exists()
    convert("dygie", corpus(KEPT), output, labels={"relation": {"to": None}})  # dropped by the map, not lost
    assert [from_doc(doc).layers.relations for doc in docs_in(output)] == [[]]


CONLLU = "# newdoc id = {id}\n1\tAnn\tAnn\tPROPN\t_\t_\t0\troot\t_\t{misc}\n\n"


@pytest.mark.parametrize(
    ("misc", "found"),
    [
        ("_", "documents without Entity=, and without names in the last column"),
        ("NER=Person", "documents with NER= in the last column, which is not read"),
    ],
)
def test_a_treebank_without_annotation_is_refused(corpus, output, misc, found):
    with pytest.raises(ConversionError, match=rf"\[H174\].*corpus.txt.*{found}"):
        convert("corefud", corpus(CONLLU.format(id="a", misc=misc)), output)
    assert not output.exists()


def test_a_file_without_annotation_among_others_is_said(tmp_path, output):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.conllu").write_text(CONLLU.format(id="a", misc="Entity=(1-person)"))
    (tmp_path / "in" / "b.conllu").write_text(CONLLU.format(id="b", misc="Bridge=1"))
    report = convert("corefud", tmp_path / "in", output)
    noted = [(note.place.path.name, note.kind) for note in report.log.notes]
    assert ("b.conllu", "documents with Bridge= in the last column, which is not read") in noted
    assert ("b.conllu", WITHOUT_LAYER) in noted
    assert report.annotated["clusters"] == 1


def test_an_empty_file_of_brat_is_annotated_if_others_are(tmp_path, output):
    (tmp_path / "in").mkdir()
    for name, rows in (("a", "T1\tPER 0 4\tMira\n"), ("b", "")):
        (tmp_path / "in" / f"{name}.txt").write_text("Mira left.")
        (tmp_path / "in" / f"{name}.ann").write_text(rows)
    report = convert("brat", tmp_path / "in", output)
    assert [len(from_doc(doc).layers.mentions or []) for doc in docs_in(output)] == [1, 0]
    assert any("without a line of annotation" in kind for kind in report.log.n_noted())
    output.unlink()
    (tmp_path / "in" / "a.ann").write_text("\n")
    with pytest.raises(ConversionError, match=r"\[H174\].*without a line of annotation"):
        convert("brat", tmp_path / "in", output)
    assert not output.exists()


@pytest.mark.parametrize(
    ("format", "record"),
    [
        ("doccano", {"id": 1, "text": "Mira left.", "label": [[0, 4, "PER"]], "cats": ["news"]}),
        ("prodigy", {"text": "Mira left.", "spans": [{"start": 0, "end": 4, "label": "PER"}], "cats": ["news"]}),
        ("jsonl", {"text": "Mira left.", "tokens": [[0, 4], [5, 9], [9, 10]], "ents": [], "cats": ["news"]}),
    ],
)
def test_keys_that_are_not_read_are_said(corpus, output, format, record):
    report = convert(format, corpus(json.dumps(record), "corpus.jsonl"), output)
    assert [kind for kind in report.log.n_noted() if "'cats'" in kind]
    harmless = {**record, "_session_id": "me", "meta": {"source": "x"}}
    del harmless["cats"]
    output.unlink()
    report = convert(format, corpus(json.dumps(harmless), "corpus.jsonl"), output)
    assert not [kind for kind in report.log.n_noted() if "not read" in kind]


LABEL_STUDIO: dict[str, Any] = {
    "data": {"text": "Mira left"},
    "annotations": [{"result": [{"type": "labels", "value": {"start": 0, "end": 4, "labels": ["PER"]}}]}],
}
ANNOTATION: dict[str, Any] = {"id": "1", "infons": {"type": "PER"}, "locations": [{"offset": 0, "length": 4}]}
PASSAGE: dict[str, Any] = {
    "offset": 0,
    "text": "Mira left",
    "annotations": [ANNOTATION],
}
FACTS = {"text": "Mira leads Rom.", "facts": [[11, 14, "CEO", 0, 4]]}
PUBLISHED = {
    "passageText": "Mira leads Rom.",
    "facts": [
        {
            "propertyName": "CEO",
            "subjectStart": 11,
            "subjectEnd": 14,
            "objectStart": 0,
            "objectEnd": 4,
            "subjectText": "Rom",
        }
    ],
}


@pytest.mark.parametrize(
    ("format", "record", "key"),
    [
        ("labelstudio", LABEL_STUDIO | {"drafts": [{"result": []}]}, "drafts"),
        ("knowledgenet", FACTS | {"names": [[0, 4]]}, "names"),
        ("knowledgenet", {"passages": [PUBLISHED], "names": [1]}, "names"),
        ("knowledgenet", {"passages": [PUBLISHED | {"names": [1]}]}, "names"),
        ("bioc", {"id": "1", "passages": [PASSAGE], "clusters": [[1]]}, "clusters"),
        ("bioc", {"id": "1", "passages": [PASSAGE | {"clusters": [[1]]}]}, "clusters"),
        ("bioc", {"id": "1", "passages": [{**PASSAGE, "annotations": [ANNOTATION | {"is": 1}]}]}, "is"),
    ],
)
def test_keys_that_are_not_read_are_said_at_every_depth(corpus, output, format, record, key):
    report = convert(format, corpus(json.dumps(record), "a.json"), output)
    assert report.log.n_noted() == {f"documents with the key {key!r}, which is not read": 1}
    assert not report.log.faults


def test_predictions_that_are_not_read_are_said(corpus, output):
    task = LABEL_STUDIO | {"predictions": LABEL_STUDIO["annotations"]}
    path = corpus(json.dumps(task), "a.json")
    assert convert("labelstudio", path, output).log.n_noted() == {
        "tasks with predictions, not read (see --predictions)": 1
    }
    assert list(convert("labelstudio", path, output, predictions=True).log.n_noted()) == [
        "tasks of which the first prediction was read"
    ]


def test_slots_and_other_views_of_a_cas_are_said_and_layers_named_like_links_are_read(corpus, output):
    sofas = [
        {"%ID": 1, "%TYPE": "uima.cas.Sofa", "sofaID": "_InitialView", "sofaString": "Mira left Rom"},
        {"%ID": 2, "%TYPE": "uima.cas.Sofa", "sofaID": "other", "sofaString": "x"},
    ]
    rows = [
        {"%ID": 3, "%TYPE": "webanno.custom.HyperLink", "@sofa": 1, "begin": 0, "end": 4, "label": "PER"},
        {"%ID": 4, "%TYPE": "webanno.custom.Event", "@sofa": 1, "begin": 5, "end": 9, "label": "GO", "@who": 5},
        {"%ID": 5, "%TYPE": "uima.cas.FSArray", "%ELEMENTS": [6]},
        {"%ID": 6, "%TYPE": "webanno.custom.EventWhoLink", "role": "agent", "@target": 3},
        {"%ID": 7, "%TYPE": "webanno.custom.Event", "@sofa": 2, "begin": 0, "end": 1, "label": "X"},
    ]
    report = convert("cas", corpus(json.dumps({"%FEATURE_STRUCTURES": sofas + rows}), "a.json"), output)
    assert report.labels["mentions"] == {"PER": 1, "GO": 1}
    assert report.log.n_noted() == {
        "slots (EventWhoLink), not read": 1,
        "annotations of another view than the first, not read": 1,
    }
