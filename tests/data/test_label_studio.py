"""Label Studio's exports: directions, units, regions, what is special to them."""

from data.tool_records import PLAIN, TEXT, labelstudio, lines, spans


def test_labelstudio_directions(read):
    record = labelstudio(links=[(0, "a", 1), (0, "b", 1), (0, "c", 1)])
    for row, direction in zip(record["annotations"][0]["result"][4:], ("left", "bi", "up")):
        row["direction"] = direction
    docs, log = read("labelstudio", lines(record))
    pairs = sorted((rel.label, rel.head.start, rel.tail.start) for rel in docs[0].layers.relations)
    assert pairs == [("a", 3, 0), ("b", 0, 3), ("b", 3, 0)]
    assert "left, right or bi, found 'up'" in log.faults[0].what


def test_labelstudio_counts_in_utf_16_units_are_converted(read):
    text = "\U0001f600 Ann \U0001f600 Bo"
    record = labelstudio(text, [(2, 5, "PER"), (8, 10, "PER")], [])
    for row, shift in zip(record["annotations"][0]["result"], (1, 2)):
        row["value"]["start"] += shift
        row["value"]["end"] += shift
    docs, log = read("labelstudio", lines(record), strict=True)
    assert [docs[0].words[span.start] for span in docs[0].layers.mentions] == ["Ann", "Bo"]
    assert log.n_noted() == {"regions with offsets in UTF-16 units, converted": 2}


def test_labelstudio_takes_the_first_annotation_that_was_not_cancelled(read):
    result = labelstudio()["annotations"][0]["result"]
    cancelled = {"result": [], "was_cancelled": True}
    annotations = [cancelled, {"result": result[:1]}, {"result": result}]
    docs, log = read("labelstudio", lines(labelstudio(annotations=annotations), labelstudio(annotations=[cancelled])))
    assert [len(doc.layers.mentions) for doc in docs] == [1]
    assert sorted(kind.split(",")[0] for kind in log.n_noted()) == [
        "tasks with several annotations",
        "tasks without an annotation (skipped or not done)",
    ]


def test_labelstudio_regions_of_html_several_labels_and_other_results(read):
    record = labelstudio()
    result = record["annotations"][0]["result"]
    result[1]["value"]["labels"] = ["LOC", "GPE"]
    value = result[2]["value"]
    result[2]["type"] = "hypertextlabels"
    result[2]["value"] = {
        "start": "/p[1]/text()[1]",
        "end": "/p[1]/text()[1]",
        "globalOffsets": {"start": value["start"], "end": value["end"]},
        "hypertextlabels": value["labels"],
    }
    result.append({"id": "c", "type": "choices", "value": {"choices": ["good"]}})
    docs, log = read("labelstudio", lines(record), strict=True)
    assert spans(docs[0].layers.mentions) == sorted([*PLAIN, (3, 5, "GPE")])
    assert log.n_noted()["results of type 'choices', not read"] == 1


def test_labelstudio_finds_the_text_and_refuses_other_exports(read):
    record = labelstudio()
    assert len(read("labelstudio", lines({**record, "data": {"body": TEXT, "n": 1}}))[0]) == 1
    assert len(read("labelstudio", lines({**record, "data": {"text": TEXT, "title": "x"}}))[0]) == 1
    # The text is the one that holds what the regions cover.
    assert len(read("labelstudio", lines({**record, "data": {"body": TEXT, "title": "x"}}))[0]) == 1
    empty = {**record, "data": {"body": TEXT, "title": "x"}, "annotations": [{"result": []}]}
    assert "expected one text in `data`" in read("labelstudio", lines(empty))[1].faults[0].what
    result = [{**record["annotations"][0]["result"][0], "to_name": "body"}]
    one = {**record, "data": {"body": TEXT, "title": "x"}, "annotations": [{"result": result}]}
    assert len(read("labelstudio", lines(one))[0]) == 1


def test_labelstudio_reads_json_min(read):
    record = {"id": 1, "text": TEXT, "label": [{"start": 0, "end": 7, "text": "Ann Lee", "labels": ["PER"]}]}
    assert spans(read("labelstudio", lines(record))[0][0].layers.mentions) == [(0, 2, "PER")]


def test_labelstudio_arrows_without_a_label_take_the_one_that_is_given(read):
    record = labelstudio(links=[(0, "x", 1)])
    record["annotations"][0]["result"][4]["labels"] = []
    _, log = read("labelstudio", lines(record))
    assert "--relation-label" in log.faults[0].remedy
    doc = read("labelstudio", lines(record), relation_label="left", strict=True)[0][0]
    assert [rel.label for rel in doc.layers.relations] == ["left"]
    doc = read("labelstudio", lines(record), relation_label="COREF", strict=True)[0][0]
    assert (doc.layers.relations, [len(cluster) for cluster in doc.layers.clusters]) == (None, [2, 1, 1])


def test_labelstudio_predictions_regions_without_ids_and_html(read):
    record = labelstudio(links=())
    result = record["annotations"][0]["result"]
    for number, row in enumerate(result):
        row["id"] = None if number else 7
    record |= {"predictions": record.pop("annotations"), "annotations": []}
    assert read("labelstudio", lines(record))[0] == []
    docs, log = read("labelstudio", lines(record), predictions=True, strict=True)
    assert spans(docs[0].layers.mentions) == PLAIN
    assert "tasks of which the first prediction was read" in log.n_noted()
    value = {"globalOffsets": {"start": 5, "end": 7}, "text": "R&", "hypertextlabels": ["ORG"]}
    result = [{"type": "hypertextlabels", "to_name": "html", "value": value}]
    page = {"data": {"html": "<p>Ann: <b>R&amp;</b>D</p>"}, "annotations": [{"result": result}]}
    docs, _ = read("labelstudio", lines(page), strict=True, tokenizer="whitespace")
    assert docs[0].words == ["Ann:", "R&D"]
    assert spans(docs[0].layers.mentions) == [(1, 2, "ORG")]
