"""A document in each of the JSON formats."""

import json
from typing import Any

CROSSRE: dict[str, Any] = {
    "doc_key": "ai-1",
    "sentence": ["Ann", "Lee", "uses", "Big", "Nets"],
    "ner": [[0, 1, "researcher"], [3, 4, "algorithm"]],
    "relations": [[0, 1, 3, 4, "usage", "", False, False], [0, 1, 3, 4, "role", "she made them", True, False]],
}
DYGIE: dict[str, Any] = {
    "doc_key": "sci-1",
    "sentences": [["Ann", "Lee", "ran", "."], ["She", "won", "."]],
    "ner": [[[0, 1, "PER"], [1, 1, "NAME"]], [[4, 4, "PER"]]],
    "relations": [[[0, 1, 1, 1, "has"]], []],
    "clusters": [[[0, 1], [4, 4]]],
}
REDOCRED: dict[str, Any] = {
    "title": "Rome",
    "sents": [["Ann", "Lee", "lives", "in", "Rome", "."], ["Lee", "likes", "Rome", "."]],
    "vertexSet": [
        [
            {"name": "Ann Lee", "type": "PER", "sent_id": 0, "pos": [0, 2]},
            {"name": "Lee", "type": "PER", "sent_id": 1, "pos": [0, 1]},
        ],
        [
            {"name": "Rome", "type": "LOC", "sent_id": 1, "pos": [2, 3]},
            {"name": "Rome", "type": "LOC", "sent_id": 0, "pos": [4, 5]},
        ],
    ],
    "labels": [{"r": "P551", "h": 0, "t": 1, "evidence": [0]}, {"r": "P1", "h": 1, "t": 0, "evidence": []}],
}
JSONL: dict[str, Any] = {
    "id": "j",
    "text": "Ann left. She ran.",
    "tokens": [[0, 3], [4, 8], [8, 9], [10, 13], [14, 17], [17, 18]],
    "sents": [[0, 9], [10, 18]],
    "ents": [{"start": 0, "end": 3, "label": "PERSON", "text": "Ann"}],
    "mentions": [{"start": 0, "end": 3, "label": "PER"}, {"start": 10, "end": 13, "label": "PER", "score": 0.5}],
    "clusters": [[[0, 3], [10, 13]]],
    "relations": [{"head": [0, 3], "label": "is", "tail": [10, 13], "score": 1.0}],
}
ALL = {"crossre": CROSSRE, "dygie": DYGIE, "redocred": REDOCRED, "jsonl": JSONL}


def text(*records):
    return "".join(json.dumps(record) + "\n" for record in records)
