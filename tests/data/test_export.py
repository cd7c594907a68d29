import json
import tempfile
from pathlib import Path

import pytest
import spacy
from data.random_documents import ANY_WORDS, PLAIN_WORDS, VOCAB, as_on_doc, documents, layers
from hypothesis import example, given, settings
from spacy.tokens import DocBin

from spacy_hmtl.annotations import TASKS, AnnotatedDocument, Layers, from_doc, to_doc
from spacy_hmtl.annotations.layers import make_clusters
from spacy_hmtl.data.convert import convert
from spacy_hmtl.data.export import EXPORTS, write
from spacy_hmtl.data.export.run import export
from spacy_hmtl.data.faults import ConversionError, FaultLog
from spacy_hmtl.data.formats import get_reader
from spacy_hmtl.types import LabeledSpan, Triple

ANN = AnnotatedDocument(
    name="news/one",
    words=["Ann", "Lee", "left", ".", "She", "met", "Bo", "."],
    spaces=[True, True, False, True, True, True, False, False],
    sent_starts=[0, 4],
    layers=Layers(
        entities=[LabeledSpan(0, 2, "PERSON")],
        mentions=[
            LabeledSpan(0, 2, "PER"),
            LabeledSpan(1, 2, "PER", 0.5),
            LabeledSpan(4, 5, "PER"),
            LabeledSpan(6, 7, ""),
        ],
        clusters=make_clusters([[(0, 2), (4, 5)], [(6, 7)]]),
        relations=[Triple(LabeledSpan(0, 2, "PERSON"), "met", LabeledSpan(6, 7, ""))],
    ),
    meta={"genre": "nw"},
)
BARE = AnnotatedDocument(name="bare", words=["Yes", "."], spaces=[False, False])


def write_and_read(format, document, *, before_reading=None, **options):
    """Write a document, read it back as `convert` does."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "out")
        if EXPORTS[format].is_folder:
            path.mkdir()
        write(format, [to_doc(document, VOCAB)], path, log=FaultLog(strict=True), shown=path)
        if before_reading:
            before_reading(path)
        log = FaultLog(strict=True)
        docs = list(get_reader(EXPORTS[format].reader)(path, faults=log, **options))
    return as_on_doc(docs[0]), log


@pytest.fixture
def corpus(tmp_path):
    """Write documents to a .spacy file."""

    def write_corpus(*docs):
        path = tmp_path / "corpus.spacy"
        DocBin(docs=[to_doc(doc, VOCAB) for doc in docs]).to_disk(path)
        return path

    return write_corpus


@pytest.mark.parametrize("format", ["brat", "dygie", "jsonl"])
@given(document=documents(ANY_WORDS))
@example(AnnotatedDocument(name="A", words=["0", "\n"], spaces=[False, False], layers=Layers(entities=[])))
@example(AnnotatedDocument(name="A", words=["\n\n"], spaces=[True]))
@settings(max_examples=60, deadline=None)
def test_what_is_exported_is_imported_the_same(format, document):
    found, _ = write_and_read(format, document)
    assert layers(found) == layers(as_on_doc(document))


@given(document=documents(PLAIN_WORDS))
@settings(max_examples=60, deadline=None)
def test_exported_coreference_is_imported_the_same(document):
    document.layers.clusters = document.layers.clusters or []
    found, _ = write_and_read("conll", document)
    expected = as_on_doc(document)
    assert (found.layers.clusters, found.layers.entities) == (expected.layers.clusters, expected.layers.entities)


@given(document=documents(PLAIN_WORDS, repeated=False))
@settings(max_examples=40, deadline=None)
def test_brat_without_its_side_file_keeps_spans_clusters_and_relations(document):
    def delete_side_file(path):
        next(path.glob("*.hmtl.json")).unlink()

    document.spaces = [True] * len(document.words)
    has_mentions = document.layers.mentions is not None or document.layers.entities is not None
    document.layers.relations = list(dict.fromkeys(document.layers.relations or [])) if has_mentions else None
    found, _ = write_and_read("brat", document, before_reading=delete_side_file, tokenizer="whitespace")
    expected = as_on_doc(document)
    assert found.words == expected.words
    for task in TASKS:
        assert (found.layers.of(task) or []) == (expected.layers.of(task) or [])


@pytest.mark.parametrize("format", EXPORTS)
def test_a_corpus_is_exported_and_converted_back(corpus, tmp_path, format):
    path = corpus(ANN, BARE)
    output, back = tmp_path / "deep" / "out", tmp_path / "back.spacy"
    report = export(format, path, output)
    assert (report.n_documents, report.n_sentences, report.n_tokens) == (2, 2, 10)
    assert report.labels["mentions"] == {"PER": 3, "": 1}
    convert(EXPORTS[format].reader, output, back, strict=True)
    found = [from_doc(doc) for doc in DocBin().from_disk(back).get_docs(VOCAB)]
    if format == "conll":
        assert [doc.layers.clusters for doc in found] == [ANN.layers.clusters]
        assert report.log.n_skipped() == {"document": 1}
        return
    expected = {doc.name: as_on_doc(doc) for doc in (ANN, BARE)}
    assert len(found) == 2
    for doc in found:
        if format != "jsonl":  # the other formats have no place for confidences
            mentions = expected[doc.name].layers.mentions or []
            expected[doc.name].layers.mentions = [span._replace(score=1.0) for span in mentions] or None
        assert layers(doc) == layers(expected[doc.name])
        assert doc.meta == expected[doc.name].meta
    assert not list(output.parent.glob("*.tmp"))


def test_brat_files_are_as_brat_wants_them(corpus, tmp_path):
    export("brat", corpus(ANN), tmp_path / "brat")
    assert (tmp_path / "brat/news_one.txt").read_text() == "Ann Lee left.\nShe met Bo."
    assert (tmp_path / "brat/news_one.ann").read_text().splitlines() == [
        "T1\tPER 0 7\tAnn Lee",
        "T2\tPERSON 0 7\tAnn Lee",
        "T3\tPER 4 7\tLee",
        "T4\tPER 14 17\tShe",
        "T5\t_ 22 24\tBo",
        "A1\tLayer T1 mention",
        "A2\tLayer T2 name",
        "A3\tLayer T3 mention",
        "A4\tLayer T4 mention",
        "A5\tLayer T5 mention",
        "R1\tmet Arg1:T2 Arg2:T5",
        "*\tEquiv T1 T4",
        "*\tEquiv T5",
    ]
    assert "met\tArg1:<ENTITY>, Arg2:<ENTITY>" in (tmp_path / "brat/annotation.conf").read_text()


def test_brat_splits_spans_at_line_ends_and_file_names_are_distinct(corpus, tmp_path):
    across = AnnotatedDocument(
        "a/b", ["New", "York"], [True, False], [0, 1], layers=Layers(mentions=[LabeledSpan(0, 2, "BIG CITY")])
    )
    other = AnnotatedDocument("A:B", ["x"], [False])
    report = export("brat", corpus(across, other), tmp_path / "brat")
    assert (tmp_path / "brat/a_b.ann").read_text().startswith("T1\tBIG_CITY 0 3;4 8\tNew York\n")
    assert (tmp_path / "brat/A_B-2.txt").exists()
    assert report.log.n_noted() == {"labels with white space, written with underscores": 1}


def test_conll_has_twelve_columns_with_names_and_coreference(corpus, tmp_path):
    ann = AnnotatedDocument(**{**vars(ANN), "meta": {"document": "nw/x", "part": 3, "speakers": ["Ann B"] * 8}})
    report = export("conll", corpus(ann), tmp_path / "key.conll")
    lines = (tmp_path / "key.conll").read_text().splitlines()
    assert lines[0] == "#begin document (nw/x); part 003"
    assert lines[1].split("\t") == ["nw/x", "3", "0", "Ann", *"-----", "Ann_B", "(PERSON*", "(0"]
    assert lines[5] == ""
    assert lines[6].split("\t")[-2:] == ["*", "(0)"]
    assert lines[-2:] == ["", "#end document"]
    assert report.log.n_noted().total() == 8


def test_conll_joins_sentences_that_a_mention_goes_across(corpus, tmp_path):
    across = AnnotatedDocument(
        "x", ["New", "York", "."], [True] * 3, [0, 1], layers=Layers(clusters=make_clusters([[(0, 2)]]))
    )
    report = export("conll", corpus(across), tmp_path / "key.conll")
    assert report.log.n_noted() == {"sentence ends inside a mention, not written": 1}
    assert "\n\n#end" in (tmp_path / "key.conll").read_text()


def test_dygie_lines_are_as_dygie_wants_them(corpus, tmp_path):
    report = export("dygie", corpus(ANN), tmp_path / "x.json")
    fields = json.loads((tmp_path / "x.json").read_text())
    assert fields["sentences"] == [["Ann", "Lee", "left", "."], ["She", "met", "Bo", "."]]
    assert fields["ner"] == [[[0, 1, "PER"], [1, 1, "PER"]], [[4, 4, "PER"], [6, 6, ""]]]
    assert fields["relations"] == [[[0, 1, 6, 6, "met"]], []]
    assert fields["clusters"] == [[[0, 1], [4, 4]], [[6, 6]]]
    assert [key for key in fields if key[0] == "_"] == ["_layers", "_entities", "_argument_labels", "_spaces", "_meta"]
    assert [note.place.path for note in report.log.notes] == [tmp_path / "x.json"]


def test_documents_without_names_are_numbered_and_empty_ones_left_out(tmp_path):
    path = tmp_path / "plain.spacy"
    DocBin(docs=[spacy.blank("en")("Yes."), spacy.blank("en")("")]).to_disk(path)
    report = export("jsonl", path, tmp_path / "x.jsonl")
    assert report.log.n_skipped() == {"document": 1}
    assert json.loads((tmp_path / "x.jsonl").read_text())["id"] == "plain-1"


def test_wrong_arguments_are_refused_and_nothing_is_written(corpus, tmp_path):
    path = corpus(BARE)
    text = tmp_path / "text.txt"
    text.write_text("Yes.")
    for format, source, output, message in [
        ("brats", path, "x", "Unknown export format 'brats'. Known export formats: brat, conll"),
        ("dygie", tmp_path / "none.spacy", "x", "no such file"),
        ("dygie", text, "x", "not a .spacy file"),
        ("dygie", path, ".", "the output is a folder"),
        ("brat", path, "text.txt", "the output is a file"),
        ("brat", path, ".", "the output folder is not empty"),
        ("conll", path, "x", "can hold none of the documents"),
    ]:
        with pytest.raises(ConversionError, match=message):
            export(format, source, tmp_path / output)
    with pytest.raises(ConversionError, match="not annotated for coreference"):
        export("conll", corpus(ANN, BARE), tmp_path / "x", strict=True)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["corpus.spacy", "text.txt"]


@pytest.mark.parametrize("name", ["CON", "nul", "Com1", "LPT9", "aux.txt", "con_", "console"])
def test_no_file_of_brat_has_the_name_of_a_device(corpus, tmp_path, name):
    export("brat", corpus(AnnotatedDocument(name, ["Ann"], [False])), tmp_path / "brat")
    (text,) = (tmp_path / "brat").glob("*.txt")
    assert text.stem.lower() not in ("con", "nul", "com1", "lpt9", "aux")
