from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_hmtl.annotations.layers import extents, make_clusters
from spacy_hmtl.data.convert import convert
from spacy_hmtl.data.faults import ConversionError, FaultLog
from spacy_hmtl.data.formats import get_reader
from spacy_hmtl.data.reading.brackets import CROSSING, document_order

GUM = "GRP-etype-infstat-salience-centering-minspan-link-identity"
ROWS = [
    ("1", "Ann", "Entity=(1-person-new-nnnnn-cf1-1-coref-Ann%2DLee"),
    ("2", "Lee", "Entity=1)"),
    ("3-4", "couldn't", "_"),
    ("3", "could", "_"),
    ("4", "n't", "_"),
    ("5", "find", "_"),
    ("6", "her", "Entity=(2-animal-new-nnnnn-cf2-2-sgl(1-person-giv:act-nnnnn-cf1-1-ana)"),
    ("7", "dog", "Discourse=x|Entity=2)|SpaceAfter=No"),
    ("8", ".", "_"),
]
NEXT = [("1", "She", "Entity=(1-person-giv:act-nnnnn-cf1-1-ana)"), ("2", "left", "_")]


def table(*sentences, name="GUM_news_x", fields=GUM, comments=("# meta::genre = news",)):
    """The text of a document; sentences as in ROWS."""
    lines = [f"# newdoc id = {name}"] if name else []
    lines += [f"# global.Entity = {fields}"] if fields else []
    lines += comments
    for rows in sentences:
        lines += ["# text = x", *("\t".join([number, word, *["_"] * 7, misc]) for number, word, misc in rows), ""]
    return "\n".join(lines) + "\n"


def test_gum_gives_typed_nested_mentions_clusters_spaces_and_genre(read):
    docs, log = read("gum", table(ROWS, NEXT) + table(NEXT, name="GUM_b"), strict=True)
    doc, other = docs
    assert (doc.name, doc.meta, other.name) == ("GUM_news_x", {"genre": "news"}, "GUM_b")
    assert "".join(w + " " * s for w, s in zip(doc.words, doc.spaces)) == "Ann Lee couldn't find her dog. She left"
    assert doc.sent_starts == [0, 8]
    mentions = [(0, 2, "person"), (5, 7, "animal"), (5, 6, "person"), (8, 9, "person")]
    assert [mention[:3] for mention in doc.layers.mentions] == mentions
    assert doc.layers.clusters == make_clusters([[(0, 2), (5, 6), (8, 9)], [(5, 7)]])
    assert (doc.layers.entities, doc.layers.relations) == (None, None)
    assert not log.notes


def test_ontogum_has_clusters_and_no_mentions(read):
    rows = [("1", "a", "Entity=(18(17)"), ("2", "b", "Entity=(3)18)"), ("3", "c", "Entity=(17)")]
    docs, _ = read("gum", table(rows, fields="GRP"), strict=True)
    assert docs[0].layers.mentions is None
    assert docs[0].layers.clusters == make_clusters([[(0, 2)], [(0, 1), (2, 3)], [(1, 2)]])


def test_speakers_are_those_of_the_sentences(read):
    text = table(NEXT, comments=["# speaker = Ann"]) + "# speaker = Bo\n" + table(NEXT, name="", fields="")
    docs, _ = read("gum", text, strict=True)
    assert docs[0].meta["speakers"] == ["Ann", "Ann", "Bo", "Bo"]
    assert "speakers" not in read("gum", table(NEXT))[0][0].meta


def test_empty_layers_are_told_from_missing_ones(read):
    plain = [("1", "a", "_")]
    assert [read("gum", table(plain, fields=fields))[0][0].layers.mentions for fields in (GUM, "GRP", "")] == [
        [],
        None,
        None,
    ]
    assert [read("gum", table(plain, fields=fields))[0][0].layers.clusters for fields in (GUM, "GRP", "")] == [
        [],
        [],
        None,
    ]


def test_the_order_of_fields_is_that_of_the_header_and_holds_for_the_file(read):
    rows = [("1", "a", "Entity=(person-1-new"), ("2", "b", "Entity=1)")]
    text = f"# global.Entity = entity-GRP-infstat\n{table(rows, fields='')}{table(rows, name='b', fields='')}"
    docs, _ = read("gum", text.replace("Entity=1)", "Entity=person-1)"), strict=True)
    assert [[m[:3] for m in doc.layers.mentions] for doc in docs] == [[(0, 2, "person")]] * 2


def test_a_file_without_document_boundaries_is_one_document(read):
    docs, _ = read("corefud", table(ROWS, NEXT, name=""), strict=True, name="de.conllu")
    assert [(doc.name, len(doc.sent_starts)) for doc in docs] == [("de", 2)]


def test_corefud_reports_empty_nodes_and_mentions_in_pieces(read):
    fields = "eid-etype-head-other"
    rows = [
        ("1", "Vi", "Entity=(e1[1/2]-person-1-)"),
        ("1.1", "_", "Entity=(e2--1)(e3-place-1-"),
        ("2", "a", "Entity=e3)(e4--1"),
        ("2.1", "_", "Entity=e4)"),
        ("3", "lui", "Entity=(e1[2/2])(e5)"),
    ]
    docs, log = read("corefud", table(rows, name="it", fields=fields))
    assert docs[0].words == ["Vi", "a", "lui"]
    assert docs[0].layers.clusters == make_clusters([[(1, 2)], [(2, 3)]])
    assert [(m.start, m.end, m.label) for m in docs[0].layers.mentions] == [(1, 2, "place"), (2, 3, "mention")]
    whats = [fault.what for fault in log.faults]
    assert log.n_skipped() == {"mention": 3}
    assert any("is an empty node" in what for what in whats)
    assert any("is in 2 pieces" in what for what in whats)
    assert any("same extent (entity e4)" in what for what in whats)


def test_corefud_without_types_has_no_mentions(read):
    docs, _ = read("corefud", table([("1", "a", "Entity=(e1--1-)")], fields="eid-etype-head-other"), strict=True)
    assert (docs[0].layers.mentions, docs[0].layers.clusters) == (None, make_clusters([[(0, 1)]]))


def test_crossing_mentions_are_kept_and_noted(read):
    rows = [("1", "a", "Entity=(1"), ("2", "b", "Entity=(2"), ("3", "c", "Entity=1)"), ("4", "d", "Entity=2)")]
    docs, log = read("gum", table(rows, fields="GRP"), strict=True)
    assert docs[0].layers.clusters == make_clusters([[(0, 3)], [(1, 4)]])
    assert [(note.kind, note.place.line) for note in log.notes] == [(CROSSING, 6)]


@pytest.mark.parametrize(
    ("number", "row", "unit", "line", "what"),
    [
        (1, ("2", "Lee", "_"), "mention", 5, "(1 opens a mention that is not closed in its sentence"),
        (1, ("2", "Lee", "Entity=1)9)"), "mention", 6, "9) closes a mention that was not opened"),
        (1, ("2", "Lee", "Entity=1)("), "mention", 6, "expected mention brackets"),
        (1, ("2", "Lee", "Entity=1)(5-plant)(6-place)"), "mention", 6, "same extent (entity 6)"),
        (1, ("3", "Lee", "Entity=1)"), "document", 6, "expected token number 2, found 3"),
        (1, ("x", "Lee", "Entity=1)"), "document", 6, "expected a token number"),
        (1, ("2", "", "Entity=1)"), "document", 6, "the token is empty"),
        (1, ("2", "Lee", "_\tEntity=1)"), "document", 6, "expected 10 tab-separated columns, found 11"),
    ],
)
def test_a_fault_names_its_line_and_costs_its_unit_only(read, number, row, unit, line, what):
    text = table([row if i == number else old for i, old in enumerate(ROWS)]) + table(NEXT, name="good")
    docs, log = read("gum", text)
    assert (log.faults[0].unit, log.faults[0].place.document) == (unit, "GUM_news_x")
    assert (line, True) in [(fault.place.line, what in fault.what) for fault in log.faults]
    assert [doc.name for doc in docs] == (["good"] if unit == "document" else ["GUM_news_x", "good"])
    with pytest.raises(ConversionError):
        read("gum", text, strict=True)


def test_a_document_that_is_not_utf8_is_skipped_and_windows_line_ends_are_noted(read):
    text = table([("1", "caf\u00e9", "_")]) + table(NEXT, name="good")
    docs, log = read("gum", text.replace("\n", "\r\n").encode("latin-1"))
    assert ([doc.name for doc in docs], log.faults[0].place.line) == (["good"], 5)
    assert docs[0].layers.clusters == make_clusters([[(0, 1)]])
    assert len(log.notes) == 1


@pytest.mark.parametrize("text", ["#begin document (x); part 0\n", "Ann\tB-PER\n", "# a\n\n# b\n", "{}\n"])
def test_another_format_is_refused(read, text):
    with pytest.raises(ConversionError, match="not a gum file: expected CoNLL-U"):
        read("gum", text)


@st.composite
def annotation(draw):
    """The number of tokens, and distinct mentions with types and clusters; those of a cluster never cross."""
    n_tokens = draw(st.integers(1, 7))
    mentions: dict[tuple[int, int], tuple[str, int]] = {}
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, n_tokens - 1))
        end = draw(st.integers(start + 1, n_tokens))
        cluster = draw(st.integers(1, 3))
        same = [span for span, (_, other) in mentions.items() if other == cluster]
        if not any(a < start < b < end or start < a < end < b for a, b in same):
            mentions.setdefault((start, end), (draw(st.sampled_from(["person", "place"])), cluster))
    return n_tokens, mentions


@settings(max_examples=60, deadline=None)
@given(data=annotation())
def test_random_annotation_is_read_as_it_was_written(tmp_path_factory, data):
    n_tokens, mentions = data
    rows = []
    for i in range(n_tokens):
        closes = "".join(f"{c})" for (a, b), (_, c) in mentions.items() if b == i + 1 and a < i)
        opens = "".join(
            f"({c}-{label}-new" + (")" if b == i + 1 else "")
            for (a, b), (label, c) in sorted(mentions.items(), key=lambda item: document_order(item[0]))
            if a == i
        )
        rows.append((str(i + 1), f"w{i}", f"Entity={closes}{opens}" if closes or opens else "_"))
    path = tmp_path_factory.getbasetemp() / "random.conllu"
    path.write_text(table(rows), encoding="utf-8")
    doc = next(get_reader("gum")(path, faults=FaultLog(strict=True)))
    assert [m[:3] for m in doc.layers.mentions or []] == sorted(
        ((*span, label) for span, (label, _) in mentions.items()), key=document_order
    )
    expected = [[span for span, (_, c) in mentions.items() if c == cluster] for cluster in range(1, 4)]
    assert sorted(extents(doc.layers.clusters)) == sorted(sorted(c, key=document_order) for c in expected if c)


TYPES = ("abstract", "person", "place", "event", "object", "time", "organization", "substance", "animal", "plant")
PUBLISHED = {
    # split: documents, sentences, tokens; OntoGUM mentions, clusters; GUM mentions by type, entities, singletons
    "train": (
        (165, 8624, 162154),
        (20764, 4836),
        (14966, 12749, 4545, 3499, 3149, 2603, 2116, 1177, 587, 419),
        (24494, 18047),
    ),
    "dev": ((28, 1246, 25928), (3414, 794), (2321, 2235, 658, 668, 443, 396, 368, 162, 37, 20), (3751, 2721)),
    "test": ((28, 1271, 26529), (3242, 792), (2187, 1931, 944, 680, 568, 409, 415, 146, 103, 81), (4163, 3147)),
}


@pytest.fixture
def convert_split(hmtl_data, tmp_path):
    def convert_layer(layer, split):
        ids = hmtl_data / "ontogum" / "splits" / f"{split}.ids"
        return convert("gum", hmtl_data / "ontogum" / layer, tmp_path / "x.spacy", ids=ids)

    return convert_layer


@pytest.mark.parametrize("split", PUBLISHED)
def test_gum_has_its_published_counts(convert_split, split):
    sizes, _, types, (n_entities, n_singletons) = PUBLISHED[split]
    report = convert_split("dep", split)
    assert (report.n_documents, report.n_sentences, report.n_tokens) == sizes
    assert report.labels["mentions"] == Counter(dict(zip(TYPES, types)))
    expected = {"clusters": n_entities, "singletons": n_singletons, "mentions": sum(types)}
    assert report.labels["clusters"] == expected
    assert not report.log.faults
    unread = [f"documents with {key}= in the last column, which is not read" for key in ("Bridge", "SplitAnte")]
    assert sorted(report.log.n_noted()) == unread


@pytest.mark.parametrize("split", PUBLISHED)
def test_ontogum_has_its_published_counts_but_for_extents_that_occur_twice(convert_split, split):
    sizes, (n_mentions, n_clusters), _, _ = PUBLISHED[split]
    report = convert_split("coref/ontogum/conllu", split)
    assert (report.n_documents, report.n_sentences, report.n_tokens) == sizes
    n_twice = {"train": 5, "dev": 1, "test": 0}[split]
    assert report.labels["clusters"]["mentions"] + n_twice == n_mentions
    assert report.labels["clusters"]["clusters"] == n_clusters
    assert ["same extent" in fault.what for fault in report.log.faults] == [True] * n_twice
    crossing = {
        "train": ["fiction_garden", "interview_cocktail", "news_crane"],
        "dev": ["news_homeopathic"],
        "test": [],
    }
    assert [note.place.document for note in report.log.notes] == [f"GUM_{name}" for name in crossing[split]]
    assert set(report.annotated) == {"clusters"}


@pytest.mark.parametrize("form", ["name={}", "NER={}|SpaceAfter=No", "{}"])
def test_names_in_the_last_column_are_read_and_said(read, form):
    rows = [("1", "Ann", "B-PER"), ("2", "Lee", "I-PER"), ("3", "ran", "O")]
    docs, log = read("corefud", table([(n, w, form.format(tag)) for n, w, tag in rows], fields=""), strict=True)
    assert [span[:3] for span in docs[0].layers.entities] == [(0, 2, "PER")]
    assert (docs[0].layers.mentions, docs[0].layers.clusters) == (None, None)
    assert any("names are read from the last column" in kind for kind in log.n_noted())
    wrong = [(n, w, f"name={'PER' if n == '1' else tag}") for n, w, tag in rows]
    assert (
        "expected a tag such as O or B-PER, found 'PER'" in read("corefud", table(wrong, fields=""))[1].faults[0].what
    )
