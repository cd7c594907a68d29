"""One document as Prodigy, doccano and Label Studio write it."""

import json

from spacy_hmtl.annotations.layers import make_clusters

TEXT = "Ann Lee left New York. She ran."
SPANS = [(0, 7, "PER"), (13, 21, "LOC"), (23, 26, "PER"), (4, 7, "PER")]
# What a coreference link joins, and the mentions without one.
CLUSTERS = make_clusters([[(0, 2), (6, 7)], [(1, 2)], [(3, 5)]])
PLAIN = [(0, 2, "PER"), (1, 2, "PER"), (3, 5, "LOC"), (6, 7, "PER")]


def prodigy(text=TEXT, spans=SPANS, links=((0, "left", 1), (0, "COREF", 2)), **fields):
    rows = [{"start": start, "end": end, "label": label} for start, end, label in spans]
    relations = [
        {"head": 1, "child": 2, "head_span": rows[head], "child_span": rows[tail], "label": label}
        for head, label, tail in links
    ]
    return {"text": text, "meta": {"id": "one"}, "spans": rows, "relations": relations, "answer": "accept", **fields}


def doccano(text=TEXT, spans=SPANS, links=((0, "left", 1), (0, "COREF", 2)), **fields):
    rows = [
        {"id": id, "label": label, "start_offset": start, "end_offset": end}
        for id, (start, end, label) in enumerate(spans)
    ]
    relations = [
        {"id": i, "from_id": head, "to_id": tail, "type": label} for i, (head, label, tail) in enumerate(links)
    ]
    return {"id": "one", "text": text, "entities": rows, "relations": relations, "Comments": [], **fields}


def labelstudio(text=TEXT, spans=SPANS, links=((0, "left", 1), (0, "COREF", 2)), **fields):
    rows = [
        {
            "id": f"r{i}",
            "type": "labels",
            "from_name": "label",
            "to_name": "text",
            "value": {"start": start, "end": end, "text": text[start : int(end)], "labels": [label]},
        }
        for i, (start, end, label) in enumerate(spans)
    ]
    rows += [
        {"type": "relation", "from_id": f"r{head}", "to_id": f"r{tail}", "direction": "right", "labels": [label]}
        for head, label, tail in links
    ]
    return {"id": "one", "data": {"text": text}, "annotations": [{"id": 7, "result": rows}], **fields}


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


def spans(rows):
    return sorted(row[:3] for row in rows)
