"""`annotate`: all inputs and outputs, in order, through failures and stops."""

import json
import os

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_hmtl.annotations import from_doc
from spacy_hmtl.cli.annotate import annotate
from spacy_hmtl.cli.outputs import Output
from spacy_hmtl.jsonl import doc_to_json, read_jsonl


def write_lines(path, records):
    path.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    return path


def read_lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def source(tmp_path, texts):
    """Texts of every odd sort as JSON lines; half of them have ids."""
    records = [
        {"text": text, "id": f"t{i}", "meta": {"n": i}} if i % 2 else {"text": text} for i, text in enumerate(texts)
    ]
    return write_lines(tmp_path / "in.jsonl", records)


@pytest.fixture
def poisoned(tmp_path):
    words = ["Anna left.", "Ben stayed.", "poison one", "She said so.", "", "more poison", "The end."]
    return write_lines(tmp_path / "in.jsonl", [{"text": text, "id": i} for i, text in enumerate(words)])


def test_jsonl_in_and_out_keeps_order_ids_and_facts(model_path, source, texts, tmp_path):
    report = annotate(str(model_path), source, tmp_path / "out.jsonl", batch_size=3)
    records = read_lines(tmp_path / "out.jsonl")
    assert report.n_docs == len(texts)
    assert [r["text"] for r in records] == texts
    assert [r.get("id") for r in records] == [f"t{i}" if i % 2 else None for i in range(len(texts))]
    assert [r.get("meta") for r in records] == [{"n": i} if i % 2 else None for i in range(len(texts))]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


def test_output_is_what_the_pipeline_says(model_path, source, texts, tmp_path):
    annotate(str(model_path), source, tmp_path / "out.jsonl", batch_size=1)
    nlp = spacy.load(model_path)
    for text, record in zip(texts, read_lines(tmp_path / "out.jsonl")):
        expected = doc_to_json(nlp(text))
        assert {key: record[key] for key in expected} == expected
    assert any(r["relations"] for r in read_lines(tmp_path / "out.jsonl"))


def test_docbin_output_equals_jsonl_output(model_path, source, tmp_path):
    annotate(str(model_path), source, tmp_path / "out.jsonl", batch_size=4)
    annotate(str(model_path), source, tmp_path / "out.spacy", batch_size=4)
    vocab = spacy.blank("en").vocab
    docs = list(DocBin().from_disk(tmp_path / "out.spacy").get_docs(vocab))
    assert [doc_to_json(doc) for doc in docs] == [doc_to_json(d) for d in read_jsonl(tmp_path / "out.jsonl", vocab)]


def test_docs_keep_their_tokens_and_names(model_path, demo_path, demo_docs, tmp_path):
    annotate(str(model_path), demo_path, tmp_path / "out.spacy")
    docs = list(DocBin().from_disk(tmp_path / "out.spacy").get_docs(spacy.blank("en").vocab))
    assert [[t.text for t in doc] for doc in docs] == [[t.text for t in doc] for doc in demo_docs]
    assert [from_doc(doc).name for doc in docs] == [from_doc(doc).name for doc in demo_docs]


def test_a_folder_is_read_in_order_of_names(model_path, tmp_path):
    folder = tmp_path / "letters"
    (folder / "b").mkdir(parents=True)
    (folder / "c.txt").write_text("Third.", encoding="utf-8")
    (folder / "a.txt").write_bytes("\ufeffFirst.\r\nLine é.".encode())
    (folder / "b" / "b.txt").write_text("", encoding="utf-8")
    (folder / "notes.md").write_text("Not read.", encoding="utf-8")
    for _ in range(2):  # the output lies in the folder and is no input of the second run
        annotate(str(model_path), folder, folder / "out.jsonl")
    records = read_lines(folder / "out.jsonl")
    assert [(r["id"], r["text"]) for r in records] == [
        ("a.txt", "First.\r\nLine é."),
        ("b/b.txt", ""),
        ("c.txt", "Third."),
    ]


def test_a_text_file_is_one_document(model_path, tmp_path):
    (tmp_path / "a.txt").write_text("One.\n\nTwo.", encoding="utf-8")
    annotate(str(model_path), tmp_path / "a.txt", tmp_path / "new" / "out.jsonl")
    assert [r["text"] for r in read_lines(tmp_path / "new" / "out.jsonl")] == ["One.\n\nTwo."]


@pytest.mark.parametrize("batch_size", [1, 2, 3, 10])
def test_a_failing_document_costs_only_itself(failing_model_path, poisoned, tmp_path, batch_size):
    report = annotate(str(failing_model_path), poisoned, tmp_path / "out.jsonl", batch_size=batch_size)
    assert (report.n_docs, report.n_failed) == (5, 2)
    assert [r["id"] for r in read_lines(tmp_path / "out.jsonl")] == [0, 1, 3, 4, 6]
    assert read_lines(report.errors) == [
        {"id": "2", "index": 2, "error": "RuntimeError: cannot digest this"},
        {"id": "5", "index": 5, "error": "RuntimeError: cannot digest this"},
    ]


def test_a_text_that_is_too_long_is_reported(model_path, tmp_path):
    source = write_lines(tmp_path / "in.jsonl", [{"text": "Anna."}, {"text": "a " * 600_000}, {"text": "Ben."}])
    report = annotate(str(model_path), source, tmp_path / "out.jsonl")
    assert [r["text"] for r in read_lines(tmp_path / "out.jsonl")] == ["Anna.", "Ben."]
    (error,) = read_lines(report.errors)
    assert error["id"] == f"{source}:2"
    assert "E088" in error["error"]


def test_errors_of_an_earlier_run_go_away(failing_model_path, model_path, poisoned, tmp_path):
    for model, is_there in ((failing_model_path, True), (model_path, False)):
        annotate(str(model), poisoned, tmp_path / "out.jsonl")
        assert (tmp_path / "out.jsonl.errors.jsonl").exists() == is_there


@pytest.mark.slow
def test_worker_processes_change_nothing(failing_model_path, poisoned, tmp_path):
    for n_process in (1, 2):
        out = tmp_path / f"{n_process}.jsonl"
        annotate(str(failing_model_path), poisoned, out, batch_size=2, n_process=n_process)
    assert (tmp_path / "1.jsonl").read_bytes() == (tmp_path / "2.jsonl").read_bytes()
    assert (tmp_path / "1.jsonl.errors.jsonl").read_bytes() == (tmp_path / "2.jsonl.errors.jsonl").read_bytes()


@pytest.mark.parametrize("n_before", [0, 1, 3, 4])
def test_a_stopped_run_goes_on_to_the_same_output(failing_model_path, poisoned, tmp_path, monkeypatch, n_before):
    expected = tmp_path / "expected.jsonl"
    annotate(str(failing_model_path), poisoned, expected, batch_size=2)
    out = tmp_path / "out.jsonl"
    partial = tmp_path / "out.jsonl.partial"
    add = Output.add

    def stop(self, doc):
        if self.n_docs == n_before:
            raise KeyboardInterrupt
        add(self, doc)

    monkeypatch.setattr(Output, "add", stop)
    with pytest.raises(KeyboardInterrupt):
        annotate(str(failing_model_path), poisoned, out, batch_size=2)
    monkeypatch.undo()
    assert not out.exists()
    with partial.open("ab") as file:
        file.write(b'{"id":3,"text":"half a li')
    report = annotate(str(failing_model_path), poisoned, out, batch_size=2)
    assert report.n_docs == 5
    assert report.n_resumed >= n_before
    assert out.read_bytes() == expected.read_bytes()
    assert (tmp_path / "out.jsonl.errors.jsonl").read_bytes() == (tmp_path / "expected.jsonl.errors.jsonl").read_bytes()
    assert not partial.exists()


def test_lines_of_a_stopped_run_are_kept_as_they_are(model_path, source, texts, tmp_path):
    out, partial = tmp_path / "out.jsonl", tmp_path / "out.jsonl.partial"
    lines = [json.dumps({"text": text, "mark": i}) + "\n" for i, text in enumerate(texts[:5])]
    partial.write_text("".join(lines), encoding="utf-8")
    report = annotate(str(model_path), source, out, batch_size=4)
    assert report.n_resumed == 5
    assert out.read_text(encoding="utf-8").startswith("".join(lines))
    assert [r["text"] for r in read_lines(out)] == texts


def test_a_finished_partial_only_gets_its_name(model_path, source, texts, tmp_path):
    out, partial = tmp_path / "out.jsonl", tmp_path / "out.jsonl.partial"
    annotate(str(model_path), source, out)
    expected = out.read_bytes()
    os.replace(out, partial)
    os.utime(partial)
    assert annotate(str(model_path), source, out).n_words == 0
    assert out.read_bytes() == expected


def test_lines_of_another_input_are_refused(model_path, source, tmp_path, run):
    write_lines(tmp_path / "out.jsonl.partial", [{"text": "Something else."}])
    code, output = run("annotate", model_path, source, tmp_path / "out.jsonl")
    assert code == 1
    assert "another text" in output.replace("\n", " ")
    code, _ = run("annotate", model_path, source, tmp_path / "out.jsonl", "--no-resume")
    assert code == 0


def test_lines_of_an_older_model_are_not_used(model_path, source, texts, tmp_path):
    partial = write_lines(tmp_path / "out.jsonl.partial", [{"text": texts[0], "old": True}])
    os.utime(partial, (0, 0))
    assert annotate(str(model_path), source, tmp_path / "out.jsonl").n_resumed == 0


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.jsonl", b'{"text": "ok"}\n{"text": \n', "a.jsonl:2: not a JSON object"),
        (
            "a.jsonl",
            b'{"text": "ok"}\n\n{"id": 1}\n',
            "a.jsonl:3: expected a text under the key 'text', found the keys id",
        ),
        ("a.jsonl", b'{"text": 7}\n', "a.jsonl:1: expected a text under the key 'text', found int"),
        ("a.txt", b"caf\xe9", "a.txt: not UTF-8"),
        ("a.spacy", b"no DocBin", "a.spacy: not a .spacy file"),
        ("a.pdf", b"", "a.pdf: cannot read files of this kind"),
        ("folder", None, "folder: found no documents"),
        ("missing.txt", None, "missing.txt: no such file"),
    ],
)
def test_bad_input_is_named(model_path, tmp_path, run, name, content, expected):
    path = tmp_path / name
    if name == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    code, output = run("annotate", model_path, path, tmp_path / "out.jsonl")
    assert code == 1
    assert "".join(expected.split()) in "".join(output.split())
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("no_such_model", "in.jsonl", "out.jsonl"), "could not load this pipeline"),
        (("MODEL", "in.jsonl", "out.csv"), "Let OUTPUT end in .jsonl or .spacy"),
    ],
)
def test_bad_arguments_are_named(model_path, source, tmp_path, run, arguments, expected):
    model, _, out = arguments
    code, output = run("annotate", model_path if model == "MODEL" else model, source, tmp_path / out)
    assert code == 1
    assert "".join(expected.split()) in "".join(output.split())


def test_the_command_says_what_it_did(model_path, source, texts, tmp_path, run):
    code, output = run("annotate", model_path, source, tmp_path / "out.jsonl", "--batch-size", 5)
    assert code == 0
    assert f"Wrote {len(texts)} documents" in output
    assert "words/s" in output
