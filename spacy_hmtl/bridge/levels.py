"""Levels and heads that make no sense are refused when the config is resolved, before anything is built."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError
from typing import Any

from ..annotations.layers import LAYERS, TASKS
from ..errors import Errors
from ..nn.heads.protocol import HeadConfig
from ..nn.hierarchy import Levels, decoding_order

# Architectures of each kind, for messages.
_OURS = {
    "spans": "spacy_hmtl.CRFTagger.v1",
    "relations": "spacy_hmtl.SpanPairs.v1 or spacy_hmtl.MultiHeadSelection.v1",
    "clusters": "spacy_hmtl.SpanRanking.v1",
}


def check_levels(levels: Levels, heads: Mapping[str, HeadConfig]) -> None:
    """Fail where levels name what does not exist, or heads lack what levels name.

    levels (Sequence): Tasks of each level from the bottom.
    heads (Mapping): Settings by task.
    RAISES (ValueError): H201 to H204, H210 to H212, H240, H241.
    """
    known = ", ".join(TASKS)
    if not levels:
        raise ValueError(Errors.H204)
    seen: set[str] = set()
    for index, level in enumerate(levels):
        if not level:
            raise ValueError(Errors.H203.format(index=index, known=known))
        for task in level:
            if task not in TASKS:
                raise ValueError(Errors.H201.format(task=task, known=known, pipe="hmtl"))
            if task in seen:
                raise ValueError(Errors.H202.format(task=task))
            seen.add(task)
    if unknown := sorted(set(heads) - set(TASKS)):
        raise ValueError(Errors.H210.format(tasks=unknown, known=known))
    for task in (task for level in levels for task in level):
        if task not in heads:
            raise ValueError(Errors.H211.format(task=task, levels=levels))
    check_heads({task: heads[task] for level in levels for task in level}, levels)


def check_heads(heads: Mapping[str, Any], levels: Levels) -> None:
    """Fail where a head is not of its task's kind, or needs a level that it cannot read.

    heads (Mapping): The settings of each task of `levels`.
    levels (Sequence): Tasks of each level from the bottom, each with settings.
    RAISES (ValueError): H212, H240, H241.
    """
    for task, head in heads.items():
        kind = LAYERS[task].kind
        if not isinstance(head, HeadConfig) or head.kind != kind:
            found = f"one that finds {head.kind}" if isinstance(head, HeadConfig) else f"a {type(head).__name__}"
            raise ValueError(Errors.H240.format(task=task, kind=kind, found=found, known=_OURS[kind]))
        for need in sorted({*head.needs, *head.loss_needs}):
            if need not in heads and need in head.given_needs:
                continue
            if need not in heads:
                raise ValueError(Errors.H212.format(task=task, need=need, levels=levels))
            if LAYERS[need].kind == "clusters":
                reason = f"{task} needs {need}, whose clusters are known only at the end of a document"
                raise ValueError(Errors.H241.format(tasks=task, reason=reason))
    try:
        decoding_order({task: [need for need in head.needs if need in heads] for task, head in heads.items()})
    except CycleError as error:
        chain = error.args[1]
        reason = "they need each other, " + " -> ".join(chain)
        raise ValueError(Errors.H241.format(tasks=", ".join(chain[1:]), reason=reason)) from None
