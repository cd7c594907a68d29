import pytest

from spacy_hmtl.data.convert import convert
from spacy_hmtl.data.faults import ConversionError
from spacy_hmtl.data.reading.tags import spans_of_tags

TWO_SENTENCES = "Ann\tB-per\nLee\tI-per\nran\tO\n{separator}\nTo\tO\nRome\tB-loc\n"


def spans(doc):
    return [span[:3] for span in doc.layers.entities]


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
    assert docs[0].layers.entities == []
    assert docs[0].layers.mentions is None
    assert docs[0].layers.clusters is None
    assert docs[0].layers.relations is None


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
    assert sorted(log.n_noted()) == [
        "X spans that begin with I- (no B- before), kept",
        "files with further columns, not read (2)",
    ]


def test_spaces_separate_columns_only_where_there_is_no_tab(read):
    docs, log = read("iob", "New York\tB-loc\n\nTo O\n\na b B-x\n")
    assert [doc.words for doc in docs] == [["New York"], ["To"]]
    assert [(fault.place.line, fault.what) for fault in log.faults] == [
        (5, "expected 2 columns as in the rows before, found 3 columns in 'a b B-x'")
    ]


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


NUMBERED = "1\tMira\tB-PER\tO\n2\tof\tI-PER\tO\n3\tOslo\tI-PER\tB-LOC\n\n1\tShe\tO\tO\n2\twaits\tO\tO\n"


def test_a_column_that_counts_is_not_the_words_and_outer_tags_are_names(read):
    docs, log = read("iob", NUMBERED, strict=True)
    assert [doc.words for doc in docs] == [["Mira", "of", "Oslo"], ["She", "waits"]]
    assert [spans(doc) for doc in docs] == [[(0, 3, "PER")], []]
    assert [[span[:3] for span in doc.layers.mentions] for doc in docs] == [[(0, 3, "PER"), (2, 3, "LOC")], []]
    assert list(log.n_noted()) == ["files with outer and inner tags: the outer are names, both are mentions"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("B-PER\tMira\nO\twaves\n", ["Mira", "waves"]),  # the tag first
        ("doc1 1 Mira B-PER\ndoc1 2 of I-PER\ndoc1 3 Oslo I-PER\n", ["Mira", "of", "Oslo"]),
        ("7\tMira\tB-PER\t-\tann\n8\twaves\tO\t-\tann\n", ["Mira", "waves"]),  # goes on
        ("1\tMira\tB-PER\n1-2\twaves\tO\n2\tto\tO\n", ["Mira", "to"]),  # as in CoNLL-U
        ("0\tMira\tB-PER\n1\t3\tO\n2\tdogs\tO\n", ["Mira", "3", "dogs"]),
        ("en:Mira B-PER\nen:waves O\nen:: O\n", ["Mira", "waves", ":"]),
        ("token\tner_tags\nMira\tB-PER\nwaves\tO\n", ["Mira", "waves"]),
        ("# a b\nMira _ _ B-PER\n# sent_id = 2\n# x\ty\nwaves _ _ O\n", ["Mira", "waves"]),
        ("#Mira\tB-PER\n#\tO\nwaves\tO\n", ["#Mira", "#", "waves"]),  # tokens, not comments
        ("Mira B-PER\n3 O\n4 O\n", ["Mira", "3", "4"]),
    ],
)
def test_the_columns_are_found_by_what_they_hold(read, text, words):
    docs, _ = read("iob", text, strict=True)
    assert [doc.words for doc in docs] == [words]
    assert docs[0].layers.entities[0].label == "PER"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("1\tB-PER\n2\tO\n", r"corpus.txt:1: column 1 counts the tokens, but no column"),
        ("PROPN Mira B-PER\nVERB waves O\nPUNCT . O\n", "column 1 should hold the tokens, but holds parts of speech"),
        ("7 Mira B-PER\n7 waves O\n7 . O\n", "column 1 should hold the tokens, but holds numbers"),
        ("d1 Mira B-PER\nd1 waves O\nd1 . O\n", "holds one and the same value in all rows"),
        ("_\tB-PER\n_\tO\n_\tO\n", "holds neither letters nor digits"),
        ("\nMira B-PER O\nof I-PER O\n", r"corpus.txt:2: the columns 2 and 3 hold tags, and any of them"),
        ("Mira B-PER B-PER\nof O B-PER\n", "the columns 2 and 3 hold tags"),  # gold and predicted
        ("#begin document (x)\n0\tMira\tB-PER\n", "looks like CoNLL-2012"),
        ("Mira PER\nwaves NONE\n", "not a iob file"),
    ],
)
def test_a_table_whose_columns_cannot_be_told_is_refused_with_its_line(read, text, what):
    with pytest.raises(ConversionError, match=what):
        read("iob", text)


def test_the_columns_can_be_given(read):
    text = "PROPN Mira B-PER O\nVERB waves O O\nADP to O B-LOC\n"
    docs, _ = read("iob", text, word_column=2, tag_column=4)
    assert (docs[0].words, spans(docs[0])) == (["Mira", "waves", "to"], [(2, 3, "LOC")])
    with pytest.raises(ConversionError, match="there is no column 5, the rows have 4"):
        read("iob", text, tag_column=5)
    with pytest.raises(ConversionError, match="word_column must be at least 1"):
        read("iob", text, word_column=0)


def test_a_row_that_breaks_the_layout_skips_its_sentence(read):
    docs, log = read("iob", NUMBERED + "\n1\tHe\tO\tO\n3\twaits\tO\tO\n\n1\tHe\tO\n")
    assert len(docs) == 2
    assert [(fault.place.line, fault.what) for fault in log.faults] == [
        (9, "expected token number 2, found '3'"),
        (11, "expected 4 columns as in the rows before, found 3 columns in '1\\tHe\\tO'"),
    ]
    _, log = read("iob", "en:Mira B-PER\nen:waves O\n\nfr:Oslo B-LOC\n")
    assert not log.n_noted()


NAMES = {
    # file: sentences, tokens, names
    "wikigold/wikigold.conll.txt": (1696, 39007, {"LOC": 1014, "PER": 934, "ORG": 898, "MISC": 712}),
    "uner_english_pud/en_pud-ud-test.iob2": (1000, 21176, {"LOC": 426, "PER": 414, "ORG": 235}),
    # Lines that begin with # are hashtags here, which the data's README leaves out of its counts.
    "btc/a.conll": (1000, 16612, {"PER": 229, "ORG": 173, "LOC": 119}),
    "btc/b.conll": (2000, 30825, {"PER": 865, "ORG": 516, "LOC": 229}),
    "btc/e.conll": (200, 3981, {"LOC": 144, "ORG": 122, "PER": 59}),
    "btc/f.conll": (1999, 35393, {"PER": 2648, "ORG": 1090, "LOC": 635}),
    "btc/g.conll": (2138, 34062, {"PER": 1802, "ORG": 1498, "LOC": 1385}),
    "btc/h.conll": (1998, 29431, {"PER": 2323, "ORG": 736, "LOC": 309}),
}
EMPTY_TOKENS = {"btc/f.conll": 1, "btc/h.conll": 3}  # sentences with a row that has no token


@pytest.mark.parametrize("file", NAMES)
def test_corpora_of_names_have_their_counts(hmtl_data, tmp_path, file):
    report = convert("iob", hmtl_data / file, tmp_path / "x.spacy")
    assert (report.n_documents, report.n_tokens, report.labels["entities"]) == NAMES[file]
    assert [fault.what for fault in report.log.faults] == ["the token is empty"] * EMPTY_TOKENS.get(file, 0)
