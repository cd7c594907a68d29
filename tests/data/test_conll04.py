import pytest

from spacy_hmtl.data.faults import ConversionError

HEADER = "#doc {name}\n"
SENTENCE = HEADER + (
    "0\tAnn\tB-Peop\t['N']\t[0]\n"
    "1\tLee\tI-Peop\t['Work_For', 'Live_In']\t[4, 6]\n"
    "2\tof\tO\t['N']\t[2]\n"
    "3\tBig\tB-Org\t['N']\t[3]\n"
    "4\tCo\tI-Org\t['OrgBased_In']\t[6]\n"
    "5\tin\tO\t['N']\t[5]\n"
    "6\tRome\tB-Loc\t['N']\t[6]\n"
)
OTHER = "#doc 7\n0\tx\tO\t['N']\t[0]\n"


def with_row(number, row):
    """The sentence with one row replaced, and another sentence after it."""
    lines = SENTENCE.format(name=1).splitlines()
    lines[number + 1] = row
    return "\n".join(lines) + "\n" + OTHER


def test_relations_join_the_names_that_end_at_their_tokens(read):
    docs, log = read("conll04", SENTENCE.format(name=12) + OTHER)
    doc, other = docs
    assert (doc.name, doc.words, doc.sent_starts) == ("12", ["Ann", "Lee", "of", "Big", "Co", "in", "Rome"], [0])
    assert [span[:3] for span in doc.layers.entities] == [(0, 2, "Peop"), (3, 5, "Org"), (6, 7, "Loc")]
    assert doc.layers.mentions == doc.layers.entities
    assert [(rel.head[:3], rel.label, rel.tail[:3]) for rel in doc.layers.relations] == [
        ((0, 2, "Peop"), "Work_For", (3, 5, "Org")),
        ((0, 2, "Peop"), "Live_In", (6, 7, "Loc")),
        ((3, 5, "Org"), "OrgBased_In", (6, 7, "Loc")),
    ]
    assert (other.layers.entities, other.layers.mentions, other.layers.clusters, other.layers.relations) == (
        [],
        [],
        None,
        [],
    )
    assert not log.faults


def test_a_name_that_begins_with_i_is_kept_noted_and_can_be_an_argument(read):
    docs, log = read("conll04", with_row(3, "3\tBig\tI-Org\t['N']\t[3]"), strict=True)
    assert (3, 5, "Org") in [span[:3] for span in docs[0].layers.entities]
    assert len(docs[0].layers.relations) == 3
    assert [note.place.line for note in log.notes] == [5]


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("2\tof\tO\t['N']", "expected 5 tab-separated columns, found 4"),
        ("9\tof\tO\t['N']\t[2]", "expected token number 2"),
        ("2\t\tO\t['N']\t[2]", "the token is empty"),
        ("2\tof\tX\t['N']\t[2]", "expected a tag"),
        ("2\tof\tO\t[N]\t[2]", "expected a list of labels"),
        ("2\tof\tO\t['N']\t[2, 3]", "as many relation labels as token numbers"),
    ],
)
def test_an_unreadable_row_skips_its_document(read, row, what):
    docs, log = read("conll04", with_row(2, row))
    assert [doc.name for doc in docs] == ["7"]
    assert [(fault.place.line, fault.place.document, fault.unit) for fault in log.faults] == [(4, "1", "document")]
    assert what in log.faults[0].what


@pytest.mark.parametrize("tail", [2, 99])
def test_a_relation_to_no_name_is_skipped_alone(read, tail):
    docs, log = read("conll04", with_row(4, f"4\tCo\tI-Org\t['OrgBased_In']\t[{tail}]"))
    assert [rel.label for rel in docs[0].layers.relations] == ["Work_For", "Live_In"]
    assert [(fault.place.line, fault.unit) for fault in log.faults] == [(6, "relation")]
    assert f"token {tail}" in log.faults[0].what


def test_a_relation_that_stands_twice_is_taken_once(read):
    docs, log = read("conll04", with_row(4, "4\tCo\tI-Org\t['OrgBased_In', 'OrgBased_In']\t[6, 6]"))
    assert len(docs[0].layers.relations) == 3
    assert log.n_skipped() == {"relation": 1}


def test_a_header_without_rows_is_a_fault(read):
    docs, log = read("conll04", "#doc 1\n" + OTHER)
    assert [doc.name for doc in docs] == ["7"]
    assert log.n_skipped() == {"document": 1}


def test_ids_choose_documents_and_spare_the_others_their_faults(read):
    docs, log = read("conll04", with_row(2, "broken"), ids={"7"}, strict=True)
    assert [doc.name for doc in docs] == ["7"]
    assert not log.faults


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#doc news-001\n[Ann|PER ann] ran.\n", "row of tab-separated columns"),
        ("Ann\tB-per\nran\tO\n", "looks like iob"),
        ("#begin document (x); part 0\n", "looks like CoNLL-2012"),
        ("<?xml version='1.0'?>\n", "looks like XML"),
    ],
)
def test_another_format_is_refused(read, text, found):
    with pytest.raises(ConversionError, match="not a conll04 file.*" + found):
        read("conll04", text)
