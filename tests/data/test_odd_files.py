"""Files of kinds that people have: each is right, refused, or reported, and never quietly wrong."""

import gzip
import json

import pytest
from data.readings import lines, texts

from spacy_hmtl.data.convert import convert
from spacy_hmtl.data.faults import ConversionError

PLAIN = "Mira left Oslo."


def rows(format, text, spans):
    """A document with spans as a format writes them, none of which says what it covers."""
    if format == "prodigy":
        return {"text": text, "spans": [{"start": start, "end": end, "label": label} for start, end, label in spans]}
    if format == "labelstudio":
        values = [{"start": start, "end": end, "labels": [label]} for start, end, label in spans]
        return {"data": {"text": text}, "annotations": [{"result": [{"type": "labels", "value": v} for v in values]}]}
    return {"text": text, "label": [list(span) for span in spans]}


CONVENTIONS = {
    "inclusive ends": [(PLAIN, (0, 3, "PER"), (10, 13, "LOC"))],
    "UTF-16 units": [("\U0001f600 Mira left Oslo", (3, 7, "PER"), (13, 17, "LOC"))],
    "bytes": [("\u00c9\u00c9 Mira left Oslo", (5, 9, "PER"), (15, 19, "LOC"))],
    "stripped text": [("  Mira left Oslo", (0, 4, "PER"), (10, 14, "LOC"))],
    "line ends as one": [("Ai!\r\nMira left.\r\nOslo", (4, 8, "PER"), (15, 19, "LOC"))],
    "without HTML escapes": [("A &lt; B: Mira left Oslo", (7, 11, "PER"), (17, 21, "LOC"))],
}


@pytest.mark.parametrize("kind", CONVENTIONS)
@pytest.mark.parametrize("format", ["doccano", "spans", "prodigy", "labelstudio"])
def test_what_offsets_count_is_found_and_said(read, format, kind):
    found, log = read(format, lines(*(rows(format, text, spans) for text, *spans in CONVENTIONS[kind])))
    assert [texts(document)["names"] for document in found] == [[("Mira", "PER"), ("Oslo", "LOC")]]
    assert [count for said, count in log.n_noted().items() if "converted" in said] == [2]
    assert not log.faults


def test_one_document_with_an_emoji_tells_what_the_others_hide(read):
    plain = [rows("doccano", PLAIN, [(0, 4, "PER"), (10, 14, "LOC")]) for _ in range(20)]
    found, _ = read(
        "doccano", lines(*plain, rows("doccano", "\U0001f600 Mira left Oslo", [(3, 7, "PER"), (13, 17, "LOC")]))
    )
    assert {tuple(texts(document)["names"]) for document in found} == {(("Mira", "PER"), ("Oslo", "LOC"))}


def test_offsets_that_count_tokens_are_no_characters(read):
    record = {
        "text": "Mira left Oslo today",
        "tokens": ["Mira", "left", "Oslo", "today"],
        "label": [[0, 1, "PER"], [2, 3, "LOC"]],
    }
    with pytest.raises(ConversionError, match=r"\[H102\].*count tokens, not characters"):
        read("spans", lines(record))
    found, _ = read("spans", lines(record | {"label": [[0, 4, "PER"]]}))
    assert texts(found[0])["names"] == [("Mira", "PER")]


@pytest.mark.parametrize("format", ["prodigy", "doccano", "labelstudio"])
def test_texts_with_labels_of_their_own_are_no_empty_gold(tmp_path, format):
    record = {
        "prodigy": {"text": PLAIN, "label": "NEWS", "answer": "accept", "_input_hash": 1},
        "doccano": {"text": PLAIN, "label": None},
        "labelstudio": {
            "data": {"text": PLAIN},
            "annotations": [{"result": [{"type": "choices", "value": {"choices": ["x"]}}]}],
        },
    }[format]
    path = tmp_path / "a.jsonl"
    path.write_text(lines(record), encoding="utf-8")
    with pytest.raises(ConversionError, match=r"\[H174\]"):
        convert(format, path, tmp_path / "out.spacy")
    path.write_text(lines(record, rows(format, PLAIN, [(0, 4, "PER")])), encoding="utf-8")
    report = convert(format, path, tmp_path / "out.spacy")
    assert report.annotated["mentions"] == (2 if format == "prodigy" else 1)


def test_ids_of_any_type_join_relations(read):
    entities = [
        {"id": "a", "label": "PER", "start_offset": 0, "end_offset": 4},
        {"id": 7, "label": "LOC", "start_offset": 10, "end_offset": 14},
    ]
    record = {
        "id": "x",
        "text": PLAIN,
        "entities": entities,
        "relations": [{"from_id": "a", "to_id": 7, "type": "LEFT"}],
    }
    (document,), log = read("doccano", lines(record))
    assert texts(document)["relations"] == [("Mira", "LEFT", "Oslo")]
    assert not log.faults


def test_a_key_that_stands_twice_is_a_fault(read):
    bad = '{"text": "Mira left", "label": [[0, 4, "PER"]], "label": []}\n'
    found, log = read("doccano", bad + lines(rows("doccano", PLAIN, [(0, 4, "PER")])))
    assert len(found) == 1
    assert [(fault.place.line, fault.what) for fault in log.faults] == [
        (1, "ill-formed JSON: the key 'label' stands twice in an object")
    ]


def test_old_macintosh_line_ends_are_line_ends(read):
    (document,), log = read("iob", b"Mira\tB-PER\rleft\tO\rOslo\tB-LOC\r")
    assert texts(document)["names"] == [("Mira", "PER"), ("Oslo", "LOC")]
    assert list(log.n_noted()) == ["files with old Macintosh line ends (CR), read as line ends"]


@pytest.mark.parametrize(
    "tags", ["B-PER M-PER E-PER O W-LOC", "B-PER M-PER E-PER O S-LOC", "B-PER I-PER L-PER O U-LOC"]
)
def test_middle_and_whole_tags_are_tags(read, tags):
    words = ["Mira", "van", "Lund", "left", "Oslo"]
    (document,), log = read("iob", "".join(f"{word}\t{tag}\n" for word, tag in zip(words, tags.split())))
    assert texts(document)["names"] == [("Mira van Lund", "PER"), ("Oslo", "LOC")]
    assert not log.n_noted()


@pytest.mark.parametrize("format", ["auto", "doccano", "iob", "webanno"])
def test_a_packed_file_is_refused_by_what_it_is(tmp_path, format):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(rows("doccano", PLAIN, [(0, 4, "PER")])).encode()))
    with pytest.raises(ConversionError, match=r"\[H610\].*a.jsonl.gz: the file is packed \(gzip\)"):
        convert(format, path, tmp_path / "out.spacy")


def test_a_file_without_anything_and_one_of_utf_16_are_named_when_the_format_is_guessed(tmp_path):
    path = tmp_path / "a.conll"
    path.write_text("\n \n")
    with pytest.raises(ConversionError, match=r"\[H172\].*found nothing in the file"):
        convert("auto", path, tmp_path / "out.spacy")
    path.write_bytes("Mira\tB-PER\n".encode("utf-16"))
    with pytest.raises(ConversionError, match=r"\[H120\].*UTF-16"):
        convert("auto", path, tmp_path / "out.spacy")
