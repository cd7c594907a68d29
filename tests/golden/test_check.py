"""`check`: a pipeline that is what it was passes; one that says something else fails, with what and why."""

import json
import os
from importlib.metadata import version
from typing import Any

import pytest
import spacy
from spacy.cli import package
from typer.testing import CliRunner

from spacy_hmtl.annotations.jsonl import doc_to_json
from spacy_hmtl.cli.app import app
from spacy_hmtl.golden.compare import compare
from spacy_hmtl.golden.sample import FILE


def check(*arguments):
    """Exit code and output (its white space folded) of the command."""
    result = CliRunner().invoke(app, ["check", *(str(argument) for argument in arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


@pytest.fixture
def sample_path(texts, tmp_path):
    path = tmp_path / "sample.jsonl"
    lines = [json.dumps({"text": text}) + "\n" for text in ("", *texts[1:5])]
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def model_path(trained_nlp, tmp_path):
    """The tiny pipeline on disk, without a sample."""
    trained_nlp.to_disk(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def golden_path(model_path, sample_path):
    """The tiny pipeline with its golden sample."""
    assert check(model_path, "--write", sample_path)[0] == 0
    return model_path


def edit(path, change):
    """Change the stored sample."""
    sample = json.loads((path / FILE).read_text(encoding="utf-8"))
    change(sample)
    (path / FILE).write_text(json.dumps(sample), encoding="utf-8")


def test_a_pipeline_that_is_what_it_was_passes(golden_path):
    code, output = check(golden_path)
    assert code == 0
    assert "Same annotation of 5 documents" in output
    assert "Every version is what it was" in output
    assert "Every file is what it was" in output


def test_the_sample_is_what_annotate_writes(golden_path, trained_nlp, texts):
    stored = json.loads((golden_path / FILE).read_text(encoding="utf-8"))["documents"]
    assert stored[1] == json.loads(json.dumps(doc_to_json(trained_nlp(texts[1]))))
    assert stored[1]["relations"]


def test_another_annotation_fails_and_is_named(golden_path):
    def change(sample):
        document = sample["documents"][1]
        document["ents"][0]["label"] = "PLANET"
        document["relations"].pop()
        document["clusters"], document["links"] = document["clusters"][1:], document["links"][1:]

    edit(golden_path, change)
    code, output = check(golden_path)
    assert code == 1
    assert "document 2: names: gone: PLANET" in output
    assert "document 2: relations: new:" in output
    assert "document 2: clusters: new:" in output


def test_other_weights_fail_and_the_file_is_named(golden_path, trained_nlp):
    nlp = spacy.load(golden_path)
    pipe: Any = nlp.get_pipe("hmtl")
    for parameter in pipe.model.shims[0].hierarchy.parameters():
        parameter.data *= 0.5
    nlp.to_disk(golden_path)
    code, output = check(golden_path)
    assert code == 1
    assert "Other file" in output
    assert "hmtl/model" in output
    assert "tokens" not in output.split("differences in")[0].split("document 2")[-1]


def test_moved_confidences_fail_beyond_the_tolerance(golden_path):
    def change(sample):
        sample["documents"][1]["ents"][0]["score"] -= 0.05

    edit(golden_path, change)
    code, output = check(golden_path)
    assert code == 1
    assert "names: moved:" in output
    assert "moved by 0.05" in output
    assert check(golden_path, "--tolerance", 0.1)[0] == 0


def test_other_versions_are_listed_and_do_not_fail(golden_path):
    def change(sample):
        sample["versions"]["torch"] = "1.0.0"
        del sample["versions"]["numpy"]

    edit(golden_path, change)
    code, output = check(golden_path)
    assert code == 0
    assert f"torch 1.0.0 {version('torch')}" in output
    assert f"numpy none {version('numpy')}" in output
    assert "thinc" not in output


def test_a_copy_leaves_the_model_as_it_is(model_path, sample_path, tmp_path):
    before = sorted(path.name for path in model_path.iterdir())
    for _ in range(2):  # an earlier copy is replaced
        code, _ = check(model_path, "--write", sample_path, "--output", tmp_path / "new" / "copy")
        assert code == 0
    assert sorted(path.name for path in model_path.iterdir()) == before
    assert check(tmp_path / "new" / "copy")[0] == 0
    assert os.listdir(tmp_path / "new") == ["copy"]


def test_a_folder_of_something_else_is_not_replaced(model_path, sample_path, tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("Dear Anna", encoding="utf-8")
    code, output = check(model_path, "--write", sample_path, "--output", tmp_path / "letters")
    assert (code, "not empty" in output) == (1, True)
    assert (tmp_path / "letters" / "a.txt").read_text(encoding="utf-8") == "Dear Anna"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_the_package_carries_the_sample(golden_path, tmp_path):
    (tmp_path / "out").mkdir()
    package(golden_path, tmp_path / "out", name="hmtl_golden", version="1.0.0", create_sdist=False, silent=True)
    (found,) = (tmp_path / "out").rglob(FILE)
    assert check(found.parent)[0] == 0


def test_what_cannot_be_checked_is_said(model_path, sample_path, tmp_path):
    code, output = check(model_path)
    assert (code, "carries no golden sample" in output) == (1, True)
    (model_path / FILE).write_text('{"format": 99}', encoding="utf-8")
    code, output = check(model_path)
    assert (code, "not a golden sample" in output) == (1, True)
    (tmp_path / "empty.txt").write_text(" \n", encoding="utf-8")
    code, output = check(model_path, "--write", tmp_path / "empty.txt")
    assert (code, "holds no text" in output) == (1, True)
    assert check(tmp_path / "nothing")[0] == 1
    assert check(model_path, "--output", tmp_path / "copy")[0] == 2


def test_one_mention_more_changes_links_not_whole_clusters():
    def document(cluster):
        empty: dict[str, Any] = {"tokens": [], "ents": None, "mentions": None, "relations": None}
        return {"text": "Anna her she", "clusters": [cluster], "links": [[0.9] * len(cluster)], **empty}

    old, new = document([[0, 4], [5, 8], [9, 12]]), document([[0, 4], [9, 12]])
    found = compare([old], [new], tolerance=0.0).differences
    assert sorted((d.kind, d.what) for d in found) == [
        ("gone", '"her" [5, 8) = "Anna" [0, 4)'),
        ("gone", '"she" [9, 12) = "her" [5, 8)'),
        ("new", '"she" [9, 12) = "Anna" [0, 4)'),
    ]
