import pytest
from data.conll_rows import ROWS, table
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_hmtl.annotations.layers import extents, make_clusters
from spacy_hmtl.data.convert import convert
from spacy_hmtl.data.faults import ConversionError, FaultLog
from spacy_hmtl.data.formats import get_reader, normalize_id
from spacy_hmtl.data.reading.brackets import document_order


def with_rows(changes):
    """ROWS with some replaced, as a document, and a good document after it."""
    rows = [changes.get(i, row) for i, row in enumerate(ROWS)]
    return table(rows) + "\n" + table(ROWS, part="001")


def test_a_part_is_a_document_with_names_clusters_speakers_and_genre(read):
    docs, log = read("conll2012", table(ROWS) + "\n" + table(ROWS[:6], part="003", arguments=()), strict=True)
    doc, other = docs
    assert doc.name == "bc/cnn/00/cnn_0001_0"
    assert doc.words == ["Ann", "Lee", "'s", "dog", "left", ".", "Did", "it", "see", "Rome", "?"]
    assert doc.sent_starts == [0, 6]
    assert [name[:3] for name in doc.layers.entities] == [(0, 2, "PERSON"), (9, 10, "GPE")]
    assert doc.layers.clusters == make_clusters([[(0, 4), (7, 8)], [(0, 2)]])
    assert (doc.layers.mentions, doc.layers.relations) == (None, None)
    assert doc.meta["speakers"] == ["Ann_Lee"] * 6 + ["Bo"] * 5
    assert (doc.meta["genre"], doc.meta["document"], doc.meta["part"]) == ("bc", "bc/cnn/00/cnn_0001", 0)
    assert (other.name, other.meta["part"], len(other.words)) == ("bc/cnn/00/cnn_0001_3", 3, 6)
    assert not log.notes


@pytest.mark.parametrize(
    ("document", "mark", "entities"),
    [("nw/x", "-", None), ("nw/x", "_", None), ("nw/x", "*", []), ("pt/nt/40", "*", None), ("pt/nt/40", "-", None)],
)
def test_documents_without_name_annotation_are_told_from_those_without_names(read, document, mark, entities):
    docs, _ = read("conll2012", table([("He", "-", mark, "(1)"), ("ran", "-", mark, "-"), None], document=document))
    assert docs[0].layers.entities == entities


def test_a_document_of_the_unnamed_genre_that_has_a_name_is_annotated(read):
    docs, log = read("conll2012", table(ROWS, document="pt/nt/40"))
    assert len(docs[0].layers.entities) == 2
    assert not log.notes


def test_no_mention_is_annotated_unless_one_asks(read):
    text = table([("He", "-", "*", "-"), None])
    docs, log = read("conll2012", text)
    assert docs[0].layers.clusters == []
    assert [note.kind.rpartition("--")[2] for note in log.notes] == ["empty-coref-absent)", "empty-names-absent)"]
    assert read("conll2012", text, empty_coref_absent=True)[0][0].layers.clusters is None
    assert read("conll2012", table([("He", "-", "*", "_"), None]))[0][0].layers.clusters is None


def test_no_name_is_annotated_unless_one_asks(read):
    text = table([("He", "-", "*", "(1)"), None]) + table(ROWS, part="001")
    assert [doc.layers.entities is None for doc in read("conll2012", text)[0]] == [False, False]
    docs, log = read("conll2012", text, empty_names_absent=True)
    assert [doc.layers.entities is None for doc in docs] == [True, False]
    assert not log.notes


def test_tabs_with_an_empty_last_column_and_tokens_with_odd_blanks_are_read(read):
    rows = ["#begin document (x); part 0", "\t".join(["x", "0", "0", "a\u00a0b", *["_"] * 8, "(1)"])]
    rows += ["\t".join(["x", "0", "1", "c", *["_"] * 8, ""]), "", "#end document", ""]
    docs, _ = read("conll2012", "\n".join(rows), strict=True)
    assert (docs[0].words, docs[0].layers.entities, docs[0].layers.clusters) == (
        ["a\u00a0b", "c"],
        None,
        make_clusters([[(0, 1)]]),
    )
    docs, _ = read("conll2012", table([("a\u00a0b", "-", "*", "-"), None]), strict=True)
    assert docs[0].words == ["a\u00a0b"]


@pytest.mark.parametrize(
    ("changes", "unit", "line", "what"),
    [
        ({1: ("Lee", "Ann_Lee", "*)", "")}, "document", 3, "expected 13 columns as in the first row"),
        ({7: ("Did", "", "", "")}, "document", 9, "expected 12 columns, found 10"),
        ({3: ("dog", "Ann_Lee", "*", "-")}, "mention", 2, "(0 opens a mention that is not closed in its sentence"),
        ({8: ("it", "Bo", "*", "0)")}, "mention", 10, "0) closes a mention that was not opened"),
        ({8: ("it", "Bo", "*", "(0")}, "mention", 10, "(0 opens a mention that is not closed"),
        ({8: ("it", "Bo", "*", "(x)")}, "mention", 10, "expected coreference brackets"),
        ({1: ("Lee", "Ann_Lee", "*", "3)")}, "name", 2, "(PERSON opens a name that is not closed in its sentence"),
        ({3: ("dog", "Ann_Lee", "*)", "0)")}, "name", 5, "'*)' closes a name that was not opened"),
        ({3: ("dog", "Ann_Lee", "(*", "0)")}, "name", 5, "expected name brackets"),
        ({1: ("Lee", "Ann_Lee", "(GPE))", "3)")}, "name", 3, "a name GPE lies in a name PERSON"),
    ],
)
def test_a_fault_names_its_line_and_costs_its_unit_only(read, changes, unit, line, what):
    docs, log = read("conll2012", with_rows(changes))
    assert [(fault.unit, fault.place.line, fault.place.document) for fault in log.faults] == [
        (unit, line, "bc/cnn/00/cnn_0001_0")
    ]
    assert what in log.faults[0].what
    assert [doc.meta["part"] for doc in docs] == ([1] if unit == "document" else [0, 1])
    with pytest.raises(ConversionError, match=f":{line} "):
        read("conll2012", with_rows(changes), strict=True)


def test_a_document_that_is_not_utf8_is_skipped_and_windows_line_ends_are_noted(read):
    text = with_rows({}).replace("dog", "d\u00f4g", 1).replace("\n", "\r\n").encode("latin-1")
    docs, log = read("conll2012", text)
    assert [doc.meta["part"] for doc in docs] == [1]
    assert [(fault.unit, fault.place.line) for fault in log.faults] == [("document", 5)]
    assert docs[0].meta["speakers"][0] == "Ann_Lee"
    assert [note.kind for note in log.notes] == ["files with Windows line ends (CRLF), read as line ends"]


def test_a_missing_end_is_noted_and_rows_after_the_end_are_a_fault(read):
    docs, log = read("conll2012", table(ROWS, end="") + table(ROWS, part="001"))
    assert (len(docs), [note.place.line for note in log.notes]) == (2, [1])
    docs, log = read("conll2012", table(ROWS) + table(ROWS).partition("\n")[2] + table(ROWS, part="001"))
    assert [doc.meta["part"] for doc in docs] == [1]
    assert "expected #begin document after #end document" in log.faults[0].what


@pytest.mark.parametrize("text", ["Ann\tB-PER\nran\tO\n", "#doc 1\n0\tx\tO\t['N']\t[0]\n", "<?xml version='1.0'?>\n"])
def test_another_format_is_refused(read, text):
    with pytest.raises(ConversionError, match=r"not a conll2012 file.*looks like"):
        read("conll2012", text)


def write_folder(folder, names):
    for i, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        word = "auto" if "auto" in name else "gold"
        path.write_text(table([(word, "-", "(ORG)", "(1)"), None], document=f"nw/x/{i}"), encoding="utf-8")


@pytest.mark.parametrize("options", [{}, {"auto": True}])
def test_folders_of_all_layouts_give_one_file_per_document(tmp_path, options):
    names = [
        "v4/nw/a.v4_gold_conll",
        "v4/nw/a.v4_auto_conll",
        "v12/nw/a.gold_conll",
        "v4/nw/b.v4_auto_conll",
        "c.conll",
    ]
    write_folder(tmp_path, [*names, "v4/nw/a.v4_gold_skel", "v4/nw/a.v4_gold_parse"])
    log = FaultLog()
    docs = list(get_reader("conll2012")(tmp_path, faults=log, **options))
    both = "auto" if options else "gold"
    assert sorted(doc.words[0] for doc in docs) == sorted([both, "gold", "auto", "gold"])
    assert [note.place.path.name for note in log.notes] == ["a.v4_gold_conll" if options else "a.v4_auto_conll"]


def test_a_file_of_another_format_does_not_stop_its_folder(tmp_path):
    write_folder(tmp_path / "in", ["a.gold_conll"])
    (tmp_path / "in" / "b.gold_conll").write_text("{}\n", encoding="utf-8")
    report = convert("conll2012", tmp_path / "in", tmp_path / "x.spacy")
    assert (report.n_documents, report.log.n_skipped()) == (1, {"file": 1})
    with pytest.raises(ConversionError, match="not a conll2012 file"):
        convert("conll2012", tmp_path / "in", tmp_path / "x.spacy", strict=True)


def test_ids_are_documents_parts_or_paths_of_a_file_list(tmp_path):
    corpus, ids = tmp_path / "x.conll", tmp_path / "ids"
    corpus.write_text(table(ROWS) + table(ROWS, part="001") + table(ROWS, document="nw/y"), encoding="utf-8")
    for line, n_documents in [("bc/cnn/00/cnn_0001", 2), ("bc/cnn/00/cnn_0001_1", 1), ("nw/y_0", 1)]:
        ids.write_text(line + "\n", encoding="utf-8")
        report = convert("conll2012", corpus, tmp_path / "x.spacy", ids=ids, strict=True)
        assert report.n_documents == n_documents
    for name in ("nw/y", "./data/train/data/english/annotations/nw/y.v4_gold_conll", "annotations/nw/y.gold_conll"):
        assert normalize_id("conll2012", name) == "nw/y"


@st.composite
def annotation(draw):
    """Sentence lengths, names (flat), clusters (mentions of a cluster never cross) of a random document."""
    lengths = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    names, taken, start = [], set(), 0
    clusters: list[list[tuple[int, int]]] = []
    for length in lengths:
        position = start
        while position < start + length:
            end = draw(st.integers(position + 1, start + length))
            if draw(st.booleans()):
                names.append((position, end, draw(st.sampled_from(["ORG", "GPE"]))))
            position = end
        for _ in range(draw(st.integers(0, 4))):
            first = draw(st.integers(start, start + length - 1))
            last = draw(st.integers(first, start + length - 1))
            number = draw(st.integers(0, 3))
            clusters += [[] for _ in range(number + 1 - len(clusters))]
            crosses = any(a < first < b < last + 1 or first < a < last + 1 < b for a, b in clusters[number])
            if (first, last + 1) not in taken and not crosses:
                taken.add((first, last + 1))
                clusters[number].append((first, last + 1))
        start += length
    ordered = sorted((sorted(c, key=document_order) for c in clusters if c), key=lambda c: document_order(c[0]))
    return lengths, names, ordered


def write(lengths, names, clusters):
    """The text of a document with this annotation."""
    rows: list[tuple[str, ...] | None] = []
    token = 0
    for length in lengths:
        for i in range(token, token + length):
            opens = "".join(f"({label}" for start, _, label in names if start == i)
            name = opens + ("" if (i, i + 1) in [n[:2] for n in names] else "*")
            name += ")" if any(end == i + 1 for _, end, _ in names) else ""
            cells = []
            for number, cluster in enumerate(clusters):
                cells += [f"({number}" for start, end in cluster if start == i and end > i + 1]
                cells += [f"({number})" for mention in cluster if mention == (i, i + 1)]
                cells += [f"{number})" for start, end in cluster if end == i + 1 and start < i]
            rows.append((f"w{i}", "-", name, "|".join(cells) or "-"))
        rows.append(None)
        token += length
    return table(rows)


@settings(max_examples=60, deadline=None)
@given(data=annotation())
def test_random_annotation_is_read_as_it_was_written(tmp_path_factory, data):
    lengths, names, clusters = data
    path = tmp_path_factory.getbasetemp() / "random.conll"
    path.write_text(write(lengths, names, clusters), encoding="utf-8")
    log = FaultLog(strict=True)
    doc = next(get_reader("conll2012")(path, faults=log))
    assert [name[:3] for name in doc.layers.entities or []] == names
    assert extents(doc.layers.clusters) == clusters
    assert len(doc.sent_starts or []) == len(lengths)


def test_the_sample_has_its_published_counts(hmtl_data, tmp_path):
    report = convert("conll2012", hmtl_data / "conll2012_sample", tmp_path / "x.spacy", strict=True)
    assert (report.n_documents, report.n_sentences, report.n_tokens) == (4, 9, 173)
    assert report.labels["entities"] == {"GPE": 7, "DATE": 2, "ORDINAL": 1, "ORG": 1, "QUANTITY": 1, "FAC": 1}
    assert report.labels["clusters"] == {"clusters": 7, "singletons": 2, "mentions": 13}
    assert not report.log.notes
