"""What a saved pipeline says of its network beside the weights: labels, levels, width."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from ..errors import Errors
from ..nn.hierarchy import LabelSets


class SavedHead(NamedTuple):
    """What a network is built from, with the config.

    labels (LabelSets): What heads are sized for.
    levels (list): Tasks of each level from the bottom.
    input_width (int): E, width of the embeddings.
    """

    labels: LabelSets
    levels: list[list[str]]
    input_width: int

    @property
    def sizes(self) -> dict[str, int]:
        """What a network grows with, by name."""
        labels = {f"the number of labels of {task}": len(names) for task, names in self.labels.tasks.items()}
        return {"the width of the embeddings": self.input_width, **labels}

    def to_json(self) -> str:
        """A text that `from_json` reads."""
        head = {"labels": self.labels.tasks, "levels": self.levels, "input_width": self.input_width}
        return json.dumps({**head, "arguments": self.labels.arguments, "schema": self.labels.schema})

    @classmethod
    def from_json(cls, text: str) -> SavedHead:
        """Read what was saved, and refuse what no pipeline says.

        text (str): Made by `to_json`. Pipelines of 0.1.0 hold no types of arguments: none of their heads reads any.
        RAISES (ValueError): H644.
        """
        try:
            head = json.loads(text)
        except (ValueError, TypeError, RecursionError) as error:
            raise ValueError(Errors.H644.format(fault=f"it is no JSON ({error})")) from error
        if not isinstance(head, dict):
            raise ValueError(Errors.H644.format(fault="it is no object"))
        head.setdefault("arguments", [])
        if fault := _fault(head):
            raise ValueError(Errors.H644.format(fault=fault))
        return cls(LabelSets(head["labels"], head["arguments"], head["schema"]), head["levels"], head["input_width"])


def _fault(head: dict[str, Any]) -> str | None:
    """What is wrong with it, if anything."""
    labels, levels, schema = head.get("labels"), head.get("levels"), head.get("schema")
    if type(head.get("input_width")) is not int or head["input_width"] < 1:
        return f"the width of the embeddings is {head.get('input_width')!r}"
    if not isinstance(levels, list) or not all(map(_are_texts, levels)):
        return f"levels are {levels!r}"
    if not isinstance(labels, dict) or labels.keys() != {task for level in levels for task in level}:
        return f"it has labels of {sorted(labels) if isinstance(labels, dict) else labels!r}, with the levels {levels}"
    for what, names in (*labels.items(), ("arguments", head["arguments"])):
        if not _are_texts(names) or len(set(names)) < len(names):
            return f"labels of {what} are {names!r}"
    if not isinstance(schema, list) or not all(_are_texts(row) and len(row) == 3 for row in schema):
        return f"the schema of relations is {schema!r}"
    if strange := {row[1] for row in schema} - {label for names in labels.values() for label in names}:
        return f"the schema of relations names {sorted(strange)}, which no task has"
    return None


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)
