"""Learning rates in loops that do not step the schedules, and rates of 0."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from thinc.api import Optimizer


class CountedSchedule:
    """A schedule of learning rates that knows who steps it.

    schedule (Iterator): Stepped by `next`, as optimizers do.

    n_steps (int): How often it was stepped, by anybody.
    n_own (int): How often by `step_schedules`.
    last (dict): Name of each component to `n_steps` at its last update.
    """

    def __init__(self, schedule: Iterator[float]) -> None:
        self.schedule = schedule
        self.n_steps = self.n_own = 0
        self.last: dict[str, int] = {}

    def __iter__(self) -> Iterator[float]:
        return self

    def __next__(self) -> float:
        value = next(self.schedule)
        self.n_steps += 1
        return value


def step_schedules(optimizer: Optimizer, name: str, *, goes_on: bool) -> bool:
    """Step the schedules of an optimizer that its loop does not step.

    `spacy train` steps them after each update. A plain loop of `nlp.update` does not, and would
    stay at the first rate, which in a warm-up is 0: there they are stepped here, from a
    component's second update on, unless somebody else has ever stepped them.

    optimizer (Optimizer): Its schedule of the learning rate is replaced by one that counts.
    name (str): Of the component that is about to be updated.
    goes_on (bool): It was loaded, not initialized: a first rate of 0 is passed over at once.
    RETURNS (bool): Whether the update teaches nothing, because the rate is 0; not so for the
        first update of a warm-up, which `spacy train` makes at 0 each time.
    """
    schedules: Any = optimizer.schedules
    if "learn_rate" not in schedules:
        return optimizer.learn_rate == 0.0
    if not isinstance(schedules["learn_rate"], CountedSchedule):
        schedules["learn_rate"] = CountedSchedule(schedules["learn_rate"])
    counter = schedules["learn_rate"]
    is_first = name not in counter.last
    if counter.n_steps == counter.n_own:
        is_stuck = counter.last.get(name) == counter.n_steps
        if is_stuck or (goes_on and is_first and optimizer.learn_rate == 0.0):
            optimizer.step_schedules()
            counter.n_own = counter.n_steps
    counter.last[name] = counter.n_steps
    return optimizer.learn_rate == 0.0 and (goes_on or not is_first)
