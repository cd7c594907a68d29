"""Long texts are split into tokens in pieces: offsets stand right on both sides of each cut, in all formats."""

import json

import pytest
from data.readings import lines

from spacy_hmtl.data.faults import FaultLog
from spacy_hmtl.data.formats import get_reader
from spacy_hmtl.data.reading import tokens

TEXT = "Mira left Oslo. " * 40
SPANS = [(start, start + 4, "PER") for start in range(0, len(TEXT), 16)]


def write(format, folder):
    """The text with a span on each name, as a format writes it."""
    rows = [{"start": start, "end": end, "label": label} for start, end, label in SPANS]
    regions = [
        {"type": "labels", "value": {"start": start, "end": end, "labels": [label]}} for start, end, label in SPANS
    ]
    entities = [
        {"%TYPE": "custom.Entity", "%ID": i, "@sofa": 1, "begin": start, "end": end, "label": label}
        for i, (start, end, label) in enumerate(SPANS, start=2)
    ]
    sofa = {"%ID": 1, "%TYPE": "uima.cas.Sofa", "sofaID": "_InitialView", "sofaString": TEXT}
    mentions = "".join(f"7\t{start}\t{end}\tMira\t{label}\n" for start, end, label in SPANS)
    passage = {
        "offset": 0,
        "text": TEXT,
        "annotations": [
            {"id": str(i), "infons": {"type": label}, "locations": [{"offset": start, "length": end - start}]}
            for i, (start, end, label) in enumerate(SPANS)
        ],
    }
    texts = {
        "spans": lines({"text": TEXT, "spans": rows}),
        "prodigy": lines({"text": TEXT, "spans": rows}),
        "doccano": lines({"text": TEXT, "label": [list(span) for span in SPANS]}),
        "labelstudio": json.dumps([{"data": {"text": TEXT}, "annotations": [{"result": regions}]}]),
        "cas": json.dumps({"%FEATURE_STRUCTURES": [sofa, *entities]}),
        "pubtator": f"7|t|{TEXT}\n{mentions}",
        "bioc": json.dumps({"id": "7", "passages": [passage]}),
        "coref-json": lines({"text": TEXT, "clusters": [[list(span[:2]) for span in SPANS]]}),
        "brat": "".join(f"T{i}\t{label} {start} {end}\tMira\n" for i, (start, end, label) in enumerate(SPANS, start=1)),
    }
    path = folder / ("a.ann" if format == "brat" else "a.json" if texts[format][0] in "[{" else "a.txt")
    path.write_text(texts[format], encoding="utf-8")
    if format == "brat":
        path.with_suffix(".txt").write_text(TEXT, encoding="utf-8")
    return path


@pytest.mark.parametrize("piece", [1, 10, 16, 100])
@pytest.mark.parametrize(
    "format", ["spans", "prodigy", "doccano", "labelstudio", "cas", "pubtator", "bioc", "coref-json", "brat"]
)
def test_spans_stand_right_on_both_sides_of_a_cut(tmp_path, monkeypatch, format, piece):
    monkeypatch.setattr(tokens, "PIECE", piece)
    log = FaultLog()
    (document,) = get_reader(format)(write(format, tmp_path), faults=log)
    (found,) = document.layers.clusters or [document.layers.mentions or []]
    assert {" ".join(document.words[span[0] : span[1]]) for span in found} == {"Mira"}
    assert (len(found), len(document.words)) == (40, 160)
    assert not log.faults


def test_brat_takes_a_text_of_more_than_a_million_characters(tmp_path):
    text = "Mira left Oslo. " * 70_000
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    last = len(text) - len("Oslo. ")
    (tmp_path / "a.ann").write_text(f"T1\tPER 0 4\tMira\nT2\tLOC {last} {last + 4}\tOslo\n", encoding="utf-8")
    log = FaultLog()
    (document,) = get_reader("brat")(tmp_path, faults=log)
    assert (len(text), len(document.words)) == (1_120_000, 280_000)
    assert [(document.words[start], label) for start, _, label, _ in document.layers.mentions or []] == [
        ("Mira", "PER"),
        ("Oslo", "LOC"),
    ]
    assert (log.faults, log.notes) == ([], [])
