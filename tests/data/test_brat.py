import json

import pytest
from data.brat_files import ANN, PLAIN, TEXT, spans, triples

from spacy_hmtl.annotations.layers import make_clusters
from spacy_hmtl.data.faults import ConversionError, FaultLog
from spacy_hmtl.data.formats.brat import LITBANK
from spacy_hmtl.data.formats.brat import read as read_brat


def test_spans_relations_and_groups_are_read(brat):
    docs, log = brat(strict=True)
    doc = docs[0]
    assert (doc.name, doc.words[:3], doc.sent_starts) == ("doc", ["Ann", "Lee", "left"], [0, 6])
    assert doc.spaces == [True, True, True, True, False, True, True, True, False, False]
    assert spans(doc.layers.mentions) == PLAIN
    assert spans(doc.layers.entities) == [span for span in PLAIN if span != (1, 2, "PER")]
    assert [(rel.head[:3], rel.label, rel.tail[:3]) for rel in doc.layers.relations] == [(PLAIN[0], "left", PLAIN[2])]
    assert doc.layers.clusters == make_clusters([[(0, 2), (6, 7)]])
    assert log.n_noted() == {"names inside or across another name, kept as mentions only": 1}


def test_names_sentences_and_tokens_are_options(brat):
    doc = brat(names=False, lines=False, tokenizer="whitespace")[0][0]
    assert (doc.layers.entities, doc.sent_starts, doc.words[4]) == (None, None, "York.")
    with pytest.raises(ConversionError, match="No tokenizer 'xx-yy'"):
        brat(tokenizer="xx-yy")


def test_a_file_without_relations_is_annotated_if_others_have_some(brat):
    plain = "T1\tPER 0 3\tAnn\n"
    docs, _ = brat(files={"a/b": (ANN, TEXT), "c": ("", TEXT)})
    assert [doc.name for doc in docs] == ["a/b", "c"]
    assert (docs[1].layers.mentions, docs[1].layers.relations, docs[1].layers.clusters) == ([], [], [])
    docs, _ = brat(files={"a/b": (plain, TEXT), "c": (plain, TEXT)})
    assert (docs[0].layers.relations, docs[0].layers.clusters) == (None, None)
    assert len(brat(ids={"c"})[0]) == 1


def test_coreference_relations_make_clusters(brat):
    rows = "".join(f"T{i}\tPER {2 * i} {2 * i + 1}\n" for i in range(5))
    docs, log = brat(rows + "R1\tCoref Arg1:T1 Arg2:T3\n", "a b c d e")
    assert docs[0].layers.clusters == make_clusters([[(0, 1)], [(1, 2), (3, 4)], [(2, 3)], [(4, 5)]])
    assert docs[0].layers.relations is None
    assert log.n_noted() == {"mentions without a coreference link, each a cluster of one": 3}
    chain = "T1\tP 0 1\nT2\tP 2 3\nT3\tP 4 5\nR1\tident Arg1:T2 Arg2:T1\nR2\tIDENT Arg1:T3 Arg2:T2\n*\tEquiv T2\n"
    assert brat(chain, "a b c")[0][0].layers.clusters == make_clusters([[(0, 1), (1, 2), (2, 3)]])


def test_a_file_is_read_by_either_of_its_names(brat, tmp_path):
    expected = brat()[0]
    for name in ("doc.ann", "doc.txt"):
        assert list(read_brat(tmp_path / name, faults=FaultLog())) == expected


@pytest.mark.parametrize(
    ("line", "unit", "what"),
    [
        ("T9\tPER 0 3;8 12\tAnn left", "mention", "the span T9 is discontinuous (2 pieces)"),
        ("T9\tPER 30 99\tBo", "mention", "lies outside the text of 34 characters"),
        ("T9\tPER -2 3\tAnn", "mention", "lies outside"),
        ("T9\tPER 3 3\t", "mention", "is empty or reversed"),
        ("T9\tPER 7 3\tx", "mention", "is empty or reversed"),
        ("T9\tPER 7 8\t ", "mention", "holds no token"),
        ("T9\tPER 0 3\tBob", "mention", "is 'Ann' in the text, but the file says 'Bob'"),
        ("T9\tPER 0\tAnn", "mention", "expected T1<tab>LABEL 0 5<tab>text"),
        ("T1\tPER 0 3\tAnn", "mention", "the id T1 stands twice"),
        ("R9\tleft Arg1:T1 Arg2:T77", "relation", "left has the argument T77, but no span has this id"),
        ("R9\tleft Arg1:E1 Arg2:T1", "relation", "left has the argument E1"),
        ("R9\tleft T1 T2", "relation", "a relation has two arguments, found 0"),
        ("R9\tleft A:T1 B:T2 C:T3", "relation", "a relation has two arguments, found 3"),
        ("R9\tArg1:T1", "relation", "a relation has two arguments, found 0"),
        ("R9\tleft Arg1:T77 Arg2:T78", "relation", "left has the argument T77"),
        ("E9\tGo", "event", "expected E1<tab>LABEL:T1 Role:T2"),
        ("E9\tGo T1", "event", "expected E1<tab>LABEL:T1 Role:T2"),
        ("*\tEquiv T2 T77", "cluster mention", "the argument T77, but no span"),
        ("*\tEquiv T2 T5\n*\tEquiv T1 T5", "cluster mention", ""),
        ("what is this", "line", "expected T1<tab>"),
    ],
)
def test_a_faulty_line_is_reported_and_skipped_alone(brat, line, unit, what):
    docs, log = brat(ANN + line + "\n")
    if what:
        assert [(fault.place.line, fault.unit) for fault in log.faults] == [(8, unit)]
        assert what in log.faults[0].what
        with pytest.raises(ConversionError, match=r"doc.ann:8 "):
            brat(ANN + line + "\n", strict=True)
    assert len(docs[0].layers.mentions) == 5
    assert len(docs[0].layers.relations) == 1


def test_what_refers_to_a_skipped_span_is_reported_too(brat):
    docs, log = brat(ANN.replace("T2\tLOC 13 21", "T2\tLOC 13 16;17 21"))
    assert len(docs[0].layers.mentions) == 5  # only white space is between the fragments
    docs, log = brat(ANN.replace("T1\tPER 0 7\tAnn Lee", "T1\tPER 0 3;8 12\tAnn left"))
    assert log.n_skipped() == {"mention": 1, "relation": 1, "cluster mention": 1}
    assert docs[0].layers.clusters == make_clusters([[(6, 7)]])


def test_boundaries_inside_tokens_are_widened_and_white_space_trimmed(brat):
    docs, log = brat("T1\tPER 1 6\tnn Le\nT2\tPER 8 13\tleft \n", strict=True)
    assert spans(docs[0].layers.mentions) == [(0, 2, "PER"), (2, 3, "PER")]
    assert sorted(log.n_noted()) == [
        "spans with a boundary inside a token, widened to whole tokens",
        "spans with white space at their boundaries, trimmed",
    ]


def test_a_line_end_inside_a_mention_ends_no_sentence(brat):
    docs, _ = brat("T1\tORG 17 26\tYork. She\n", strict=True)
    assert docs[0].sent_starts == [0]


def test_what_is_not_read_is_noted(brat):
    docs, log = brat(
        ANN + "E1\tGo:T1 Who:T2\nA1\tSure T1\nN1\tReference T1 W:1 x\n#1\tAnnotatorNotes T1\thm\n", strict=True
    )
    assert len([kind for kind in log.n_noted() if kind.endswith("not read")]) == 3
    assert log.n_noted()["events with arguments, of which the trigger is read only (see --event-arguments)"] == 1
    assert len(docs[0].layers.mentions) == 5


COUNTED = "\U0001f600 Zo\xeb\r\nmet \xc4nn\r\n"


@pytest.mark.parametrize("unit", ["characters", "UTF-16 units", "bytes"])
@pytest.mark.parametrize("mark", [None, False, True])
@pytest.mark.parametrize("returns", [False, True])
def test_the_texts_of_spans_tell_what_their_offsets_count(brat, unit, mark, returns):
    size = {"characters": lambda text: len(text), "bytes": lambda text: len(text.encode())}
    size["UTF-16 units"] = lambda text: len(text.encode("utf-16-le")) // 2
    counted = ("\ufeff" if mark else "") + (COUNTED if returns else COUNTED.replace("\r", ""))
    rows = ""
    for i, word in enumerate(("\U0001f600", "Zo\xeb", "met", "\xc4nn")):
        start = size[unit](counted[: counted.index(word)])
        rows += f"T{i}\tX {start} {start + size[unit](word)}\t{word}\r\n"
    docs, log = brat(rows, (b"" if mark is None else b"\xef\xbb\xbf") + COUNTED.encode(), strict=True)
    assert spans(docs[0].layers.mentions) == [(i, i + 1, "X") for i in range(4)]
    assert docs[0].words == ["\U0001f600", "Zo\xeb", "met", "\xc4nn"]
    said = [kind for kind in log.n_noted() if "offsets count" in kind]
    parts = [unit] if unit != "characters" else []
    parts += ["the byte order mark"] if mark else []
    parts += ["line ends as two"] if returns else []
    assert said == ([f"documents whose offsets count {', '.join(parts)}"] if parts else [])


def test_spans_without_texts_are_taken_to_count_characters(brat):
    docs, _ = brat("T1\tX 2 5\n", "\U0001f600 Zo\xeb\r\n", strict=True)
    assert spans(docs[0].layers.mentions) == [(1, 2, "X")]


def test_offsets_count_characters_not_bytes(brat):
    docs, _ = brat("T1\tPER 2 7\tZo\xeb \xc4\n", "\U0001f600 Zo\xeb \xc4 .", strict=True)
    assert docs[0].words[1:3] == ["Zo\xeb", "\xc4"]
    assert spans(docs[0].layers.mentions) == [(1, 3, "PER")]


def test_files_that_cannot_be_read_are_reported_and_the_others_read(brat):
    latin = "T1\tPER 0 3\t\xc4nn\n".encode("latin-1")
    docs, log = brat(
        files={
            "a": (ANN, TEXT),
            "b": (ANN, None),
            "c": (latin, TEXT),
            "d": ("T1\tPER 0 3\n", "\xc4nn".encode("latin-1")),
            "e": ('{"text": 1}\n', TEXT),
            "f": ("", " \n"),
            "g": (b"T1\0", TEXT),
        }
    )
    assert [doc.name for doc in docs] == ["a"]
    assert log.n_skipped() == {"document": 4, "file": 2}
    text = " ".join(map(str, log.faults))
    for what in (
        "its text b.txt is missing",
        "c.ann:1",
        "d.txt:1",
        "0xc4",
        "has no tokens",
        "zero bytes",
        "not a brat file",
    ):
        assert what in text


@pytest.mark.parametrize("ann", ["Ann\tB-per\n", "#begin document (x)\n", '{"a": 1}\n', "<xml>\n"])
def test_another_format_is_refused(brat, ann):
    with pytest.raises(ConversionError, match="not a brat file: expected a line such as T1"):
        brat(ann)


def test_a_relation_of_a_span_with_itself_and_a_cluster_of_one_are_reported(brat):
    rows = (
        "T1\tP 0 3\tAnn\nT2\tP 0 3\tAnn\nT3\tP 4 7\tLee\nT4\tQ 4 7\tLee\nR1\tx Arg1:T1 Arg2:T2\nR2\ty Arg1:T3 Arg2:T3\n"
        "R3\tz Arg1:T3 Arg2:T4\n*\tEquiv T1 T2\n"
    )
    docs, log = brat(rows, "Ann Lee")
    assert triples(docs[0]) == [((1, 2), "y", (1, 2)), ((1, 2), "z", (1, 2))]
    assert log.n_skipped() == {"relation": 1}
    assert log.n_noted() == {
        "relations of a span with itself or with one of the same words, kept": 2,
        "spans that stand twice with the same label, kept once": 1,
        "coreference groups whose spans cover the same words, of which a cluster of one is left": 1,
        "names inside or across another name, kept as mentions only": 1,
    }


LITBANK_ANN = (
    "T1\tPROP_PER 0 4\tDr .\n"
    "T2\tNOM_PER 9 12\tman\n"
    "T3\tPRON_PER 13 15\the\n"
    "T7\tPRON_PER 13 15\the\n"
    "T4\tThe_Doctor-0 0 4\tDr .\n"
    "T5\tThe_Doctor-0 13 15\the\n"
    "R1\tcop Arg1:T4 Arg2:T2\n"
    "R2\tcop Arg1:T7 Arg2:T2\n"
)


def test_litbank_is_recognised(brat):
    docs, log = brat(LITBANK_ANN, "Dr . is a man he\nruns .\n".replace("is a", "is "), strict=True)
    doc = docs[0]
    assert doc.words == ["Dr", ".", "is", "man", "he", "runs", "."]
    assert spans(doc.layers.mentions) == [(0, 2, "PROP_PER"), (3, 4, "NOM_PER"), (4, 5, "PRON_PER")]
    assert spans(doc.layers.entities) == [(0, 2, "PROP_PER")]
    assert doc.layers.clusters == make_clusters([[(0, 2), (4, 5)], [(3, 4)]])
    assert [(rel.head.start, rel.tail.start) for rel in doc.layers.relations] == [(0, 3), (4, 3)]
    assert log.n_noted()[LITBANK] == 1
    assert brat(names=False)[0][0].layers.entities is None


def test_a_side_file_that_does_not_fit_is_left_out(brat, tmp_path):
    side = {
        "name": "n",
        "length": 34,
        "tokens": [[0, 7], [8, 33]],
        "spaces": [1, 0],
        "sent_starts": None,
        "layers": ["mentions"],
        "meta": {},
    }
    (tmp_path / "doc.hmtl.json").write_text(json.dumps(side))
    doc = brat("T1\tPER 0 7\n", strict=True)[0][0]
    assert (doc.name, doc.words, doc.layers.relations) == ("n", ["Ann Lee", TEXT[8:33]], None)
    for content in (json.dumps({**side, "length": 35}), json.dumps({**side, "spaces": [1]}), "{", "[]", "[" * 100_000):
        (tmp_path / "doc.hmtl.json").write_text(content)
        docs, log = brat()
        assert docs[0].words[0] == "Ann"
        assert log.n_noted()["files DOC.hmtl.json that do not fit their text, left out"] == 1
