import errno
import os
import stat

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_hmtl import annotations
from spacy_hmtl.annotations import from_doc
from spacy_hmtl.data import convert as convert_module
from spacy_hmtl.data.convert import convert, read_ids
from spacy_hmtl.data.faults import ConversionError, FaultLog
from spacy_hmtl.data.formats import FORMATS, get_reader

IOB = "Ann\tB-per\nran\tO\n\nTo\tO\nRome\tB-loc\n\nIt\tO\n"
DEMO = """#doc news-001
[Ann Lee|PER ann|PERSON] left [Rome|GPE rome|GPE] with [[her|PER ann] brother|PER bo].
> ann#2 FAMILY bo

#doc news-002
It rained.
"""


@pytest.fixture
def corpus(tmp_path):
    """Write a text to a file of the input folder."""

    def write(text, name="corpus.txt"):
        path = tmp_path / "in" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.fixture
def output(tmp_path):
    return tmp_path / "out" / "corpus.spacy"


def docs_in(path):
    return list(DocBin().from_disk(path).get_docs(spacy.blank("en").vocab))


def test_all_layers_survive_a_default_docbin(corpus, output):
    path = corpus(DEMO)
    report = convert("demo", path, output)
    read_back = [from_doc(doc) for doc in docs_in(output)]
    expected = list(get_reader("demo")(path, faults=FaultLog()))
    for found, document in zip(read_back, expected, strict=True):
        for part in ("words", "spaces", "sent_starts", "layers"):
            assert getattr(found, part) == getattr(document, part)
    assert (report.n_documents, report.n_sentences, report.n_tokens) == (2, 2, 11)
    assert report.annotated == {"entities": 2, "mentions": 2, "clusters": 2, "relations": 2}
    assert report.labels["entities"] == {"PERSON": 1, "GPE": 1}
    assert report.labels["mentions"] == {"PER": 3, "GPE": 1}
    assert report.labels["clusters"] == {"clusters": 3, "singletons": 2, "mentions": 4}
    assert report.labels["relations"] == {"FAMILY": 1}


def test_layers_that_are_not_annotated_stay_absent(corpus, output):
    report = convert("iob", corpus(IOB), output)
    assert report.annotated == {"entities": 3}
    found = from_doc(docs_in(output)[2])
    assert found.layers.entities == []
    assert found.layers.mentions is None
    assert found.layers.clusters is None
    assert found.layers.relations is None


def test_options_limit_and_several_inputs(corpus, output):
    first, second = corpus(IOB, "a.txt"), corpus(IOB, "b.txt")
    assert convert("iob", [first, second], output).n_documents == 6
    assert convert("iob", first.parent, output).n_documents == 6
    assert convert("iob", first, output, sents_per_doc=2).n_documents == 2
    assert convert("iob", [first, second], output, limit=4).n_documents == 4


def test_ids_choose_documents(corpus, output):
    ids = corpus("news-002.tsv\n\nnews-009\r\n", "dev.ids")
    report = convert("demo", corpus(DEMO), output, ids=ids)
    assert report.n_documents == 1
    assert [(fault.place.path, fault.place.line) for fault in report.log.faults] == [(ids, 3)]
    assert "news-009 was not found" in report.log.faults[0].what
    with pytest.raises(ConversionError, match="news-009 was not found"):
        convert("demo", corpus(DEMO), output, ids=ids, strict=True)


def test_faults_are_listed_and_strict_stops_at_the_first(corpus, output):
    path = corpus(DEMO + "\n#doc news-003\n[Bo|PER bo ran.\n\n#doc news-004\n[Bo ran.\n")
    report = convert("demo", path, output)
    assert report.n_documents == 2
    assert report.log.n_skipped() == {"document": 2}
    assert str(report.log.faults[0]).startswith(f"[H103] {path}:9 (document news-003): expected [text|TYPE entity]")
    assert str(report.log.faults[0]).endswith("Correct the markup. Skipped: the document.")
    before = output.read_bytes()
    with pytest.raises(ConversionError, match=r"corpus.txt:9 .document news-003.: expected") as error:
        convert("demo", path, output, strict=True)
    assert len(error.value.log.faults) == 1
    assert output.read_bytes() == before


def test_windows_line_ends_and_byte_order_marks_change_nothing_and_are_noted(corpus, output):
    convert("demo", corpus(DEMO), output)
    expected = output.read_bytes()
    report = convert("demo", corpus(b"\xef\xbb\xbf" + DEMO.replace("\n", "\r\n").encode()), output, strict=True)
    assert [from_doc(doc) for doc in docs_in(output)] == [
        from_doc(doc) for doc in DocBin().from_bytes(expected).get_docs(spacy.blank("en").vocab)
    ]
    assert report.log.n_noted().total() == 2


def test_a_document_with_bytes_that_are_not_utf8_is_skipped(corpus, output):
    report = convert("demo", corpus((DEMO + "\n#doc news-003\nCaf\xe9.\n").encode("latin-1")), output)
    assert report.n_documents == 2
    assert report.log.faults[0].place.line == 9
    assert "expected UTF-8 text, found the byte 0xe9" in report.log.faults[0].what
    assert "iconv" in report.log.faults[0].remedy


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (DEMO.encode("utf-16"), "not UTF-8 text"),
        (DEMO.encode("utf-16-le"), "not UTF-8 text"),
        (b"PK\3\4\0\0\0", "is packed"),
    ],
)
def test_utf16_and_binary_files_are_refused(corpus, output, data, message):
    with pytest.raises(ConversionError, match=message):
        convert("demo", corpus(data), output)


@pytest.mark.parametrize("format", sorted(name for name, info in FORMATS.items() if info.pattern == "*.txt"))
@pytest.mark.parametrize("text", ["", "\n \n"])
def test_an_empty_file_is_an_error_and_nothing_is_written(corpus, output, format, text):
    with pytest.raises(ConversionError, match="found no documents"):
        convert(format, corpus(text), output)
    assert not output.parent.exists()


def test_a_corpus_of_skipped_documents_is_an_error_that_tells_the_faults(corpus, output):
    with pytest.raises(ConversionError, match="found no documents") as error:
        convert("demo", corpus("#doc news-001\n[Ann ran.\n"), output)
    assert error.value.log.n_skipped() == {"document": 1}
    assert not output.exists()


def test_a_document_that_fits_no_doc_is_a_fault(corpus, output, monkeypatch):
    def to_doc(document, vocab):
        if document.name == "news-001":
            raise ValueError("H105: out of bounds")
        return original(document, vocab)

    original = annotations.to_doc
    monkeypatch.setattr(convert_module, "to_doc", to_doc)
    report = convert("demo", corpus(DEMO), output)
    assert report.n_documents == 1
    assert "out of bounds" in report.log.faults[0].what


def test_an_interrupted_write_leaves_what_was_there(corpus, output, monkeypatch):
    output.parent.mkdir()
    output.write_bytes(b"before")

    def fail(source, target):
        raise OSError(errno.ENOSPC, "disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(ConversionError, match=r"corpus.spacy: cannot be read or written: disk full"):
        convert("demo", corpus(DEMO), output)
    assert output.read_bytes() == b"before"
    assert os.listdir(output.parent) == [output.name]


def test_an_output_that_cannot_be_written_or_is_an_input_is_refused(corpus, output, tmp_path):
    path = corpus(DEMO)
    with pytest.raises(ConversionError, match="cannot be read or written"):
        convert("demo", path, path / "x.spacy")
    with pytest.raises(ConversionError, match=r"corpus.txt: the output is an input too"):
        convert("demo", path, path.parent / ".." / "in" / "corpus.txt")
    assert path.read_text(encoding="utf-8") == DEMO


@pytest.mark.parametrize(
    ("format", "files"),
    [
        ("ace05", "*.apf.xml"),
        ("brat", "*.ann"),
        ("conll2012", "*gold_conll"),
        ("gum", "*.conllu"),
        ("jsonl", "*.jsonl"),
    ],
)
def test_a_folder_without_a_file_of_the_format_tells_what_was_looked_for(corpus, output, format, files):
    folder = corpus(IOB, "corpus.tsv").parent
    with pytest.raises(ConversionError) as error:
        convert(format, folder, output)
    assert f"the folder has no file named {files}" in str(error.value)


@pytest.mark.parametrize("remark", ["9" * 25, '{"a":' * 600 + "1" + "}" * 600], ids=["number", "depth"])
def test_facts_that_no_docbin_can_hold_skip_their_document(corpus, output, remark):
    line = '{"text": "Ann", "tokens": [[0, 3]], "ents": [], "meta": %s}\n'
    path = corpus(line % f'{{"x": {remark}}}' + line % '{"x": 1}', "x.jsonl")
    report = convert("jsonl", path, output)
    assert (report.n_documents, report.log.n_skipped()) == (1, {"document": 1})
    assert [doc.text for doc in DocBin().from_disk(output).get_docs(spacy.blank("en").vocab)] == ["Ann"]


def test_the_output_has_the_usual_permissions(corpus, output, tmp_path):
    convert("demo", corpus(DEMO), output)
    (tmp_path / "usual").write_bytes(b"")
    assert stat.S_IMODE(output.stat().st_mode) == stat.S_IMODE((tmp_path / "usual").stat().st_mode)


def test_wrong_arguments_are_refused_with_what_is_known(corpus, output):
    path = corpus(DEMO)
    with pytest.raises(ConversionError, match=r"Unknown format 'demos'. Known formats: .*demo"):
        convert("demos", path, output)
    with pytest.raises(ConversionError, match=r"demo takes no option 'sents_per_doc'. Its options: none"):
        convert("demo", path, output, sents_per_doc=2)
    with pytest.raises(ConversionError, match="limit must be at least 1, found 0"):
        convert("demo", path, output, limit=0)
    with pytest.raises(ConversionError, match=r"missing.txt: no such file or folder"):
        convert("demo", path.with_name("missing.txt"), output)
    with pytest.raises(ConversionError, match="the output is a folder"):
        convert("demo", path, path.parent)
    with pytest.raises(ConversionError, match="lists no document ids"):
        read_ids(corpus("\n", "empty.ids"), FaultLog())


def test_every_format_has_a_reader():
    for name in FORMATS:
        assert callable(get_reader(name))
