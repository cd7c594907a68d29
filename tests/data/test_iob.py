import pytest

from spacy_hmtl.data.faults import ConversionError
from spacy_hmtl.data.reading.tags import spans_of_tags

TWO_SENTENCES = "Ann\tB-per\nLee\tI-per\nran\tO\n{separator}\nTo\tO\nRome\tB-loc\n"


def spans(doc):
    return [span[:3] for span in doc.entities]


@pytest.mark.parametrize("separator", ["", "\t", " \t ", "\n\n"])
def test_sentences_end_at_empty_lines_and_lines_of_white_space(read, separator):
    docs, log = read("iob", TWO_SENTENCES.format(separator=separator))
    assert [doc.words for doc in docs] == [["Ann", "Lee", "ran"], ["To", "Rome"]]
    assert [spans(doc) for doc in docs] == [[(0, 2, "per")], [(1, 2, "loc")]]
    assert [doc.name for doc in docs] == ["corpus-1", "corpus-2"]
    assert not log.faults
    assert not log.notes


def test_only_names_are_annotated(read):
    docs, _ = read("iob", "ran\tO\n")
    assert docs[0].entities == []
    assert docs[0].mentions is None
    assert docs[0].clusters is None
    assert docs[0].relations is None


def test_sentences_are_grouped_into_documents(read):
    text = "a O\n\nb B-X\n\nc B-Y\n"
    docs, _ = read("iob", text, sents_per_doc=2)
    assert [doc.words for doc in docs] == [["a", "b"], ["c"]]
    assert docs[0].sent_starts == [0, 1]
    assert spans(docs[0]) == [(1, 2, "X")]
    assert docs[0].spaces == [True, False]


def test_document_start_rows_end_a_document(read):
    text = "-DOCSTART- -X- O O\n\na DT I-NP O\n\nb NN I-NP I-X\n\n-DOCSTART- -X- O O\n\nc NN I-NP O\n"
    docs, log = read("iob", text, sents_per_doc=10)
    assert [doc.words for doc in docs] == [["a", "b"], ["c"]]
    assert log.n_noted().total() == 1


def test_spaces_separate_columns_only_where_there_is_no_tab(read):
    docs, _ = read("iob", "New York\tB-loc\n\na b B-x\n")
    assert [doc.words for doc in docs] == [["New York"], ["a"]]


@pytest.mark.parametrize("odd", ["\u200b", "\ufeff", "\x85", "\u2028", "\xa0"])
def test_odd_characters_in_tokens_are_kept(read, odd):
    docs, log = read("iob", f"a\tO\n{odd}b\tB-x\n")
    assert docs[0].words == ["a", f"{odd}b"]
    assert not log.faults


@pytest.mark.parametrize(
    ("tags", "expected", "n_repaired"),
    [
        ("O I-A I-A O", [(1, 3, "A")], 1),  # IOB1
        ("B-A I-B", [(0, 1, "A"), (1, 2, "B")], 1),
        ("B-A B-A", [(0, 1, "A"), (1, 2, "A")], 0),
        ("B-A I-A L-A U-B O", [(0, 3, "A"), (3, 4, "B")], 0),  # BILOU
        ("B-A E-A S-A S-A", [(0, 2, "A"), (2, 3, "A"), (3, 4, "A")], 0),  # BIOES
        ("L-A I-A", [(0, 1, "A"), (1, 2, "A")], 2),
        ("", [], 0),
    ],
)
def test_tags_of_every_scheme_become_spans(tags, expected, n_repaired):
    found, repaired = spans_of_tags(tags.split())
    assert [span[:3] for span in found] == expected
    assert len(repaired) == n_repaired


def test_spans_that_begin_with_i_are_kept_and_noted(read):
    docs, log = read("iob", "a\tO\nb\tI-x\nc\tI-x\n", strict=True)
    assert spans(docs[0]) == [(1, 3, "x")]
    assert [(note.place.line, note.kind.startswith("x spans that begin with I-")) for note in log.notes] == [(2, True)]


@pytest.mark.parametrize(
    ("row", "what"),
    [("lonely", "found 1 column"), ("a\t", "found ''"), ("\tO", "the token is empty"), ("a\tNOUN", "found 'NOUN'")],
)
def test_an_unreadable_row_skips_its_sentence(read, row, what):
    docs, log = read("iob", f"a\tO\n\nb\tO\n{row}\n\nc\tB-x\n")
    assert [doc.name for doc in docs] == ["corpus-1", "corpus-3"]
    assert [(fault.place.line, fault.unit) for fault in log.faults] == [(4, "sentence")]
    assert what in log.faults[0].what


@pytest.mark.parametrize("text", ["#doc 1024\n0\tVery\tO\t['N']\t[0]\n", '{"sentence": []}\n', "Just some text.\n"])
def test_another_format_is_refused(read, text):
    with pytest.raises(ConversionError, match="not a iob file"):
        read("iob", text)


def test_an_empty_file_has_no_documents(read):
    assert read("iob", "\n\n") == ([], read("iob", "")[1])


def test_documents_have_at_least_one_sentence(read):
    with pytest.raises(ConversionError, match="sents_per_doc must be at least 1"):
        read("iob", "a\tO\n", sents_per_doc=0)
