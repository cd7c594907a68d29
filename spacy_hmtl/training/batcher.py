"""The batcher: every batch is of one task, the next task is drawn again after each update."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping

from spacy.training import Example

from ..annotations.groups import get_tasks
from ..errors import Errors

_SECTION = "[training.batcher]"
_SIZE = {"ner": 8, "emd": 8, "relation": 8, "coref": 8}


def make_task_batcher(
    *,
    size: Mapping[str, int] = _SIZE,
    sampling: str = "proportional",
    seed: int = 0,
    temperature: float = 1.0,
    weights: dict[str, float] | None = None,
) -> Callable[[Iterable[Example]], Iterator[list[Example]]]:
    """Batches for hierarchical multi-task training.

    size (dict): Examples per batch of each task.
    sampling (str): "proportional": a task is drawn with probability (its batches) /
        (batches of all tasks); "uniform": each task with the same probability.
    seed (int): Of the draws and of the order within a task.
    temperature (float): With "proportional", numbers of batches are raised to the power of one by this
        before they are compared: above 1, small tasks are drawn more often; 1 is the paper's.
    weights (dict, optional): Factors on the probabilities of some tasks; they need not sum to 1.
    RETURNS (Callable): From the examples of an epoch to as many batches as there are
        batches in all tasks together.
    RAISES (ValueError): H205, H305, H306; H307, H308 when called.

    Source: Sanh et al. (2019), section "Training regime" (proportional sampling); batch
    counts, not example counts, decide, as in the authors' code.
    """
    if sampling not in ("proportional", "uniform"):
        raise ValueError(Errors.H305.format(value=sampling))
    for task, value in size.items():
        if value < 1:
            raise ValueError(Errors.H306.format(task=task, value=value))
    if temperature <= 0:
        message = Errors.H205.format(key="temperature", expected="above 0", value=temperature, section=_SECTION)
        raise ValueError(message)
    for task, weight in (weights or {}).items():
        if weight <= 0:
            expected, section = "above 0", f"{_SECTION[:-1]}.weights]"
            raise ValueError(Errors.H205.format(key=task, expected=expected, value=weight, section=section))
        if task not in size:
            known, section = " or ".join(size), f"{_SECTION[:-1]}.weights]"
            raise ValueError(Errors.H205.format(key="weights", expected=f"of {known}", value=task, section=section))
    return TaskBatcher(size, sampling, seed, temperature, weights or {})


class TaskBatcher:
    """Keeps, from epoch to epoch, what each task has not yet shown of its data."""

    def __init__(
        self,
        size: Mapping[str, int],
        sampling: str,
        seed: int,
        temperature: float = 1.0,
        weights: Mapping[str, float] | None = None,
    ) -> None:
        self.size = size
        self.temperature, self.weights = temperature, dict(weights or {})
        self.sampling = sampling
        self._random = random.Random(seed)
        self._members: dict[str, frozenset[int]] = {}
        self._queues: dict[str, list[Example]] = {}

    def __call__(self, examples: Iterable[Example]) -> Iterator[list[Example]]:
        pools = self._by_task(examples)
        for task, pool in pools.items():
            members = frozenset(map(id, pool))
            if self._members.get(task) != members:
                self._members[task], self._queues[task] = members, []
        counts = {task: self.n_batches(task, len(pool)) for task, pool in pools.items()}
        tasks = list(counts)
        weights = [self._share(task, counts[task]) for task in tasks]
        for _ in range(sum(counts.values())):
            task = self._random.choices(tasks, weights)[0]
            yield self._next(task, pools[task])

    def _share(self, task: str, n_batches: int) -> float:
        """What the probability of a task is proportional to."""
        share = n_batches ** (1.0 / self.temperature) if self.sampling == "proportional" else 1.0
        return share * self.weights.get(task, 1.0)

    def n_batches(self, task: str, n_examples: int) -> int:
        """Batches that one pass over a task's examples makes."""
        return -(-n_examples // self.size[task])

    def _next(self, task: str, pool: list[Example]) -> list[Example]:
        """The next batch of a task, whose data are shuffled again whenever they are used up."""
        queue = self._queues[task]
        if not queue:
            queue = list(pool)
            self._random.shuffle(queue)
        batch, self._queues[task] = queue[: self.size[task]], queue[self.size[task] :]
        return batch

    def _by_task(self, examples: Iterable[Example]) -> dict[str, list[Example]]:
        pools: dict[str, list[Example]] = {}
        for eg in examples:
            tasks = get_tasks(eg.reference)
            if tasks is None or len(tasks) != 1:
                raise ValueError(Errors.H308)
            pools.setdefault(tasks[0], []).append(eg)
        for task in pools:
            if task not in self.size:
                raise ValueError(Errors.H307.format(task=task, known=", ".join(self.size)))
        # In one order whatever the order of the examples, so that a seed gives the same draws.
        return dict(sorted(pools.items()))
