import json
from collections import Counter

import pytest
import typer
from data.random_documents import VOCAB
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_hmtl.annotations import AnnotatedDocument, Layers, to_doc
from spacy_hmtl.annotations.layers import make_clusters
from spacy_hmtl.cli.app import app
from spacy_hmtl.data.counts import distribution
from spacy_hmtl.data.faults import ConversionError
from spacy_hmtl.data.statistics import check_files
from spacy_hmtl.types import LabeledSpan, Triple

A, B, C = LabeledSpan(0, 3, "PER"), LabeledSpan(1, 2, "GPE"), LabeledSpan(4, 5, "PER")


def make(name="a", words="the Roman king saw Bo-b . He ran again to Bo - b .", **changes):
    """A document of two sentences with all four layers."""
    layers = {
        "entities": [LabeledSpan(4, 5, "PERSON")],
        "mentions": [A, B, C, LabeledSpan(6, 7, "PER"), LabeledSpan(10, 11, "PER"), LabeledSpan(10, 13, "PER")],
        "clusters": make_clusters([[(0, 3), (6, 7)], [(4, 5), (10, 11)], [(1, 2)]]),
        "relations": [
            Triple(A, "king-of", B),
            Triple(A, "saw", C),
            Triple(A, "knows", C),
            Triple(C, "knows", C),
            Triple(A, "met", LabeledSpan(6, 7, "PER")),
        ],
    }
    tokens = words.split()
    return AnnotatedDocument(name, tokens, [True] * len(tokens), [0, 6], Layers(**{**layers, **changes}))


@pytest.fixture
def corpus(tmp_path):
    """Write documents to a .spacy file."""

    def write(name, *docs):
        DocBin(docs=[to_doc(doc, VOCAB) for doc in docs]).to_disk(tmp_path / name)
        return tmp_path / name

    return write


def test_each_layer_is_counted(corpus):
    bare = AnnotatedDocument("bare", ["x", "y"], [True, False])
    file = check_files([corpus("a.spacy", make(), bare)])["files"][0]
    assert (file["documents"], file["sentences"], file["tokens"], file["documents_without_sentences"]) == (2, 2, 16, 1)
    assert file["annotated_documents"] == {"entities": 1, "mentions": 1, "clusters": 1, "relations": 1}
    assert file["labels"] == {
        "entities": {"PERSON": 1},
        "mentions": {"PER": 5, "GPE": 1},
        "relations": {"knows": 2, "king-of": 1, "saw": 1, "met": 1},
    }


def test_lengths_and_nesting_of_spans(corpus):
    spans = check_files([corpus("a.spacy", make())])["files"][0]["spans"]
    assert spans["mentions"]["length"]["counts"] == {1: 4, 3: 2}
    assert (spans["mentions"]["nested"], spans["mentions"]["depths"]) == (2, {1: 4, 2: 2})
    assert spans["clusters"]["count"] == 5
    odd = make(mentions=[A, LabeledSpan(2, 5, "X"), LabeledSpan(2, 5, "Y"), LabeledSpan(5, 8, "X")], relations=None)
    mentions = check_files([corpus("odd.spacy", odd)])["files"][0]["spans"]["mentions"]
    assert (mentions["crossing_pairs"], mentions["repeated"], mentions["across_sentences"]) == (1, 1, 1)
    assert mentions["nested"] == 0


def test_spans_that_are_no_tokens_of_the_language_are_misaligned(corpus):
    # The text is "Bo" + "b": spaCy makes one token of it, so that the name ends inside a token.
    document = AnnotatedDocument("x", ["Bo", "b", "ran"], [False, True, False], None)
    document.layers.mentions = [
        LabeledSpan(0, 1, "PER"),
        LabeledSpan(0, 2, "PER"),
        LabeledSpan(2, 3, "X"),
        LabeledSpan(1, 3, "X"),
    ]
    path = corpus("a.spacy", document)
    mentions = check_files([path])["files"][0]["spans"]["mentions"]
    assert (mentions["misaligned"], mentions["misaligned_share"]) == (2, 0.5)
    assert check_files([path], tokenizer="whitespace")["files"][0]["spans"]["mentions"]["misaligned"] == 0


def test_pairs_and_relations(corpus):
    relations = check_files([corpus("a.spacy", make())])["files"][0]["relations"]
    # Three mentions in each sentence make three pairs; two of those in the first are related.
    assert (relations["count"], relations["pairs"], relations["related_pairs"]) == (5, 6, 2)
    assert relations["pairs_per_sentence"]["counts"] == {3: 2}
    assert (relations["across_sentences"], relations["pairs_with_several"], relations["to_itself"]) == (1, 1, 1)
    assert relations["arguments"]["PER king-of GPE"] == 1


def test_cluster_sizes(corpus):
    clusters = check_files([corpus("a.spacy", make(), make(clusters=[]))])["files"][0]["clusters"]
    assert (clusters["count"], clusters["singletons"], clusters["size"]["counts"]) == (3, 1, {1: 1, 2: 2})


def test_shared_and_repeated_texts_and_new_labels_are_found(corpus):
    same = make("b", "The Roman king saw Bo - b . he ran again to bo-b .", mentions=[C], relations=None)
    other = make(
        "c", "He ran again to Bo - b . the Roman king saw Bo-b", mentions=[C._replace(label="NEW")], relations=None
    )
    other.sent_starts = [0, 8]
    train, dev, test = (
        corpus("train.spacy", make(), make("again")),
        corpus("dev.spacy", same),
        corpus("test.spacy", other),
    )
    report = check_files([train, dev, test])
    assert report["files"][0]["repeated_texts"] == {"documents": 1, "texts": 1, "examples": [["a", "again"]]}
    by_pair = {tuple(pair["files"]): pair for pair in report["overlap"]}
    first = by_pair[str(train), str(dev)]
    assert (first["documents"], first["examples"]) == (1, [["a", "b"]])
    second = by_pair[str(train), str(test)]
    assert (second["documents"], second["sentences"]) == (0, 1)
    assert second["new_labels"]["mentions"] == ["NEW"]
    json.dumps(report)


def test_an_empty_document_and_a_folder_are_checked(corpus, tmp_path):
    corpus("a.spacy", AnnotatedDocument("empty", [], []))
    corpus("b.spacy", make())
    file = check_files([tmp_path])["files"][0]
    assert file["documents"] == 2
    assert file["annotated_documents"]["entities"] == 1


def test_distribution():
    assert distribution(Counter([1] * 9 + [11])) == {
        "mean": 2.0,
        "median": 1,
        "p90": 1,
        "max": 11,
        "counts": {1: 9, 11: 1},
    }
    assert distribution(Counter())["max"] == 0


def test_wrong_arguments_are_refused(corpus, tmp_path):
    with pytest.raises(ConversionError, match="No tokenizer 'klingon'"):
        check_files([corpus("a.spacy", make())], tokenizer="klingon")
    with pytest.raises(FileNotFoundError, match="no such file"):
        check_files([tmp_path / "missing.spacy"])


def run(*arguments):
    result = CliRunner().invoke(app, [*map(str, arguments)])
    return result, " ".join(result.output.split())


def test_the_command_prints_tables_and_writes_json(corpus, tmp_path):
    result, text = run(
        "data-check", corpus("a.spacy", make()), corpus("b.spacy", make("b")), "-o", tmp_path / "o/x.json"
    )
    assert result.exit_code == 0
    for part in (
        "Corpus a.spacy b.spacy",
        "Labels: relations",
        "king-of 1 1",
        "nested in another 2 2",
        "Spans: mentions of clusters",
        "singletons 1 1",
        "with a relation 33.3 % 33.3 %",
        "1 of 1 pairs of files share documents or sentences of 5 tokens or more",
        "1 documents and 2 sentences (a = b)",
    ):
        assert part in text
    assert json.loads((tmp_path / "o/x.json").read_text())["files"][0]["documents"] == 1


def test_a_layer_without_a_row_and_a_file_without_a_layer_are_warned_of(corpus):
    empty = make("a", entities=[], relations=[], clusters=None)
    bare = AnnotatedDocument("bare", ["x", "y"], [True, False])
    _, text = run("data-check", corpus("a.spacy", empty, bare), corpus("b.spacy", bare))
    assert "a.spacy: entities are annotated in 1 of 2 documents, but there are none at all" in text
    assert "a.spacy: relations are annotated in 1 of 2 documents" in text
    assert "mentions are annotated" not in text
    assert "clusters are annotated" not in text
    assert "b.spacy: no document has any layer" in text
    assert "a.spacy: no document has any layer" not in text


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ("1 2 3 1 2", "token numbers"),
        ("0 1 2 3 4", "token numbers"),
        ("PROPN VERB PROPN PUNCT", "parts of speech"),
        ("B-PER O B-LOC O", "tags"),
        ("He lost 6 4 6", ""),
        ("O O O that rag", ""),
        ("1 2", ""),
    ],
)
def test_tokens_of_a_wrong_column_are_warned_of(corpus, words, what):
    tokens = words.split()
    document = AnnotatedDocument("x", tokens, [True] * len(tokens), None, Layers(entities=[LabeledSpan(0, 1, "X")]))
    path = corpus("a.spacy", document)
    found = {what: {"documents": 1, "examples": ["x"]}} if what else {}
    assert check_files([path])["files"][0]["tokens_that_are_no_text"] == found
    assert (f"{what} in the place of tokens (x)" in run("data-check", path)[1]) == bool(what)


def test_the_same_texts_are_one_line_with_examples(corpus):
    paths = [corpus(f"{name}.spacy", *(make(f"{name}{i}") for i in range(20))) for name in "abcd"]
    text = run("data-check", *paths)[1]
    assert text.count("have the text of") == text.count("pairs of files share") == 1
    assert "76 documents have the text of an earlier one of their file" in text
    assert "a0 = a1 = a2 = a3 = a4 and 15 more" in text
    assert "a5" not in text
    assert "6 of 6 pairs of files share" in text
    assert "(b0 = d0) and 1 more" in text


def test_the_commands_fail_without_a_traceback(corpus, tmp_path):
    path = corpus("a.spacy", make(clusters=None))
    for arguments, message in (
        (("data-check", tmp_path / "none.spacy"), "no such file"),
        (("data-check", path, "-t", "klingon"), "No tokenizer"),
        (("export", "conll", path, tmp_path / "x"), "can hold none of the documents"),
        (("export", "nothing", path, tmp_path / "x"), "Unknown export format"),
    ):
        result, text = run(*arguments)
        assert result.exit_code == 1
        assert isinstance(result.exception, (SystemExit, typer.Exit))
        assert message in text


def test_the_export_command_writes_and_prints(corpus, tmp_path):
    result, text = run("export", "dygie", corpus("a.spacy", make()), tmp_path / "x.json")
    assert result.exit_code == 0
    assert "king-of 1" in text
    assert (tmp_path / "x.json").exists()
    for command, example in (
        ("export", "export brat corpus/dev.spacy"),
        ("data-check", "data-check corpus/train.spacy"),
    ):
        assert example in run(command, "--help")[1]
