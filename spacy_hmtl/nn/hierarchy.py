"""The hierarchy: encoders stacked in levels, a head on each, all described by data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from .encoder import BiLSTM, Encoded
from .heads.coref import CorefConfig, CorefHead, MentionTensors
from .heads.relation import RelationConfig, RelationHead
from .heads.tagger import TaggerConfig, TaggerHead
from .layout import Layout
from .spans import SpanIndex, distinct

HeadConfig = TaggerConfig | RelationConfig | CorefConfig
Levels = Sequence[Sequence[str]]


def parents(levels: Levels) -> dict[str, str | None]:
    """The task whose encoder each task's encoder reads, None at the bottom.

    A level may hold several tasks; the level above reads the last one named.
    """
    result: dict[str, str | None] = {}
    below: str | None = None
    for level in levels:
        for task in level:
            result[task] = below
        below = level[-1]
    return result


def path(levels: Levels, task: str) -> list[str]:
    """Tasks whose encoders lie on the way to a task, from the bottom, itself last."""
    above = parents(levels)
    chain = [task]
    while (parent := above[chain[-1]]) is not None:
        chain.append(parent)
    return chain[::-1]


class Hierarchy(nn.Module):
    """One encoder and one head per task.

    An encoder at level k reads the embeddings concatenated with the states of the
    encoder below (the paper's shortcut connection); one at the bottom reads the
    embeddings alone.

    Source: Sanh et al. (2019), section "Model"; the exact shortcut rule is that of the
    authors' code: the embeddings and the encoder directly below, nothing further down.
    """

    def __init__(
        self, input_width: int, levels: Levels, labels: Mapping[str, list[str]], configs: Mapping[str, HeadConfig]
    ) -> None:
        super().__init__()
        # Types of arguments that relations had in training: [head type, label, tail type].
        self.schema: list[list[str]] = []
        self.levels = [list(level) for level in levels]
        self.labels = {task: list(labels.get(task, [])) for level in levels for task in level}
        self.input_width = input_width
        self.encoders = nn.ModuleDict()
        self.heads = nn.ModuleDict()
        for task, parent in parents(levels).items():
            config = configs[task]
            width = input_width + (configs[parent].encoder.width if parent is not None else 0)
            self.encoders[task] = BiLSTM(width, config.encoder)
            self.heads[task] = _make_head(width, self.labels[task], config)

    @property
    def tasks(self) -> list[str]:
        """Tasks of all levels, from the bottom."""
        return [task for level in self.levels for task in level]

    def encode(self, embeddings: Tensor, layout: Layout, tasks: Sequence[str]) -> dict[str, Encoded]:
        """Run each encoder on the paths of these tasks once.

        embeddings (Tensor): Float32, shape (T, E).
        """
        above = parents(self.levels)
        needed = {step for task in tasks for step in path(self.levels, task)}
        encoded: dict[str, Encoded] = {}
        for task in self.tasks:
            if task in needed:
                parent = above[task]
                inputs = embeddings if parent is None else torch.cat([embeddings, encoded[parent].states], dim=1)
                encoded[task] = self.encoders[task](inputs, layout)
        return encoded

    def loss(self, embeddings: Tensor, layout: Layout, targets: Mapping[str, Any]) -> dict[str, Tensor]:
        """Loss of each task that has targets, nats per document.

        targets (Mapping): for each task the targets that its head's `loss` documents.
        """
        tasks = list(targets)
        mentions = "coref" in targets and self._coref_candidates() == "predicted"
        encoded = self.encode(embeddings, layout, [*tasks, "emd"] if mentions else tasks)
        n_docs = max(1, len(layout.doc_lengths))
        losses = {}
        for task in tasks:
            head: Any = self.heads[task]
            more = (self._mentions(encoded, targets[task]),) if task == "coref" else ()
            losses[task] = head.loss(encoded[task], targets[task], *more) / n_docs
        return losses

    def _coref_candidates(self) -> str:
        config = cast(CorefHead, self.heads["coref"]).config
        return config.train_candidates if config.candidates == "mentions" else config.candidates

    def _mentions(self, encoded: Mapping[str, Encoded], targets: MentionTensors) -> SpanIndex | None:
        """What coreference ranks in training: None for all spans."""
        kind = self._coref_candidates()
        if kind == "predicted":
            with torch.no_grad():
                found = cast(TaggerHead, self.heads["emd"]).decode(encoded["emd"])
            return distinct(SpanIndex(found.starts, found.ends))
        if kind == "gold":
            return distinct(targets.candidates or targets.spans)
        return None


def _make_head(input_width: int, labels: list[str], config: HeadConfig) -> nn.Module:
    if isinstance(config, TaggerConfig):
        return TaggerHead(config.encoder.width, labels, config)
    if isinstance(config, RelationConfig):
        return RelationHead(config.encoder.width, labels, config)
    return CorefHead(input_width, config)


__all__ = ["HeadConfig", "Hierarchy", "Levels", "parents", "path"]
