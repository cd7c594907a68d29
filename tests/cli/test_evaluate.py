"""`evaluate`: the scores of `nlp.evaluate`, as a table and as JSON."""

import json
import re

import pytest
import spacy
from spacy.tokens import DocBin
from tiny import tiny_nlp

from spacy_hmtl.annotations import RELATIONS
from spacy_hmtl.cli.evaluate import percent


def test_scores_are_those_of_nlp_evaluate(model_path, demo_path, demo_examples, tmp_path, run):
    code, output = run("evaluate", model_path, demo_path, "--output", tmp_path / "new" / "scores.json")
    assert code == 0
    scores = json.loads((tmp_path / "new" / "scores.json").read_text(encoding="utf-8"))
    expected = spacy.load(model_path).evaluate(demo_examples)
    errors = {"ents_ece", "mentions_ece", "coref_ece", "relations_ece"}
    assert set(scores) == set(expected) | errors
    assert all(0 <= scores[key] <= 1 for key in errors)
    for key in ("ents_f", "mentions_f", "coref_f", "coref_lea_f", "relations_f", "relations_last_token_f"):
        assert scores[key] == pytest.approx(expected[key], abs=1e-9)
    assert re.search(rf"^names .* {percent(scores['ents_f'])}$", output, re.MULTILINE)
    assert re.search(rf"^  lea .* {percent(scores['coref_lea_f'])}$", output, re.MULTILINE)


def test_types_have_their_own_tables(model_path, demo_path, run):
    _, output = run("evaluate", model_path, demo_path)
    for table in ("names by type", "mentions by type", "relations by type"):
        assert table in output
    assert "PERSON" in output


def test_layers_that_are_not_annotated_have_no_score(model_path, demo_docs, tmp_path, run):
    for doc in demo_docs:
        del doc.spans[RELATIONS]
    DocBin(docs=demo_docs).to_disk(tmp_path / "gold.spacy")
    _, output = run("evaluate", model_path, tmp_path, "--output", tmp_path / "scores.json")
    assert re.search(r"^relations +- +- +-$", output, re.MULTILINE)
    assert "relations by type" not in output
    assert json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))["relations_f"] is None


def test_gold_mentions_are_all_found(model_path, demo_path, tmp_path, run):
    run("evaluate", model_path, demo_path, "--gold-mentions", "--output", tmp_path / "scores.json")
    assert json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))["coref_mentions_p"] == 1.0


def test_show_prints_names_chains_and_triples(model_path, demo_path, demo_docs, run):
    _, output = run("evaluate", model_path, demo_path, "--show", 2)
    assert output.count("  names: ") == 2
    assert re.search(r"^    0: .+\(\d+\), .+\(\d+\)", output, re.MULTILINE)
    assert re.search(r"^    .+ --[A-Z_]+--> .+ \| [01]\.\d\d$", output, re.MULTILINE)


def test_errors_are_listed(demo_docs, demo_path, demo_examples, tmp_path, run):
    nlp = tiny_nlp(demo_examples)  # untrained
    nlp.to_disk(tmp_path / "model")
    _, output = run("evaluate", tmp_path / "model", demo_path, "--errors", 3)
    for layer in ("names", "mentions", "relations", "clusters"):
        assert re.search(rf"{layer}: [\d,]+ errors", output)
    assert "missed [" in output


def test_missing_data_is_named(model_path, tmp_path, run):
    code, output = run("evaluate", model_path, tmp_path / "missing.spacy")
    assert code == 1
    assert "no such file" in output.replace("\n", " ")


def test_gold_mentions_need_the_component(demo_path, tmp_path, run):
    spacy.blank("en").to_disk(tmp_path / "blank")
    code, output = run("evaluate", tmp_path / "blank", demo_path, "--gold-mentions")
    assert code == 1
    assert "no component hmtl" in output.replace("\n", " ")
