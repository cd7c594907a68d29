"""What nobody would notice: an idle threshold, spans of others that are replaced, nothing to listen to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from spacy.tokens import Doc, SpanGroup
from thinc.api import Model

from ..errors import Errors

# Names of nodes that read what another component has left on a Doc, and what that is usually called.
_LISTENERS = {"transformer-listener": "transformer", "tok2vec-listener": "tok2vec"}
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


def check_listened(docs: Sequence[Doc], model: Model[Any, Any], name: str) -> None:
    """Fail where embeddings listen to a component that has not run: listeners give zeros then, without a word.

    docs (Sequence): About to be predicted on.
    model (Model): Of the component.
    name (str): Of the component.
    RAISES (ValueError): H735.
    """
    for kind in {_LISTENERS[node.name] for node in model.walk() if node.name in _LISTENERS}:
        filled = [doc for doc in docs if len(doc)]
        n = sum(doc._.trf_data is None if kind == "transformer" else doc.tensor.size == 0 for doc in filled)
        if n:
            raise ValueError(Errors.H735.format(name=name, n=n, total=len(docs), kind=kind))
