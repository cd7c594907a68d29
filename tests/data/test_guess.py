"""`convert` without a format: what it takes, and when it refuses."""

import json

import pytest
from test_cases import CASES, EXPECTED, layers
from typer.testing import CliRunner

from spacy_hmtl.cli.app import app
from spacy_hmtl.data.convert import convert
from spacy_hmtl.data.export.run import export
from spacy_hmtl.data.faults import ConversionError
from spacy_hmtl.data.formats import FORMATS
from spacy_hmtl.data.guess import guess_format

# What these may be read as instead of the format that their case names: both come to the same.
SAME = {("dygie", "coref-json"), ("doccano", "spans"), ("labelstudio", "spans"), ("webanno", "cas")}
REFUSED = [case for case in EXPECTED if EXPECTED[case].get("refuse")]
READABLE = [case for case in EXPECTED if case not in REFUSED and EXPECTED[case].get("or") != "refuse"]


def run(*arguments):
    """Exit code and output (its white space folded) of the command."""
    result = CliRunner().invoke(app, ["convert", *(str(argument) for argument in arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.replace("│", "").split())


@pytest.mark.parametrize("case", READABLE)
def test_a_case_is_taken_for_what_it_is(case, tmp_path):
    info = EXPECTED[case]
    found = guess_format(CASES / case).format
    assert found == info["format"] or (info["format"], found) in SAME
    code, output = run(CASES / case, tmp_path / "out.spacy", *info.get("options", []))
    assert code == 0, output
    assert f"Read as {found}: " in output
    annotated = layers(tmp_path / "out.spacy")
    for layer in ("names", "mentions", "clusters", "relations"):
        if layer in info:
            assert sorted(annotated[layer] or []) == sorted(info[layer]), layer


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_with_its_format_is_refused_without(case, tmp_path):
    assert run(CASES / case, tmp_path / "out.spacy")[0] == 1
    assert not (tmp_path / "out.spacy").exists()


@pytest.mark.parametrize("format", ["brat", "conll", "dygie", "jsonl"])
def test_what_is_exported_is_known_again(format, demo_path, tmp_path):
    output = tmp_path / ("out" if format == "brat" else "out.txt")
    export(format, demo_path, output)
    assert guess_format(output).format == {"conll": "conll2012"}.get(format, format)


def test_the_demo_corpus_is_known(tmp_path):
    assert guess_format(CASES.parents[2] / "assets/demo/texts").format == "demo"


@pytest.mark.parametrize(
    "text", ["Mira left Oslo.\n", "", "a,b\n1,2\n", '{"a": 1}\n', "[1, 2]\n", "<html></html>", '{"a": ', "\xff\xfe\0"]
)
def test_a_file_of_no_known_format_is_refused(text, tmp_path):
    (tmp_path / "in.txt").write_bytes(text.encode("latin-1"))
    code, output = run(tmp_path / "in.txt", tmp_path / "out.spacy")
    assert code == 1
    assert ("[H120]" if "\0" in text else "[H172]") in output
    assert not (tmp_path / "out.spacy").exists()


def test_a_file_that_two_formats_fit_is_refused(tmp_path):
    both = {"tokens": ["Mira", "left"], "entities": [{"type": "PER", "start": 0, "end": 1}], "clusters": [[[0, 0]]]}
    (tmp_path / "in.json").write_text(json.dumps([both]), encoding="utf-8")
    code, output = run(tmp_path / "in.json", tmp_path / "out.spacy")
    assert code == 1
    assert "[H173]" in output
    assert "coref-json: clusters beside tokens or a text; spert: tokens with entities" in output


def test_a_folder_of_different_formats_is_refused(tmp_path):
    (tmp_path / "a.json").write_text('{"text": "Mira", "label": [[0, 4, "PER"]]}', encoding="utf-8")
    (tmp_path / "b.tsv").write_text("Mira\tB-PER\nleft\tO\n\nTom\tB-PER\nleft\tO\n", encoding="utf-8")
    with pytest.raises(ConversionError, match=r"\[H173\].*spans: a.json; iob: b.tsv"):
        guess_format(tmp_path)


def test_files_that_lie_beside_a_corpus_do_not_matter(tmp_path):
    (tmp_path / "a.json").write_text('{"text": "Mira", "label": [[0, 4, "PER"]]}', encoding="utf-8")
    for name in ("README.md", "LICENSE", ".hidden.json", "train.ids"):
        (tmp_path / name).write_text('{"sents": [["Mira"]], "vertexSet": []}', encoding="utf-8")
    assert guess_format(tmp_path) == ("spans", "texts with spans in a.json")


def test_texts_without_annotation_do_not_hide_what_the_others_are(tmp_path):
    lines = '{"text": "Tom"}\n{"text": "Mira", "label": [[0, 4, "PER"]]}\n'
    (tmp_path / "a.jsonl").write_text(lines, encoding="utf-8")
    assert guess_format(tmp_path / "a.jsonl").format == "spans"


def test_auto_can_be_said(tmp_path):
    assert run("auto", CASES / "gap.tsv", tmp_path / "out.spacy")[0] == 0
    assert convert("auto", CASES / "gap.tsv", tmp_path / "out.spacy").format == "gap"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("iob", "out.spacy"), "expected INPUT and OUTPUT.spacy after the format iob"), (("a", "b", "c", "d"), "found 4")],
)
def test_wrong_numbers_of_arguments_are_explained(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, output = run(*arguments)
    assert code == 2
    assert message in output


def test_a_missing_input_is_named(tmp_path):
    code, output = run(tmp_path / "nothing.json", tmp_path / "out.spacy")
    assert code == 1
    assert "[H101]" in output


CORPORA = {
    "wikigold": "iob",
    "btc": "iob",
    "uner_english_pud": "iob",
    "wnut17": "iob",
    "conll04": "conll04",
    "crossre": "crossre",
    "redocred": "redocred",
    "knowledgenet": "knowledgenet",
    "gap": "gap",
    "litbank": "litbank",
    "litbank/coref/brat": "brat",
    "ontogum/dep": "gum",
    "conll2012_sample": "conll2012",
    "ace05/sample": "ace05",
}


@pytest.mark.parametrize("folder", CORPORA)
def test_every_corpus_is_known(folder, hmtl_data):
    assert guess_format(hmtl_data / folder).format == CORPORA[folder]


def test_a_folder_of_all_corpora_is_refused(hmtl_data):
    with pytest.raises(ConversionError, match=r"\[H173\]"):
        guess_format(hmtl_data)


def test_every_format_is_guessed_in_a_test():
    guessed = {guess_format(CASES / case).format for case in READABLE} | set(CORPORA.values())
    others = {"demo", "jsonl"}  # above
    assert set(FORMATS) - guessed - others - {"corefud", "doccano", "labelstudio", "prodigy"} == set()


def test_files_of_other_tools_are_known(tmp_path):
    texts = {
        "corefud": "# global.Entity = eid-etype-head-other\n# newdoc id = a\n"
        + "1\tMira"
        + "\t_" * 7
        + "\tEntity=(e1--1)\n",
        "doccano": '{"text": "Mira", "entities": [{"id": 1, "label": "PER", "start_offset": 0, "end_offset": 4}]}\n',
        "labelstudio": '[{"data": {"text": "Mira"}, "annotations": [{"result": []}]}]',
        "prodigy": '{"text": "Mira", "spans": [{"start": 0, "end": 4, "label": "PER"}], "answer": "accept"}\n',
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert guess_format(tmp_path / name).format == name
