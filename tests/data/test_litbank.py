from itertools import starmap

import pytest

from spacy_hmtl.annotations.layers import extents, make_clusters
from spacy_hmtl.data.faults import ConversionError, FaultLog
from spacy_hmtl.data.formats.litbank import read as read_litbank
from spacy_hmtl.data.reading.brackets import crossing_pairs

# (token, tags of two levels, brackets); None ends a sentence.
TOKENS = [
    ("The", "O", "B-PER", "(1"),
    ("king", "O", "I-PER", ""),
    ("of", "O", "I-PER", ""),
    ("Spain", "B-GPE", "I-PER", "(2)|1)"),
    None,
    ("He", "O", "O", "(1)"),
    ("slept", "O", "O", ""),
]


def tsv_row(token, level_1, level_2, _):
    return f"{token}\t{level_1}\t{level_2}\t"


def conll_row(token, _, __, brackets):
    return "\t".join(["doc", "0", "0", token, *["_"] * 8, brackets])


def table(make_row, tokens):
    return "".join(make_row(*token) + "\n" if token else "\n" for token in tokens)


@pytest.fixture
def litbank(tmp_path):
    """Write a LitBank folder of one document and read it: documents and log."""

    def write_and_read(tokens, *, coref_tokens=None, tsv=None, conll=None, strict=False, **options):
        for folder in ("entities/tsv", "coref/conll"):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        tsv = table(tsv_row, tokens) if tsv is None else tsv
        body = table(conll_row, coref_tokens or tokens)
        conll = f"#begin document (doc); part 0\n{body}\n#end document\n" if conll is None else conll
        (tmp_path / "entities/tsv/doc.tsv").write_bytes(tsv if isinstance(tsv, bytes) else tsv.encode())
        (tmp_path / "coref/conll/doc.conll").write_bytes(conll if isinstance(conll, bytes) else conll.encode())
        log = FaultLog(strict=strict)
        return list(read_litbank(tmp_path, faults=log, **options)), log

    return write_and_read


def replaced(number, brackets):
    """The tokens with the brackets of one of them replaced."""
    return [(*token[:3], brackets) if i == number and token else token for i, token in enumerate(TOKENS)]


def test_both_layers_of_a_document_are_joined(litbank):
    docs, log = litbank(TOKENS, strict=True)
    doc = docs[0]
    assert (doc.name, doc.words) == ("doc", ["The", "king", "of", "Spain", "He", "slept"])
    assert doc.sent_starts == [0, 4]
    assert [span[:3] for span in doc.layers.mentions] == [(0, 4, "PER"), (3, 4, "GPE")]
    assert doc.layers.clusters == make_clusters([[(0, 4), (4, 5)], [(3, 4)]])
    assert doc.layers.entities is None
    assert doc.layers.relations is None
    assert not log.notes


def test_ids_choose_documents(litbank):
    assert litbank(TOKENS, ids={"other"})[0] == []
    assert len(litbank(TOKENS, ids={"doc"})[0]) == 1


def test_a_document_with_one_layer_keeps_it(litbank, tmp_path):
    litbank(TOKENS)
    (tmp_path / "coref/conll/doc.conll").unlink()
    log = FaultLog()
    docs = list(read_litbank(tmp_path, faults=log))
    assert docs[0].layers.clusters is None
    assert len(docs[0].layers.mentions or []) == 2
    assert log.n_noted().total() == 1


@pytest.mark.parametrize(
    ("number", "brackets", "line", "what", "clusters"),
    [
        (0, "", 5, "1) closes a mention that was not opened", [[(3, 4)], [(4, 5)]]),
        (3, "(2)", 2, "(1 opens a mention that is not closed", [[(3, 4)], [(4, 5)]]),
        (5, "(one)", 7, "expected coreference brackets", [[(0, 4)], [(3, 4)]]),
        (3, "(2)|1)|(3)", 5, "same extent", [[(0, 4), (4, 5)], [(3, 4)]]),
    ],
)
def test_a_faulty_bracket_skips_its_mention(litbank, number, brackets, line, what, clusters):
    docs, log = litbank(replaced(number, brackets))
    assert extents(docs[0].layers.clusters) == clusters
    assert [(fault.place.line, fault.unit) for fault in log.faults] == [(line, "mention")]
    assert what in log.faults[0].what


def test_mentions_of_one_cluster_nest(litbank):
    tokens = [("a", "O", "O", "(1"), ("b", "O", "O", "(1"), ("c", "O", "O", "1)"), ("d", "O", "O", "1)")]
    docs, _ = litbank(tokens)
    assert docs[0].layers.clusters == make_clusters([[(0, 4), (1, 3)]])


def test_crossing_mentions_of_two_clusters_are_kept_and_noted(litbank):
    tokens = [("a", "O", "O", "(1"), ("b", "O", "O", "(2"), ("c", "O", "O", "1)"), ("d", "O", "O", "2)")]
    docs, log = litbank(tokens, strict=True)
    assert docs[0].layers.clusters == make_clusters([[(0, 3)], [(1, 4)]])
    assert log.n_noted().total() == 1
    assert "crossing" in log.notes[0].kind


def test_crossing_pairs_are_those_of_a_loop_over_all_pairs():
    spans = [(start, end) for start in range(6) for end in range(start + 1, 7)]

    def cross(a, b):
        return a[0] < b[0] < a[1] < b[1]

    pairs = [(a, b) for a in spans for b in spans]
    expected = {pair for pair, crosses in zip(pairs, starmap(cross, pairs)) if crosses}
    found = crossing_pairs(spans)
    assert set(found) == expected
    assert len(found) == len(expected)


def test_layers_with_different_tokens_skip_the_document(litbank):
    docs, log = litbank(TOKENS, coref_tokens=TOKENS[:-1])
    assert docs == []
    assert "the tokens or sentences differ" in log.faults[0].what
    assert "5 the same" in log.faults[0].what


def test_a_stripped_last_column_skips_the_document(litbank):
    conll = "#begin document (doc); part 0\n" + "\n".join(
        row.rstrip("\t") for row in table(conll_row, TOKENS).split("\n")
    )
    docs, log = litbank(TOKENS, conll=conll)
    assert docs == []
    assert "found 12" in log.faults[0].what
    assert "do not strip" in log.faults[0].remedy


@pytest.mark.parametrize("row", ["king\tO\t", "king\tO\tI-PER\tO\tO\t", "king\tO\tPER\t", "\tO\tO\t"])
def test_an_unreadable_row_of_tags_skips_the_document(litbank, row):
    tsv = table(tsv_row, TOKENS).replace("king\tO\tI-PER\t", row)
    docs, log = litbank(TOKENS, tsv=tsv)
    assert docs == []
    assert [(fault.place.line, fault.unit) for fault in log.faults] == [(2, "document")]


def test_a_table_without_token_numbers_skips_the_document(litbank):
    rows = "\t".join(["doc", "0", "The", "DET", *["_"] * 8, "(1)"])
    docs, log = litbank(TOKENS, conll=f"#begin document (doc); part 0\n{rows}\n\n#end document\n")
    assert not docs
    assert (log.faults[0].place.line, "expected a token number in column 3" in log.faults[0].what) == (2, True)


def test_windows_line_ends_are_noted(litbank):
    tsv = table(tsv_row, TOKENS).replace("\n", "\r\n")
    docs, log = litbank(TOKENS, tsv=tsv, strict=True)
    assert docs[0].words[3] == "Spain"
    assert "CRLF" in log.notes[0].kind


def test_a_line_that_is_not_utf8_skips_the_document(litbank):
    docs, log = litbank(TOKENS, tsv=table(tsv_row, TOKENS).replace("king", "k\xefng").encode("latin-1"))
    assert docs == []
    assert "0xef" in log.faults[0].what
    assert log.faults[0].place.line == 2


def test_files_of_another_format_are_refused(litbank, tmp_path):
    with pytest.raises(ConversionError, match="not a litbank file: expected #begin document"):
        litbank(TOKENS, conll="Ann\tB-per\n")
    with pytest.raises(ConversionError, match="expected the folder that holds entities"):
        list(read_litbank(tmp_path / "entities", faults=FaultLog()))
    with pytest.raises(ConversionError, match="no such file or folder"):
        list(read_litbank(tmp_path / "missing", faults=FaultLog()))


@pytest.mark.parametrize("data", [b'{"a": 1}\n', "Ann\tO\t\n".encode("utf-16"), b"<?xml?>\n"])
def test_a_file_of_another_format_costs_its_document_only(litbank, tmp_path, data):
    litbank(TOKENS)
    (tmp_path / "entities/tsv/other.tsv").write_bytes(data)
    log = FaultLog()
    docs = list(read_litbank(tmp_path, faults=log))
    assert ([doc.name for doc in docs], log.n_skipped()) == (["doc"], {"file": 1})
    with pytest.raises(ConversionError, match=r"other.tsv"):
        list(read_litbank(tmp_path, faults=FaultLog(strict=True)))
