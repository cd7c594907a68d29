"""One rule for what `annotate`, `visualize`, `graph` and `evaluate` are given: a path, a text, or standard input."""

import json
import shutil
import subprocess
import sys

import pytest
import spacy
from spacy.tokens import Doc, DocBin

from spacy_hmtl.annotate.arguments import given, looks_like_text
from spacy_hmtl.annotations import set_entities
from spacy_hmtl.annotations.jsonl import doc_to_json
from spacy_hmtl.types import LabeledSpan

SENTENCE = "Anna Keller left Oslo."
KINDS = ("txt", "jsonl", "spacy", "parquet")
OUTPUTS = {"annotate": "out.jsonl", "visualize": "out.html", "graph": "out.jsonld"}


@pytest.fixture
def annotated():
    doc = Doc(spacy.blank("en").vocab, words=["Anna", "Keller", "left", "Oslo", "."], spaces=[True] * 3 + [False] * 2)
    set_entities(doc, [LabeledSpan(0, 2, "PERSON"), LabeledSpan(3, 4, "GPE")])
    return doc


@pytest.fixture
def files(tmp_path, annotated):
    """The document as a file of each kind, with its annotation where the kind can hold it."""
    record = doc_to_json(annotated)
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.txt").write_text(SENTENCE, encoding="utf-8")
    (folder / "a.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")
    DocBin(docs=[annotated]).to_disk(folder / "a.spacy")
    pytest.importorskip("pyarrow")
    import pyarrow.parquet

    table = pyarrow.Table.from_pylist([{k: v for k, v in record.items() if v is not None}])
    pyarrow.parquet.write_table(table, folder / "a.parquet")
    return {kind: folder / f"a.{kind}" for kind in KINDS}


def run_with(run, command, model, argument, tmp_path, *options):
    out = tmp_path / OUTPUTS[command]
    code, output = run(command, model, argument, out, *options)
    return code, "".join(output.split()), out


@pytest.mark.parametrize("command", OUTPUTS)
@pytest.mark.parametrize("kind", [*KINDS, "folder"])
def test_every_command_annotates_every_kind_of_input(model_path, files, tmp_path, run, command, kind):
    if kind == "folder":
        for name in ("b.txt", "c.txt"):
            shutil.copy(files["txt"], files["txt"].with_name(name))
        for other in ("jsonl", "spacy", "parquet"):
            files[other].unlink()
    code, output, out = run_with(
        run, command, model_path, files["txt"].parent if kind == "folder" else files[kind], tmp_path
    )
    assert code == 0, output
    if command == "annotate":
        texts = [json.loads(line)["text"] for line in out.read_text(encoding="utf-8").splitlines()]
        assert texts == [SENTENCE] * (3 if kind == "folder" else 1)
    else:
        assert f"{3 if kind == 'folder' else 1}document" in output


@pytest.mark.parametrize("command", OUTPUTS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_command_annotates_standard_input(model_path, files, tmp_path, run, command, kind):
    out = tmp_path / OUTPUTS[command]
    code, output = run(command, model_path, "-", out, stdin=files[kind].read_bytes())
    assert code == 0, output
    if command == "annotate":
        (record,) = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
        assert record["text"] == SENTENCE
        assert "id" not in record
    assert out.stat().st_size > 0


@pytest.mark.parametrize("kind", KINDS[1:])
@pytest.mark.parametrize("through", ["file", "folder", "stdin"])
@pytest.mark.parametrize("command", ["visualize", "graph", "evaluate"])
def test_annotated_documents_are_read_from_every_kind(model_path, files, tmp_path, run, command, through, kind):
    for other in set(KINDS) - {kind}:
        if through == "folder":
            files[other].unlink()
    argument = {"file": files[kind], "folder": files[kind].parent, "stdin": "-"}[through]
    stdin = files[kind].read_bytes() if through == "stdin" else None
    if command == "evaluate":
        code, output = run("evaluate", model_path, argument, stdin=stdin)
    else:
        code, output = run(command, argument, tmp_path / OUTPUTS[command], stdin=stdin)
    assert code == 0, output
    assert "1 document" in output


MISSING = (
    "letters",
    "letter.txt",
    "my letters",
    "my letter.txt",
    "letters/a b.txt",
    "./Anna left.",
    "~/Anna left.",
    "",
)


@pytest.mark.parametrize("command", [*OUTPUTS, "evaluate"])
@pytest.mark.parametrize("argument", MISSING)
def test_a_path_that_is_not_there_is_never_a_text(model_path, tmp_path, run, monkeypatch, command, argument):
    monkeypatch.chdir(tmp_path)
    code, output = run(command, model_path, argument, *([OUTPUTS[command]] if command in OUTPUTS else []))
    assert code == 1
    assert "[H590]" in output
    assert ("--text" in output) == (command in OUTPUTS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", OUTPUTS)
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((SENTENCE,), SENTENCE),
        (("“Anna left Oslo.”",), "“Anna left Oslo.”"),
        (("He and/or she left 3.5 km behind!",), "He and/or she left 3.5 km behind!"),
        (("Anna left\nand Ben stayed",), "Anna left\nand Ben stayed"),
        (("--text", "letters"), "letters"),
        (("--text", "letter.txt"), "letter.txt"),
        (("--text", "FOLDER"), "FOLDER"),
        (("--text", "-"), "-"),
        (("--text", "Anna " + 500 * "x"), "Anna " + 500 * "x"),
        ((), "Anna " + 500 * "x" + " left."),
    ],
)
def test_texts_are_texts(model_path, tmp_path, run, monkeypatch, command, arguments, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "FOLDER").mkdir()
    out = tmp_path / OUTPUTS[command]
    code, output = run(command, model_path, *(arguments or (text,)), out)
    assert code == 0, output
    if command == "annotate":
        (record,) = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
        assert (record["text"], "id" in record) == (text, False)


@pytest.mark.parametrize("command", ["visualize", "graph"])
@pytest.mark.parametrize("kind", ["empty folder", "folder of texts", "text lines", "pipeline"])
def test_documents_without_annotation_are_not_shown(model_path, files, tmp_path, run, command, kind):
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder
    if kind == "folder of texts":
        shutil.copy(files["txt"], folder)
    elif kind == "text lines":
        path = folder / "lines.jsonl"
        path.write_text('{"text": "Anna left."}\n', encoding="utf-8")
    elif kind == "pipeline":
        path = model_path
    code, output = run(command, path, tmp_path / OUTPUTS[command])
    assert code == (2 if kind == "pipeline" else 1)
    expected = {"empty folder": "H104", "folder of texts": "H104", "text lines": "H510", "pipeline": "expected TEXT"}
    assert expected[kind] in output.replace("\n", " ")
    assert not (tmp_path / OUTPUTS[command]).exists()


def test_data_without_a_layer_is_not_evaluated(model_path, files, tmp_path, run):
    DocBin(docs=[Doc(spacy.blank("en").vocab, words=["Anna", "left"])]).to_disk(tmp_path / "bare.spacy")
    assert "[H592]" in run("evaluate", model_path, tmp_path / "bare.spacy")[1]
    code, output = run("evaluate", model_path, files["txt"])
    assert (code, "[H591]" in output) == (1, True)


@pytest.mark.parametrize("command", ["visualize", "graph"])
def test_a_document_that_fails_costs_itself(failing_model_path, poisoned, tmp_path, run, command):
    code, output = run(command, failing_model_path, poisoned, tmp_path / OUTPUTS[command])
    assert code == 0
    assert output.count("[H594]") == 2
    assert "2 documents left out" in output
    (tmp_path / "bad.jsonl").write_text('{"text": "poison", "id": 7}\n', encoding="utf-8")
    (tmp_path / OUTPUTS[command]).unlink()
    code, output = run(command, failing_model_path, tmp_path / "bad.jsonl", tmp_path / OUTPUTS[command])
    assert code == 1
    assert not (tmp_path / OUTPUTS[command]).exists()


def test_a_failing_line_of_standard_input_is_named_without_a_path(model_path, tmp_path, run):
    out = tmp_path / "out.jsonl"
    code, output = run("annotate", model_path, "-", out, stdin=b'{"text": "Anna."}\n{"id": 1}\n')
    assert (code, "stdin:2: expected a text" in output) == (1, True)
    code, output = run("annotate", model_path, "-", out, stdin=b" \n")
    assert (code, "[H104] standard input" in output) == (1, True)


def test_standard_input_is_that_of_the_process(model_path, tmp_path):
    out = tmp_path / "out.jsonl"
    command = [sys.executable, "-m", "spacy_hmtl", "annotate", str(model_path), "-", str(out)]
    subprocess.run(command, input="Größe left.".encode(), check=True, capture_output=True)
    assert json.loads(out.read_text(encoding="utf-8"))["text"] == "Größe left."


@pytest.mark.parametrize("text", ["Anna left.", "Did (she) say 'yes?'", "a\nb", "Go!"[:-1] + " now…"])
def test_sentences_look_like_texts(text):
    assert looks_like_text(text)


@pytest.mark.parametrize(
    "argument", ["Anna.", "a b", "a b.txt", "dir name/file name", "C:\\My Documents are here.", "/a b."]
)
def test_what_may_be_a_path_does_not_look_like_a_text(argument):
    assert not looks_like_text(argument)


def test_what_exists_is_a_path_whatever_it_looks_like(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Anna left.").mkdir()
    with given("Anna left.") as data:
        assert data.path.is_dir()
        assert data.shown == ""
    with given("Anna left.", is_text=True) as data:
        assert data.path.read_text(encoding="utf-8") == "Anna left."
        assert data.shown == "text"


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
@pytest.mark.parametrize("command", ["annotate", "convert"])
def test_links_that_lead_out_of_a_folder_are_not_read(model_path, tmp_path, run, command):
    folder, out = tmp_path / "folder", tmp_path / ("out.jsonl" if command == "annotate" else "out.spacy")
    (folder / "inner").mkdir(parents=True)
    line = '{"text": "SECRET", "tokens": [[0, 6]], "ents": [{"start": 0, "end": 6, "label": "X"}]}\n'
    (tmp_path / "secret.jsonl").write_text(line, encoding="utf-8")
    (folder / "a.jsonl").write_text(line.replace("SECRET", "public"), encoding="utf-8")
    (folder / "inner" / "b.jsonl").symlink_to(folder / "a.jsonl")
    (folder / "inner" / "c.jsonl").symlink_to(tmp_path / "secret.jsonl")
    (folder / "d.jsonl").symlink_to(tmp_path / "nothing.jsonl")
    (folder / "loop").symlink_to(folder)
    arguments = (model_path, folder) if command == "annotate" else ("jsonl", folder)
    with pytest.warns(UserWarning, match=r"\[W130\] .*c\.jsonl: a link"):
        code, output = run(command, *arguments, out)
    assert code == 0, output
    docs = list(DocBin().from_disk(out).get_docs(spacy.blank("en").vocab)) if command == "convert" else None
    texts = [doc.text for doc in docs] if docs else [json.loads(line)["text"] for line in out.read_text().splitlines()]
    assert texts == ["public", "public"]


@pytest.mark.parametrize("suffix", [".jsonl", ".spacy", ".parquet"])
def test_what_annotate_writes_is_read_by_the_others(model_path, source, tmp_path, run, suffix):
    pytest.importorskip("pyarrow")
    out = tmp_path / f"annotated{suffix}"
    assert run("annotate", model_path, source, out)[0] == 0
    for command in ("visualize", "graph"):
        code, output = run(command, out, tmp_path / OUTPUTS[command])
        assert code == 0, output
    code, output = run("evaluate", model_path, out)
    assert code == 0, output
