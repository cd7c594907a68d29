"""`calibrate`: the same annotation with other confidences, stored in the pipeline."""

import json
from typing import Any

import pytest
import spacy

from spacy_hmtl.annotations.layers import read
from spacy_hmtl.pipeline.calibration import set_temperatures


@pytest.fixture
def documents(demo_docs):
    return [doc.text for doc in demo_docs]


def rows(nlp, texts):
    """What is found, without and with confidences."""
    layers = [read(doc) for doc in nlp.pipe(texts)]
    bare = [
        (
            [span[:3] for span in own.entities or []],
            [span[:3] for span in own.mentions or []],
            [[mention[:2] for mention in cluster] for cluster in own.clusters or []],
            [(one.head[:3], one.label, one.tail[:3]) for one in own.relations or []],
        )
        for own in layers
    ]
    return bare, [relation.score for own in layers for relation in own.relations or []]


def temperatures_of(path, name="hmtl"):
    pipe: Any = spacy.load(path).get_pipe(name)
    return pipe.cfg["temperatures"]


def test_calibrated_pipelines_find_the_same(trained_nlp, documents, tmp_path):
    trained_nlp.to_disk(tmp_path / "model")
    nlp = spacy.load(tmp_path / "model")
    pipe: Any = nlp.get_pipe("hmtl")
    pipe.cfg.update(relation_threshold=0.3, singleton_threshold=0.6, coref_threshold=0.4)
    before, sure = rows(nlp, documents)
    set_temperatures(pipe, {"ner": 2.0, "emd": 0.5, "coref": 3.0, "relation": 4.0})
    after, less_sure = rows(nlp, documents)
    assert after == before
    assert any(sure)
    assert all(abs(b - 0.5) < abs(a - 0.5) for a, b in zip(sure, less_sure) if a != 0.5)
    assert pipe.cfg["relation_threshold"] > 0.3
    nlp.to_disk(tmp_path / "saved")
    assert rows(spacy.load(tmp_path / "saved"), documents) == (after, less_sure)
    set_temperatures(pipe, {})
    assert pipe.cfg["relation_threshold"] == pytest.approx(0.3)


def test_the_command_lowers_the_error(model_path, demo_path, tmp_path, run):
    code, output = run("calibrate", model_path, demo_path, tmp_path / "new", "--bins", tmp_path / "bins.json")
    assert code == 0, output
    temperatures = temperatures_of(tmp_path / "new")
    assert temperatures
    assert all(value > 0 for value in temperatures.values())
    bins = json.loads((tmp_path / "bins.json").read_text(encoding="utf-8"))
    assert all({"before", "after"} == set(own) for own in bins.values())
    assert "temperature" in output
    # What is calibrated already is not calibrated twice.
    code, _ = run("calibrate", tmp_path / "new", demo_path, tmp_path / "again")
    assert code == 0
    assert temperatures_of(tmp_path / "again") == pytest.approx(temperatures, rel=1e-3)


def test_every_component_is_calibrated(trained_nlp, demo_path, tmp_path, run):
    trained_nlp.to_disk(tmp_path / "one")
    nlp = spacy.load(tmp_path / "one")
    nlp.add_pipe("hmtl", name="second", source=spacy.load(tmp_path / "one"))
    second: Any = nlp.get_pipe("second")
    second.cfg["spans_keys"] = {"emd": "others", "relation": "other_relations", "coref": "chains", "ner": "other_names"}
    nlp.to_disk(tmp_path / "model")
    code, output = run("calibrate", tmp_path / "model", demo_path, tmp_path / "new", "--bins", tmp_path / "bins.json")
    assert code == 0, output
    first, other = (temperatures_of(tmp_path / "new", name) for name in ("hmtl", "second"))
    # Names of the second are in `doc.ents` only where the first has left room.
    shared = [task for task in first if task != "ner"]
    assert shared
    assert [other[task] for task in shared] == pytest.approx([first[task] for task in shared], rel=1e-3)
    assert {"hmtl.emd", "second.emd"} <= set(json.loads((tmp_path / "bins.json").read_text(encoding="utf-8")))


def test_outputs_that_hold_something_else_are_left_alone(model_path, demo_path, tmp_path, run):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "thoughts.txt").write_text("mine", encoding="utf-8")
    code, output = run("calibrate", model_path, demo_path, tmp_path / "notes")
    assert code == 1
    assert "H281" in output
    assert (tmp_path / "notes" / "thoughts.txt").read_text(encoding="utf-8") == "mine"


def test_too_little_gold_is_refused(model_path, demo_docs, tmp_path, run):
    from spacy.tokens import DocBin

    for key in ("coref", "mentions", "relations"):
        demo_docs[0].spans.pop(key, None)
    DocBin(docs=demo_docs[:1]).to_disk(tmp_path / "gold.spacy")
    code, output = run("calibrate", model_path, tmp_path / "gold.spacy", tmp_path / "new")
    assert code == 1
    assert "H280" in output
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("value", [{"names": 1.0}, {"ner": 0.0}, {"ner": -1.0}])
def test_impossible_temperatures_are_refused_at_start(value):
    with pytest.raises(ValueError, match=r"H205.*temperatures"):
        spacy.blank("en").add_pipe("hmtl", config={"temperatures": value})
