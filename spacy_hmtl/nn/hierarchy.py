"""The hierarchy: encoders stacked in levels, a head on each, all described by data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from .encoder import Encoded
from .heads.protocol import Beside, DocContext, Head, HeadConfig, HeadLabels
from .heads.tensors import SpanTensors
from .layout import Layout

Levels = Sequence[Sequence[str]]


class LabelSets(NamedTuple):
    """What training data names, which a hierarchy is sized for.

    tasks (dict): Labels of each task, in their order.
    arguments (list): Types of the arguments of relations, sorted.
    schema (list): Types of arguments that relations have: [head type, label, tail type].
    """

    tasks: dict[str, list[str]]
    arguments: list[str] = []
    schema: list[list[str]] = []


def parents(levels: Levels) -> dict[str, str | None]:
    """The task whose encoder each task's encoder reads, None at the bottom.

    A level may hold several tasks; the level above reads the last one named.

    levels (Sequence): Tasks of each level from the bottom.
    RETURNS (dict): Task -> task below.
    """
    result: dict[str, str | None] = {}
    below: str | None = None
    for level in levels:
        for task in level:
            result[task] = below
        below = level[-1]
    return result


def path(levels: Levels, task: str) -> list[str]:
    """Tasks whose encoders lie on the way to a task, from the bottom, itself last.

    levels (Sequence): Tasks of each level from the bottom.
    task (str): One of them.
    RETURNS (list): Tasks.
    """
    above = parents(levels)
    chain = [task]
    while (parent := above[chain[-1]]) is not None:
        chain.append(parent)
    return chain[::-1]


def decoding_order(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """Tasks, each after those whose findings it needs.

    needs (Mapping): For each task what it needs, in the order of the levels.
    RETURNS (list): All tasks.
    RAISES (CycleError): where tasks need each other.
    """
    return list(TopologicalSorter(needs).static_order())


class Hierarchy(nn.Module):
    """One encoder and one head per task.

    An encoder at level k reads the embeddings concatenated with the states of the
    encoder below (the paper's shortcut connection); one at the bottom reads the
    embeddings alone.

    input_width (int): E, width of the embeddings.
    levels (list): Tasks of each level from the bottom.
    labels (LabelSets): What heads are sized for.
    configs (Mapping): Settings of each task's encoder and head.
    shortcuts (bool): False: an encoder above the bottom reads the states below alone.

    Source: Sanh et al. (2019), section "Model"; the exact shortcut rule is that of the
    authors' code: the embeddings and the encoder directly below, nothing further down.
    """

    def __init__(
        self,
        input_width: int,
        levels: Levels,
        labels: LabelSets,
        configs: Mapping[str, HeadConfig],
        shortcuts: bool = True,
    ) -> None:
        super().__init__()
        self.shortcuts = shortcuts
        self.levels = [list(level) for level in levels]
        self.labels = {task: list(labels.tasks.get(task, [])) for level in levels for task in level}
        self.arguments, self.schema = labels.arguments, labels.schema
        self.input_width = input_width
        self.configs = {task: configs[task] for task in self.labels}
        # Each task after those whose findings its head needs.
        own = {task: [need for need in config.needs if need in self.configs] for task, config in self.configs.items()}
        self.decoding_order = decoding_order(own)
        self.encoders = nn.ModuleDict()
        self.heads = nn.ModuleDict()
        for task, parent in parents(levels).items():
            config = configs[task]
            width = configs[parent].encoder.width if parent is not None else 0
            if shortcuts or parent is None:
                width += input_width
            needed = {need: self.labels.get(need, self.arguments) for need in {*config.needs, *config.loss_needs}}
            self.encoders[task] = config.encoder.build(width)
            self.heads[task] = config.build(width, HeadLabels(self.labels[task], needed, self.arguments, self.schema))

    @property
    def given_needs(self) -> set[str]:
        """Tasks whose findings some head needs and no level has: another component may have written them."""
        return {need for config in self.configs.values() for need in config.given_needs} - set(self.tasks)

    @property
    def label_sets(self) -> LabelSets:
        """What the heads are sized for."""
        return LabelSets(self.labels, self.arguments, self.schema)

    @property
    def tasks(self) -> list[str]:
        """Tasks of all levels, from the bottom."""
        return [task for level in self.levels for task in level]

    def head(self, task: str) -> Head:
        """The head of a task.

        task (str): One of the hierarchy.
        RETURNS (Head): The module.
        """
        return cast(Head, self.heads[task])

    def encode(self, embeddings: Tensor, layout: Layout, tasks: Sequence[str]) -> dict[str, Encoded]:
        """Run each encoder on the paths of these tasks once.

        embeddings (Tensor): Float32, shape (T, E).
        layout (Layout): Segments and documents of the T tokens.
        tasks (Sequence): Tasks whose states are wanted.
        RETURNS (dict): Task -> what its encoder read and made, for all tasks on the paths.
        """
        above = parents(self.levels)
        needed = {step for task in tasks for step in path(self.levels, task)}
        encoded: dict[str, Encoded] = {}
        for task in self.tasks:
            if task in needed:
                parent = above[task]
                below = encoded[parent].states if parent is not None else embeddings  # (T, H) or (T, E)
                if parent is not None and self.shortcuts:
                    below = torch.cat([embeddings, below], dim=1)  # (T, E + H)
                encoded[task] = self.encoders[task](below, layout)
        return encoded

    def loss(
        self,
        embeddings: Tensor,
        layout: Layout,
        targets: Mapping[str, Any],
        settings: Mapping[str, Any],
        context: DocContext | None = None,
        others: Mapping[str, SpanTensors] | None = None,
    ) -> dict[str, Tensor]:
        """Loss of each task that has targets, nats per document.

        embeddings (Tensor): Float32, shape (T, E).
        layout (Layout): Segments and documents of the T tokens.
        targets (Mapping): For each task the targets of its head's kind.
        settings (Mapping): Those of the component, for heads whose findings another one learns from.
        context (DocContext, optional): For heads with `context_features`.
        others (Mapping, optional): By task of `given_needs`, what the Docs have already.
        RETURNS (dict): Task -> loss, shape ().
        """
        needed = self._closure(need for task in targets for need in self.configs[task].loss_needs)
        encoded = self.encode(embeddings, layout, [*targets, *needed])
        found: dict[str, Any] = dict(others or {})

        def beside(task: str, needs: Iterable[str]) -> Beside:
            reach = self.configs[task].reach
            windows = layout.segment_windows(reach) if reach else None
            return Beside({need: found[need] for need in needs if need in found}, windows, context)

        with torch.no_grad():
            for task in needed:
                own = beside(task, self.configs[task].needs)
                found[task] = self.head(task).decode(encoded[task], settings, own)
        losses, n_docs = {}, max(1, len(layout.doc_lengths))
        for task, gold in targets.items():
            own = beside(task, self.configs[task].loss_needs)
            losses[task] = self.head(task).loss(encoded[task], gold, own) / n_docs
        return losses

    def _closure(self, tasks: Iterable[str]) -> list[str]:
        """Tasks and all that their heads need to decode, in an order to decode in."""
        wanted = set(tasks)
        for task in reversed(self.decoding_order):
            if task in wanted:
                wanted.update(self.configs[task].needs)
        return [task for task in self.decoding_order if task in wanted]
