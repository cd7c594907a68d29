"""`annotate`: all inputs and outputs, in order, through failures and stops."""

import importlib.util

import pytest
import spacy
from cli.lines import read_lines, write_lines
from spacy.tokens import Doc, DocBin

from spacy_hmtl.annotate.inputs import Input
from spacy_hmtl.annotate.outputs import encode_line
from spacy_hmtl.annotate.parquet import read_parquet
from spacy_hmtl.annotate.run import annotate
from spacy_hmtl.annotate.worker import annotate_batch
from spacy_hmtl.annotations import from_doc, set_meta
from spacy_hmtl.annotations.jsonl import doc_to_json, read_jsonl


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


@pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason='needs pip install "spacy-hmtl[parquet]"')
def test_parquet_is_read_as_jsonl_is(model_path, source, tmp_path, run):
    import pyarrow
    from pyarrow import parquet

    rows = read_lines(source)
    columns = {key: [row.get(key) for row in rows] for key in ("id", "text", "meta")}
    parquet.write_table(
        pyarrow.table({**columns, "other": range(len(rows))}), tmp_path / "in.parquet", row_group_size=3
    )
    for name in ("in.jsonl", "in.parquet"):
        annotate(str(model_path), tmp_path / name, tmp_path / f"{name}.out.jsonl")
    assert (tmp_path / "in.parquet.out.jsonl").read_bytes() == (tmp_path / "in.jsonl.out.jsonl").read_bytes()
    parquet.write_table(pyarrow.table({"body": ["Anna."]}), tmp_path / "body.parquet")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and no more")
    for name, expected in (
        ("body.parquet", "body.parquet: no column 'text', only body"),
        ("bad.parquet", "bad.parquet: not a Parquet file"),
    ):
        code, output = run("annotate", model_path, tmp_path / name, tmp_path / "out.jsonl")
        assert code == 1
        assert "".join(expected.split()) in "".join(output.split())


@pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason='needs pip install "spacy-hmtl[parquet]"')
def test_parquet_output_says_what_jsonl_output_says(model_path, source, tmp_path, monkeypatch, run):
    from pyarrow import parquet

    monkeypatch.setattr("spacy_hmtl.annotate.table.ROWS", 3)
    for name in ("out.jsonl", "out.parquet"):
        assert run("annotate", model_path, source, tmp_path / name)[0] == 0
    table = parquet.ParquetFile(tmp_path / "out.parquet")
    records = read_lines(tmp_path / "out.jsonl")
    assert table.num_row_groups == (len(records) + 2) // 3
    rows = [record for _, record in read_parquet(tmp_path / "out.parquet", columns=None)]
    for row, record in zip(rows, records, strict=True):
        assert {key: value for key, value in row.items() if value is not None or key in record} == record
    # The other commands read it like the lines, and so does annotate.
    for name in ("out.jsonl", "out.parquet"):
        assert run("graph", tmp_path / name, tmp_path / f"{name}.csv")[0] == 0
        assert run("annotate", model_path, tmp_path / name, tmp_path / f"{name}.again.jsonl")[0] == 0
    for other in ("csv", "again.jsonl"):
        assert (tmp_path / f"out.parquet.{other}").read_bytes() == (tmp_path / f"out.jsonl.{other}").read_bytes()
    assert not list(tmp_path.glob(".*"))


@pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason='needs pip install "spacy-hmtl[parquet]"')
def test_a_parquet_file_without_rows_or_layers_has_all_columns(tmp_path):
    from spacy_hmtl.annotate.table import schema, write_table

    (tmp_path / "none.jsonl").write_text("", encoding="utf-8")
    write_lines(tmp_path / "one.jsonl", [{"text": "A", "tokens": [[0, 1]], "ents": None, "id": 7, "meta": {"n": [1]}}])
    for name, n_rows in (("none", 0), ("one", 1)):
        write_table(tmp_path / f"{name}.jsonl", tmp_path / "out.parquet")
        rows = [record for _, record in read_parquet(tmp_path / "out.parquet", columns=None)]
        assert len(rows) == n_rows
    assert set(rows[0]) == set(schema().names)
    assert (rows[0]["id"], rows[0]["meta"], rows[0]["ents"]) == ("7", {"n": [1]}, None)


@pytest.mark.parametrize("name", ["in.parquet", "out.parquet"])
def test_without_pyarrow_the_command_says_what_to_install(model_path, source, tmp_path, run, monkeypatch, name):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "pyarrow" else find_spec(name))
    (tmp_path / "in.parquet").write_bytes(b"PAR1")
    paths = {"in.parquet": ("in.parquet", "out.jsonl"), "out.parquet": ("in.jsonl", "out.parquet")}[name]
    code, output = run("annotate", model_path, *(tmp_path / path for path in paths))
    assert code == 1
    assert 'pipinstall"spacy-hmtl[parquet]"' in "".join(output.split())
    assert not list(tmp_path.glob("out.*"))


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


def test_facts_that_no_json_can_hold_cost_only_their_document(model_path, tmp_path):
    docs = [Doc(spacy.blank("en").vocab, words=["Anna", "left", "."]) for _ in range(2)]
    set_meta(docs[0], {"name": "first", "raw": b"bytes"})
    DocBin(docs=docs).to_disk(tmp_path / "in.spacy")
    report = annotate(str(model_path), tmp_path / "in.spacy", tmp_path / "out.jsonl")
    assert (report.n_docs, report.n_failed) == (1, 1)
    assert [error["id"] for error in read_lines(report.errors)] == ["first"]


def test_new_words_do_not_stay_in_memory(model_path):
    nlp = spacy.load(model_path)
    nlp("She said so .")
    n_strings, n_lexemes = len(nlp.vocab.strings), len(list(nlp.vocab))
    for i in range(20):
        batch = [Input("", f"Word{i}x{j} is new", {}) for j in range(10)]
        outcomes = annotate_batch(nlp, batch, encode_line)
        assert all(outcome.payload is not None for outcome in outcomes)
    assert (len(nlp.vocab.strings), len(list(nlp.vocab))) == (n_strings, n_lexemes)


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
        ("missing.txt", None, "missing.txt: no such file or folder"),
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
        (("MODEL", "in.jsonl", "out.csv"), "Let OUTPUT end in .jsonl, .parquet or .spacy"),
        (("MODEL", "in.jsonl", "out.jsonl", "--n-process", "0"), "n_process must be -1 (one per core) or at least 1"),
        (("MODEL", "in.jsonl", "out.jsonl", "--engine", "sun"), "engine must be one of local, ray, found 'sun'"),
    ],
)
def test_bad_arguments_are_named(model_path, source, tmp_path, run, arguments, expected):
    model, _, out, *options = arguments
    code, output = run("annotate", model_path if model == "MODEL" else model, source, tmp_path / out, *options)
    assert code == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl"]
    assert "".join(expected.split()) in "".join(output.split())


def test_the_command_says_what_it_did(model_path, source, texts, tmp_path, run):
    code, output = run("annotate", model_path, source, tmp_path / "out.jsonl", "--batch-size", 5)
    assert code == 0
    assert f"Wrote {len(texts)} documents" in output
    assert "words/s" in output
