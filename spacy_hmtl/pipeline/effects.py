"""What nobody would notice: a threshold that decides nothing, spans of others that are replaced."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from spacy.tokens import Doc, SpanGroup

# What a group that was written by us has among its attrs; mentions made by hand lack them, too.
_MARKS = {"emd": "scores", "coref": "clusters", "relation": "pairs"}


def is_idle(cfg: Mapping[str, Any], usual: float, labels: Collection[str]) -> bool:
    """Whether somebody has changed `relation_threshold`, but every relation has a threshold of its own.

    cfg (Mapping): Settings of the component.
    usual (float): The threshold that it was made or saved with.
    labels (Collection): Of relations.
    """
    is_changed = cfg["relation_threshold"] != usual
    return is_changed and bool(labels) and all(label in cfg["relation_thresholds"] for label in labels)


def n_foreign(doc: Doc, task: str, key: str, labels: Collection[str]) -> int:
    """Spans of others in the group that a task is about to write.

    doc (Doc): A Doc.
    task (str): "emd", "coref" or "relation".
    key (str): Of the group.
    labels (Collection): Those that mentions of ours have.
    RETURNS (int): 0 where the group is absent, or one of ours.
    """
    if key not in doc.spans:
        return 0
    group: SpanGroup = doc.spans[key]
    is_ours = _MARKS[task] in group.attrs and (task != "emd" or all(span.label_ in labels for span in group))
    return 0 if is_ours else len(group)
