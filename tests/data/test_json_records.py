"""What all JSON formats share: layouts, ill-formed JSON, encodings, other formats."""

import json

import pytest
from data.json_samples import ALL, CROSSRE, text

from spacy_hmtl.data.faults import ConversionError, FaultLog


@pytest.mark.parametrize("format", ALL)
def test_lists_lines_and_single_objects_are_read_the_same(read, format):
    record = ALL[format]
    expected = read(format, text(record, record))[0]
    for layout in (
        json.dumps([record, record]),
        json.dumps([record, record], indent=2),
        f"\n\n{text(record, record)}\n",
    ):
        assert read(format, layout, strict=True)[0] == expected
    assert read(format, json.dumps(record, indent=1), strict=True)[0] == expected[:1]


@pytest.mark.parametrize("format", ALL)
@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('{"doc_key": "x", "sente', "ill-formed JSON: Unterminated string starting at in column"),
        ("{'doc_key': 1}", "ill-formed JSON: Expecting property name"),
        ("[" * 100_000, "ill-formed JSON"),
        ('{"a": 1} {"b": 2}', "expected one object per line"),
        ("[1]", "expected a JSON object, found [1]"),
        ('{"text": "\\ud83d"}', "without its other half"),
        ('{"n": ' + "9" * 5000 + "}", "ill-formed JSON: Exceeds the limit"),
    ],
)
def test_ill_formed_lines_are_reported_and_skipped(read, format, line, what):
    docs, log = read(format, text(ALL[format]) + line + "\n" + text(ALL[format]))
    assert len(docs) == 2
    assert [(fault.place.line, fault.unit) for fault in log.faults] == [(2, "document")]
    assert what in log.faults[0].what


def test_an_object_over_many_lines_whose_second_line_begins_with_another_is_no_json_lines(read):
    structures = [
        {"%ID": 1, "%TYPE": "uima.cas.Sofa", "sofaID": "_InitialView", "sofaString": "Mira left"},
        {"%ID": 2, "%TYPE": "webanno.custom.Entity", "@sofa": 1, "begin": 0, "end": 4, "label": "PER"},
    ]
    rows = ",\n".join(map(json.dumps, structures))
    for layout in ('{"%FEATURE_STRUCTURES": [\n' + rows + "]}", '{"%FEATURE_STRUCTURES":\n[' + rows + "]}"):
        (document,), log = read("cas", layout, name="a.json")
        assert [span.label for span in document.layers.mentions] == ["PER"]
        assert not log.faults


def test_a_list_is_read_up_to_its_fault(read):
    layout = json.dumps([CROSSRE, CROSSRE], indent=1)
    docs, log = read("crossre", layout[:-20])
    assert len(docs) == 1
    assert log.n_skipped() == {"rest of the file": 1}
    assert log.faults[0].place.line > 40
    docs, log = read("crossre", layout.rstrip("]\n"))
    assert len(docs) == 2
    assert log.faults[0].what == "the list is not closed"


@pytest.mark.parametrize("format", ALL)
def test_wrong_encoding_skips_a_document_and_windows_lines_none(read, format):
    good = text(ALL[format])
    bad = good.replace("Ann", "\xc4nn").encode("latin-1")
    docs, log = read(format, good.encode() + bad + good.encode())
    assert len(docs) == 2
    assert [(fault.place.line, fault.what) for fault in log.faults] == [(2, "expected UTF-8 text, found the byte 0xc4")]
    docs, log = read(format, f"[\n{good},\n".encode() + bad + b"]")
    assert len(docs) == 1
    assert "0xc4" in log.faults[0].what
    docs, log = read(format, b"\xef\xbb\xbf" + good.replace("\n", "\r\n").encode(), strict=True)
    expected, expected_log = read(format, good)
    assert docs == expected
    assert len(log.notes) == len(expected_log.notes) + 2


@pytest.mark.parametrize("format", ALL)
@pytest.mark.parametrize(
    ("other", "found"),
    [
        ("#begin document (x); part 0\n", "looks like CoNLL-2012"),
        ("Ann\tB-per\n", "looks like iob"),
        ("<?xml version='1.0'?>\n", "looks like XML"),
        ("T1\tPER 0 3\tAnn\n", "looks like brat"),
        ('{"unknown": 1}\n', "found the keys"),
    ],
)
def test_another_format_is_refused(read, format, other, found):
    with pytest.raises(ConversionError, match=f"not a {format} file: expected .*{found}"):
        read(format, other)


def test_ids_choose_documents(read):
    for format, record in ALL.items():
        name = next(str(record[key]) for key in ("doc_key", "title", "id") if key in record)
        assert len(read(format, text(record), ids={name})[0]) == 1
        assert read(format, text(record), ids={"other"}) == ([], FaultLog())
