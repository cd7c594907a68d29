"""How long a run trains, by one rule for all setups: what a task gets must not depend on which others there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..annotations.layers import TASKS
from ..errors import Errors

_RULES = {
    "config": (),
    "updates": ("updates", "evaluations"),
    "patience": ("patience", "every", "most"),
}
_TRAINING, _BATCHER, _RATE = "training", "training.batcher", "training.optimizer.learn_rate"


@dataclass(frozen=True)
class Budget:
    """How long a run trains.

    rule: "config": as the config says. "updates": every task has the same number of updates of its own in every
        setup. "patience": training ends when the score has not risen for that many updates.
    updates: by task, updates of its own ("updates").
    evaluations: how often the development data are scored ("updates").
    patience, every, most: updates of each task without a better score that end the training, between two
        evaluations, and at most ("patience"); a setup of three tasks has three times as many in all.
    """

    rule: str = "config"
    updates: Mapping[str, int] | None = None
    evaluations: int = 4
    patience: int = 0
    every: int = 0
    most: int = 0

    def describe(self) -> str:
        """In a few words, for tables."""
        if self.rule == "updates":
            own = ", ".join(f"{task} {n}" for task, n in (self.updates or {}).items())
            return f"own updates: {own}"
        if self.rule == "patience":
            return f"patience {self.patience}, at most {self.most} updates a task"
        return "as the config says"

    def settings(self, tasks: Sequence[str]) -> dict[str, Any]:
        """What the rule sets of a config, by dotted key.

        tasks (Sequence): Those of the setup.
        RETURNS (dict): Settings. With "updates" a task is drawn in proportion to its own updates.
        """
        settings: dict[str, Any] = {f"{_TRAINING}.max_epochs": 0}
        if self.rule == "updates":
            own = {task: (self.updates or {})[task] for task in tasks}
            every = -(-sum(own.values()) // self.evaluations)
            settings |= {f"{_TRAINING}.max_steps": every * self.evaluations, f"{_TRAINING}.eval_frequency": every}
            settings |= {f"{_TRAINING}.patience": 0, f"{_BATCHER}.sampling": "uniform"}
            settings[f"{_BATCHER}.weights"] = {task: float(n) for task, n in own.items()}
            return settings
        if self.rule == "patience":
            n = len(tasks)
            settings |= {f"{_TRAINING}.max_steps": self.most * n, f"{_TRAINING}.eval_frequency": self.every * n}
            return {**settings, f"{_TRAINING}.patience": self.patience * n}
        return {}

    def stretch(self, training: Mapping[str, Any], before: int) -> dict[str, Any]:
        """Let a schedule of the learning rate that is made for a number of updates fit the rule's.

        training (Mapping): The section of the config, with the rule's settings.
        before (int): Updates at most, as the config had it.
        RETURNS (dict): Settings by dotted key: warm-up and end, as shares of the training as they were.
        """
        rate, after = training["optimizer"].get("learn_rate"), training["max_steps"]
        if self.rule == "config" or not isinstance(rate, Mapping) or not before or not after:
            return {}
        keys = [key for key in ("warmup_steps", "total_steps") if key in rate]
        return {f"{_RATE}.{key}": max(1, round(rate[key] * after / before)) for key in keys}


def read_budget(path: Path, table: Mapping[str, Any]) -> Budget:
    """The table [budget] of a grid.

    path (Path): Of the grid, for messages.
    table (Mapping): As it stands there.
    RETURNS (Budget): Checked.
    RAISES (ValueError): H661.
    """
    rule = table.get("rule", "config")
    if rule not in _RULES:
        raise _wrong(path, f"rule = {rule!r}", f"Known rules: {', '.join(_RULES)}.")
    if unknown := sorted(set(table) - {"rule", *_RULES[rule]}):
        known = ", ".join(("rule", *_RULES[rule]))
        raise _wrong(path, f"{unknown[0]!r}, which the rule {rule!r} does not read", f"It reads {known}.")
    values = dict(table)
    if rule == "updates":
        own = values.get("updates")
        own = own if isinstance(own, Mapping) else dict.fromkeys(TASKS, own)
        if set(own) != set(TASKS) or not all(_is_positive(n) for n in own.values()):
            raise _wrong(
                path, f"updates = {table.get('updates')!r}", f"Give one number, or one for {', '.join(TASKS)}."
            )
        values["updates"] = {task: own[task] for task in TASKS}
    for key in ("evaluations", "patience", "every", "most"):
        if key in _RULES[rule] and not _is_positive(values.get(key, 4 if key == "evaluations" else 0)):
            raise _wrong(path, f"{key} = {values.get(key)!r}", "Give a whole number above 0.")
    return Budget(**values)


def _is_positive(value: object) -> bool:
    return type(value) is int and value > 0


def _wrong(path: Path, found: str, cure: str) -> ValueError:
    return ValueError(Errors.H661.format(path=path, found=f"a [budget] with {found}", cure=cure))
