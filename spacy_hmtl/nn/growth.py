"""Networks that go on: more labels, levels of another network, parts that stand still."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import torch
from torch import nn

from ..errors import Errors
from .hierarchy import Hierarchy, LabelSets, path

# What a hierarchy is frozen by, beside its tasks: the layer below it.
EMBEDDINGS = "embeddings"


def grown(old: Hierarchy, labels: LabelSets) -> Hierarchy:
    """The same network for more labels: what is known stays as it is, bit for bit.

    old (Hierarchy): Not changed.
    labels (LabelSets): With those of `old`, in its order and before all others.
    RETURNS (Hierarchy): On the device of `old`. Before it is trained it finds nothing that is new.
    """
    new = Hierarchy(old.input_width, old.levels, labels, old.configs, old.shortcuts)
    new.to(next(old.parameters()).device)
    take_levels(new, old, old.tasks)
    return new


def take_levels(new: Hierarchy, old: Hierarchy, tasks: Iterable[str]) -> None:
    """Take encoders and heads of another network, whose labels come before all others in the new one.

    new (Hierarchy): Changed in place.
    old (Hierarchy): With the same settings for these tasks.
    tasks (Iterable): Tasks of both.
    RAISES (ValueError): H347 where the parts do not fit; nothing is changed then.
    """
    tasks = list(tasks)
    for task in tasks:
        check_fit(new.encoders[task], old.encoders[task], f"the encoder of {task}", exact=True)
        check_fit(new.head(task), old.head(task), f"the head of {task}")
    for task in tasks:
        copy_known(new.encoders[task], old.encoders[task])
        copy_known(new.head(task), old.head(task))
        new.head(task).hush(old.head(task))


def check_fit(new: nn.Module, old: nn.Module, what: str, *, exact: bool = False) -> None:
    """Fail where weights of a module have no place in another one.

    new (Module): Takes the weights.
    old (Module): Has them.
    what (str): Name of the part, for the message.
    exact (bool): Sizes must be equal; else the new ones may be larger.
    RAISES (ValueError): H347.
    """
    before, after = old.state_dict(), new.state_dict()
    wrong = sorted(set(before) ^ set(after)) + [
        f"{name} {tuple(value.shape)} instead of {tuple(after[name].shape)}"
        for name, value in before.items()
        if name in after and not _fits(tuple(value.shape), tuple(after[name].shape), exact)
    ]
    if wrong:
        raise ValueError(Errors.H347.format(what=what, reason=", ".join(wrong[:3])))


def _fits(before: tuple[int, ...], after: tuple[int, ...], exact: bool) -> bool:
    return before == after or (not exact and len(before) == len(after) and all(map(int.__le__, before, after)))


@torch.no_grad()
def copy_known(new: nn.Module, old: nn.Module) -> None:
    """Copy weights to the first rows (columns ...) of larger ones: new labels come after known ones.

    new (Module): Changed in place.
    old (Module): Of the same kind, for the first labels of `new`.
    """
    after = new.state_dict()
    for name, value in old.state_dict().items():
        after[name][tuple(slice(0, size) for size in value.shape)] = value.to(after[name].device)


def hold(hierarchy: Hierarchy, frozen: Collection[str]) -> None:
    """Let encoder and head of some tasks stand still: no gradients are computed for them.

    Where all that lies below stands still, too, the encoder drops nothing.

    hierarchy (Hierarchy): In the mode of training.
    frozen (Collection): Tasks, and `EMBEDDINGS` for the layer below.
    """
    for task in hierarchy.tasks:
        for module in (hierarchy.encoders[task], hierarchy.head(task)):
            module.requires_grad_(task not in frozen)
        if {EMBEDDINGS, *path(hierarchy.levels, task)} <= set(frozen):
            hierarchy.encoders[task].eval()
