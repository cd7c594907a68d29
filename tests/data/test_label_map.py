"""Label maps: labels renamed, merged and dropped, in `convert` and in the corpus reader; nothing silently."""

import json
from typing import Any

import pytest
import spacy
from data.random_documents import VOCAB, documents
from hypothesis import given, settings
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_hmtl.annotations import AnnotatedDocument, Layers, from_doc, get_meta, to_doc
from spacy_hmtl.cli.app import app
from spacy_hmtl.data.convert import convert
from spacy_hmtl.data.faults import ConversionError
from spacy_hmtl.data.label_map import read_label_map
from spacy_hmtl.training.corpus import make_multi_task_corpus
from spacy_hmtl.types import LabeledSpan, Triple

ANN, OSLO, MAY = LabeledSpan(0, 1, "PERSON"), LabeledSpan(2, 3, "GPE"), LabeledSpan(4, 5, "DATE")
MAP = {"ner": {"PERSON": "PER", "GPE": "LOC", "DATE": None}, "emd": {"PERSON": "PER"}, "relation": {"LEFT": "LEAVE"}}


def document(**meta):
    layers = Layers(
        entities=[ANN, OSLO, MAY],
        mentions=[ANN, OSLO, MAY],
        relations=[Triple(ANN, "LEFT", OSLO), Triple(ANN, "WHEN", MAY)],
    )
    return AnnotatedDocument("a", "Ann left Oslo in May".split(), [True] * 4 + [False], [0], layers, meta)


def mapped(rules, source=None):
    """The layers of the document under a map, and what was done."""
    return read_label_map(rules).apply((source or document()).layers)


def labels(spans):
    return [span.label for span in spans]


def test_a_map_is_by_layer():
    layers, change = mapped(MAP)
    assert labels(layers.entities) == ["PER", "LOC"]
    assert labels(layers.mentions) == ["PER", "GPE", "DATE"]
    assert [(r.head.label, r.label, r.tail.label) for r in layers.relations] == [
        ("PER", "LEAVE", "GPE"),
        ("PER", "WHEN", "DATE"),
    ]
    assert change.dropped["ner"] == {"DATE": 1}
    assert change.unnamed["emd"] == {"GPE": 1, "DATE": 1}
    assert change.unnamed["relation"] == {"WHEN": 1}


@pytest.mark.parametrize("name", ["ner", "entities", "ents", "names"])
def test_a_layer_may_be_called_what_it_is_called_elsewhere(name):
    assert labels(mapped({name: {"PERSON": "PER"}})[0].entities) == ["PER", "GPE", "DATE"]


def test_rules_outside_a_layer_are_for_all_and_those_inside_come_first():
    layers, _ = mapped({"emd": {"GPE": "PLACE"}, "GPE": "LOC", "LEFT": "LEAVE"})
    assert labels(layers.entities) == ["PERSON", "LOC", "DATE"]
    assert labels(layers.mentions) == ["PERSON", "PLACE", "DATE"]
    assert labels(layers.relations) == ["LEAVE", "WHEN"]
    assert layers.relations[0].tail.label == "PLACE"


def test_others_can_be_dropped_or_merged():
    layers, change = mapped({"ner": {"PERSON": "GPE", "*": None}, "emd": {"PERSON": "PER", "*": "MISC"}})
    assert labels(layers.entities) == ["GPE", "GPE"]  # a new name stays what it is
    assert labels(layers.mentions) == ["PER", "MISC", "MISC"]
    assert not change.unnamed["ner"]


def test_a_relation_goes_with_its_argument_but_a_cluster_keeps_its_mention():
    source = document()
    source.layers.clusters = [[ANN, MAY]]
    layers, change = mapped({"DATE": None}, source)
    assert labels(layers.relations) == ["LEFT"]
    assert (change.n_relations, change.kept) == (1, [0])
    assert layers.clusters == [[ANN, MAY]]


def test_an_argument_that_is_still_a_mention_keeps_its_relation():
    layers, change = mapped({"ner": {"DATE": None}})
    assert len(layers.relations) == 2
    assert change.n_relations == 0


def test_spans_and_relations_that_become_the_same_are_one():
    source = document()
    source.layers.mentions = [ANN, ANN._replace(label="NOBLE"), OSLO, MAY]
    source.layers.relations = [Triple(ANN, "LEFT", OSLO), Triple(ANN, "QUIT", OSLO)]
    layers, change = mapped({"emd": {"NOBLE": "PERSON"}, "relation": {"QUIT": "LEFT"}}, source)
    assert labels(layers.mentions) == ["PERSON", "GPE", "DATE"]
    assert labels(layers.relations) == ["LEFT"]
    assert change.kept == [0]


def test_evidence_stays_with_its_relation(tmp_path):
    source = document(evidence=[[0], [1]])
    label_map = read_label_map({"relation": {"LEFT": None}})
    layers, change = label_map.apply(source.layers)
    assert label_map.apply_meta(source.meta, layers, change) == {"evidence": [[1]]}


def test_what_is_annotated_is_what_the_map_says_or_the_document_knows_better():
    label_map = read_label_map({"ner": {"PERSON": "PER", "annotated": ["PER", "LOC"]}, "relation": {"LEFT": "LEAVE"}})
    layers, change = label_map.apply(document().layers)
    assert label_map.apply_meta({}, layers, change) == {"annotated_labels": {"ner": ["PER", "LOC"]}}
    own = {"annotated_labels": {"ner": ["PERSON"], "relation": ["LEFT", "WHEN"]}}
    expected = {"annotated_labels": {"ner": ["PER"], "relation": ["LEAVE", "WHEN"]}}
    assert label_map.apply_meta(own, layers, change) == expected
    nothing, change = label_map.apply(Layers())
    assert label_map.apply_meta({}, nothing, change) == {}


@settings(max_examples=80, deadline=None)
@given(documents())
def test_a_mapped_document_makes_sense_and_an_empty_rule_changes_nothing(document):
    kept = from_doc(to_doc(document, VOCAB)).layers
    same, _ = read_label_map({"nothing at all": "X"}).apply(kept)
    assert same.entities == kept.entities
    assert same.mentions is None or same.mentions == list(dict.fromkeys(kept.mentions or []))
    assert same.relations is None or same.relations == list(dict.fromkeys(kept.relations or []))
    for rules in ({"*": None}, {"*": "X"}, {"emd": {"*": None}}, {"ner": {"*": None}}):
        document.layers, _ = read_label_map(rules).apply(kept)
        to_doc(document, VOCAB)  # checks that names do not overlap, and that arguments are mentions


@pytest.mark.parametrize(
    "rules", ["[]", "{}", "{", '{"coref": {"A": "B"}}', '{"ner": {"A": 3}}', '{"A": ""}', '{"ner": {"annotated": [1]}}']
)
def test_what_is_no_map_is_refused_before_anything_is_read(rules, tmp_path):
    (tmp_path / "map.json").write_text(rules, encoding="utf-8")
    with pytest.raises(ConversionError, match=r"\[H175\] .*map.json: not a label map"):
        convert("iob", __file__, tmp_path / "out.spacy", labels=tmp_path / "map.json")
    with pytest.raises(ValueError, match=r"\[H101\]"):
        read_label_map(tmp_path / "other.json")


def test_convert_maps_labels_and_says_what_it_did(tmp_path):
    (tmp_path / "in.conll").write_text(
        "Ann\tB-person\nmet\tO\nBo\tB-per\nin\tO\nMay\tB-date\nx\tB-misc\n", encoding="utf-8"
    )
    rules = {"ner": {"person": "PER", "per": "PER", "date": None, "gpe": "LOC", "annotated": ["PER", "LOC"]}}
    (tmp_path / "map.json").write_text(json.dumps(rules), encoding="utf-8")
    arguments = ["convert", "iob", tmp_path / "in.conll", tmp_path / "out.spacy", "--labels", tmp_path / "map.json"]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    output = " ".join(result.output.split())
    assert result.exit_code == 0, output
    (doc,) = DocBin().from_disk(tmp_path / "out.spacy").get_docs(spacy.blank("en").vocab)
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("Ann", "PER"), ("Bo", "PER"), ("x", "misc")]
    assert get_meta(doc)["annotated_labels"] == {"ner": ["PER", "LOC"]}
    for part in (
        "PER 2",
        "1 names labelled date, dropped by the label map",
        "1 names labelled misc, which the label map does not name, kept",
        "1 label gpe of the label map that no names have",
    ):
        assert part in output


@pytest.fixture
def corpus(tmp_path):
    """Two corpora with different labels in one folder, and a reader of them under a map."""
    other = document()
    other.layers = Layers(entities=[ANN._replace(label="per"), OSLO._replace(label="place")])
    DocBin(docs=[to_doc(document(), VOCAB)]).to_disk(tmp_path / "a.spacy")
    DocBin(docs=[to_doc(other, VOCAB)]).to_disk(tmp_path / "b.spacy")

    def make(rules, **blocks):
        block = {"path": str(tmp_path), "labels": rules}
        return make_multi_task_corpus(**dict.fromkeys(blocks or ("ner",), block))  # type: ignore[arg-type]

    return make


UNION = {
    "ner": {"PERSON": "PER", "per": "PER", "GPE": "LOC", "place": "LOC", "DATE": None, "annotated": ["LOC", "PER"]}
}


def test_corpora_with_different_labels_teach_one_layer(corpus):
    nlp = spacy.blank("en")
    examples = list(corpus(UNION)(nlp))
    assert [[ent.label_ for ent in eg.reference.ents] for eg in examples] == [["PER", "LOC"]] * 2
    assert all(get_meta(eg.reference)["annotated_labels"] == {"ner": ["LOC", "PER"]} for eg in examples)


def test_the_map_travels_with_the_pipeline(corpus, tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("hmtl", config={"model": {"levels": [["ner"]]}})
    reader = corpus(UNION)
    nlp.initialize(lambda: reader(nlp))
    pipe: Any = nlp.get_pipe("hmtl")
    assert pipe.label_data["ner"] == ["LOC", "PER"]
    nlp.to_disk(tmp_path / "model")
    assert spacy.load(tmp_path / "model").meta["spacy_hmtl"]["label_maps"] == {"ner": UNION}


def test_the_reader_says_once_which_labels_map_and_data_do_not_share(corpus, recwarn):
    reader, nlp = corpus({"ner": {"PERSON": "PER", "PRESON": "PER"}}), spacy.blank("en")
    for _ in range(2):
        list(reader(nlp))
    messages = [str(warning.message) for warning in recwarn]
    assert [message.partition("]")[0] for message in messages] == ["[W180", "[W181"]
    assert "DATE, GPE, per, place" in messages[0]
    assert "PRESON" in messages[1]


def test_a_reader_maps_relations_with_their_arguments(corpus):
    (example,) = corpus({"GPE": "LOC", "DATE": None, "*": "X"}, relation=True)(spacy.blank("en"))
    layers = from_doc(example.reference).layers
    assert [(r.head.label, r.label, r.tail.label) for r in layers.relations or []] == [("X", "X", "LOC")]


def test_a_wrong_map_is_refused_when_the_reader_is_made(corpus):
    with pytest.raises(ValueError, match=r"\[H175\]"):
        corpus({"ner": {"PERSON": 3}})
