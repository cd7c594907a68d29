"""Models that go on: joined label sets, levels and embeddings of another model."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from thinc.api import Model

from ..errors import Errors
from ..nn.growth import EMBEDDINGS, take_levels
from ..nn.hierarchy import Hierarchy, LabelSets, path

__all__ = ["EMBEDDINGS", "below", "joined", "levels_of", "take", "unknown"]


def joined(known: LabelSets, found: LabelSets) -> LabelSets:
    """Label sets with known labels first, in their order, and those that are new after them.

    Types of arguments that were found for a known label which had none listed are left out: they would forbid what it
    may join today.

    known (LabelSets): What a network was built for.
    found (LabelSets): What data names.
    RETURNS (LabelSets): For a larger network.
    """
    tasks = {task: _union(own, found.tasks.get(task, ())) for task, own in known.tasks.items()}
    listed = {label for _, label, _ in known.schema}
    free = {label for task in tasks for label in known.tasks[task]} - listed
    schema = [*known.schema, *(row for row in found.schema if row not in known.schema and row[1] not in free)]
    return LabelSets(tasks, _union(known.arguments, found.arguments), schema)


def unknown(known: LabelSets, larger: LabelSets) -> dict[str, list[str]]:
    """Labels of each task that a network was not built for.

    known, larger (LabelSets): Before and after.
    RETURNS (dict): Tasks that have new labels only.
    """
    new = {task: own[len(known.tasks.get(task, ())) :] for task, own in larger.tasks.items()}
    return {task: own for task, own in new.items() if own}


def _union(first: Sequence[str], second: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*first, *second]))


def below(levels: Sequence[Sequence[str]], task: str) -> list[str]:
    """What a task's encoder reads, directly or not.

    levels (Sequence): Tasks of each level from the bottom.
    task (str): One of them.
    RETURNS (list): `EMBEDDINGS`, then tasks from the bottom.
    """
    return [EMBEDDINGS, *path(levels, task)[:-1]]


def levels_of(source: Any, target: Any, tasks: Iterable[str] | None) -> list[str]:
    """What a model takes of another one: some tasks, and those below that their encoders read.

    source, target (Model): Of two components.
    tasks (Iterable, optional): Left out, all that both have and that read the same levels in both.
    RETURNS (list): Tasks, from the bottom.
    RAISES (ValueError): H348.
    """
    theirs, ours = source.attrs["levels"], target.attrs["levels"]
    both = [task for level in theirs for task in level if any(task in own for own in ours)]
    same = [task for task in both if path(theirs, task) == path(ours, task)]
    wanted = list(same if tasks is None else tasks)
    if wrong := [task for task in wanted if task not in same]:
        raise ValueError(Errors.H348.format(tasks=", ".join(wrong), theirs=theirs, ours=ours))
    if not wanted:
        raise ValueError(Errors.H348.format(tasks="nothing", theirs=theirs, ours=ours))
    reached = {step for task in wanted for step in path(theirs, task)}
    return [task for task in both if task in reached]


def take(target: Model[Any, Any], source: Model[Any, Any], tasks: Collection[str], embeddings: bool) -> None:
    """Take levels of another model: their labels come first; other levels stay as they are.

    target, source (Model): Of two components, both with weights.
    tasks (Collection): Made by `levels_of`.
    embeddings (bool): Take the embeddings, too.
    RAISES (ValueError): H347 where the parts do not fit; nothing is changed then.
    """
    shim: Any = target.shims[0]
    theirs: Hierarchy = source.shims[0].hierarchy  # type: ignore[attr-defined]
    ours: Hierarchy = shim.hierarchy
    if ours.input_width != theirs.input_width:
        reason = f"they are {theirs.input_width} wide instead of {ours.input_width}"
        raise ValueError(Errors.H347.format(what="the embeddings", reason=reason))
    if embeddings:
        _check_embeddings(target.layers[0], source.layers[0])
    sets = _with_levels(ours, theirs, tasks)
    new = Hierarchy(ours.input_width, ours.levels, sets, ours.configs, ours.shortcuts)
    new.to(next(ours.parameters()).device)
    take_levels(new, ours, [task for task in ours.tasks if task not in tasks])
    take_levels(new, theirs, tasks)
    if embeddings:
        target.layers[0].from_bytes(source.layers[0].to_bytes())
    shim.replace(new)


def _with_levels(ours: Hierarchy, theirs: Hierarchy, tasks: Collection[str]) -> LabelSets:
    """Label sets in which taken tasks begin with the labels of the other network. RAISES (ValueError): H347."""
    first = LabelSets({task: theirs.labels[task] for task in tasks}, theirs.arguments, theirs.schema)
    if not any(ours.configs[task].kind == "relations" for task in tasks):
        first = first._replace(arguments=[], schema=[])
    sets: Mapping[str, list[str]] = {
        task: _union(first.tasks.get(task, ()), own) for task, own in ours.label_sets.tasks.items()
    }
    for task in [task for task in ours.tasks if task not in tasks]:
        for need in ours.configs[task].needs:
            if need in sets and sets[need][: len(ours.labels[need])] != ours.labels[need]:
                reason = f"{task}, which stays, knows the labels of {need} in another order; take {task}, too"
                raise ValueError(Errors.H347.format(what=f"the level {need}", reason=reason))
    schema = [*first.schema, *(row for row in ours.schema if row not in first.schema)]
    return LabelSets(dict(sets), _union(first.arguments, ours.arguments), schema)


def _check_embeddings(target: Model[Any, Any], source: Model[Any, Any]) -> None:
    """RAISES (ValueError): H347."""
    before, after = _shape(source), _shape(target)
    if before != after:
        wrong = [f"{one} instead of {other}" for one, other in zip(before, after) if one != other]
        reason = wrong[0] if wrong else f"{len(before)} layers instead of {len(after)}"
        raise ValueError(Errors.H347.format(what="the embeddings", reason=reason))


def _shape(embed: Model[Any, Any]) -> list[str]:
    """Name of each layer and the shapes of its weights."""
    rows = []
    for node in embed.walk():
        shapes = {name: tuple(node.get_param(name).shape) for name in node.param_names if node.has_param(name)}
        for shim in node.shims:
            model = getattr(shim, "_model", None)
            if hasattr(model, "state_dict"):
                shapes |= {name: tuple(value.shape) for name, value in model.state_dict().items()}  # type: ignore[union-attr]
        rows.append(f"{node.name.split('(')[0]} {shapes}")
    return rows
