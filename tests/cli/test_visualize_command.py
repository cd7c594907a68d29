"""`visualize`: a page from a text or from annotated documents."""

import pytest

from spacy_hmtl.annotate.run import annotate


def test_a_text_becomes_a_page(model_path, tmp_path, run):
    code, _ = run("visualize", model_path, "Anna <b>Keller</b> said so.", tmp_path / "new" / "page.html")
    assert code == 0
    page = (tmp_path / "new" / "page.html").read_text(encoding="utf-8")
    assert "Anna" in page
    assert "<b>Keller" not in page


def test_a_text_alone_is_annotated_by_the_pretrained_pipeline(model_path, tmp_path, run, monkeypatch):
    monkeypatch.setattr("spacy_hmtl.cli.visualize.default_pipeline", lambda: str(model_path))
    code, _ = run("visualize", "Anna Keller said so.", tmp_path / "page.html")
    assert code == 0
    assert "Anna" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_text_alone_wants_the_pretrained_pipeline(tmp_path, run, monkeypatch):
    monkeypatch.setattr("spacy_hmtl.annotate.pipelines.is_package", lambda name: False)
    code, output = run("visualize", "Anna Keller said so.", tmp_path / "page.html")
    assert code == 1
    assert "H686" in output
    assert not (tmp_path / "page.html").exists()


def test_a_text_file_becomes_a_page(model_path, tmp_path, run):
    (tmp_path / "letter.txt").write_text("Anna Keller wrote.", encoding="utf-8")
    run("visualize", model_path, tmp_path / "letter.txt", tmp_path / "page.html")
    assert "wrote" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_documents_become_a_page(demo_path, demo_docs, tmp_path, run):
    code, output = run("visualize", demo_path, tmp_path / "page.html", "--limit", 3, "--title", "Gold & more")
    assert code == 0
    assert "3 documents" in output
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("<article>") == 3
    assert "<h1>Gold &amp; more</h1>" in page


def test_annotated_lines_become_a_page(model_path, demo_path, tmp_path, run):
    annotate(str(model_path), demo_path, tmp_path / "out.jsonl")
    run("visualize", tmp_path / "out.jsonl", tmp_path / "page.html", "--layers", "coref,relation")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("<article>") == 8
    assert "<svg" in page


def test_gold_is_shown_beside_what_was_found(model_path, demo_path, tmp_path, run):
    code, output = run("visualize", model_path, demo_path, tmp_path / "page.html", "--gold", demo_path, "--limit", 2)
    assert code == 0, output
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("<h3>Gold</h3>") == 2
    assert "6 more documents are left out" in page


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (("MODEL", "page.html"), 2, "expected TEXT OUT.html"),
        (("docs.spacy", "text", "page.html"), 2, "expected OUT.html"),
        (("docs.spacy", "page.html"), 1, "no such file or folder"),
        (("docs.spacy", "page.pdf"), 1, "end in .html"),
        (("nothing", "A text.", "page.html"), 1, "could not load this pipeline"),
        (("DEMO", "page.html", "--layers", "names"), 1, "Unknown layers names"),
    ],
)
def test_wrong_arguments_are_named(model_path, demo_path, tmp_path, run, monkeypatch, arguments, code, expected):
    monkeypatch.chdir(tmp_path)
    known = {"MODEL": model_path, "DEMO": demo_path}
    exit_code, output = run("visualize", *(known.get(argument, argument) for argument in arguments))
    assert exit_code == code
    assert "".join(expected.split()) in "".join(output.replace("│", "").split())
    assert not (tmp_path / "page.html").exists()
