"""How a training goes: what a component learns from, and what its updates were like."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from spacy.training import Example


class Progress:
    """Counts for whoever logs a training.

    data (dict): By task, `examples` and `tokens` that the component was initialized with.
    n_updates (dict): By task, updates so far.
    """

    def __init__(self) -> None:
        self.data: dict[str, dict[str, int]] = {}
        self.n_updates: dict[str, int] = {}
        self._losses: dict[str, float] = {}
        self._since: dict[str, dict[str, float]] = {}
        self._rate: float | None = None

    def counting(
        self, get_examples: Callable[[], Iterable[Example]], tasks_of: Callable[[Example], list[str]]
    ) -> Callable[[], Iterator[Example]]:
        """The same examples, counted each time that they are read."""

        def counted() -> Iterator[Example]:
            self.data = {}
            for eg in get_examples():
                # Counted after it was looked at: who reads it refuses gold that is broken.
                yield eg
                for task in tasks_of(eg):
                    counts = self.data.setdefault(task, {"examples": 0, "tokens": 0})
                    counts["examples"] += 1
                    counts["tokens"] += len(eg.reference)

        return counted

    def learn(self, losses: Mapping[str, float]) -> None:
        """Losses of an update, by task, in nats per document that teaches it."""
        self._losses = {task: float(loss) for task, loss in losses.items()}

    def step(self, norm: float, rate: float) -> None:
        """The update is made.

        norm (float): Of its gradients before they were clipped.
        rate (float): Learning rate.
        """
        self._rate = float(rate)
        for task, loss in self._losses.items():
            self.n_updates[task] = self.n_updates.get(task, 0) + 1
            own = self._since.setdefault(task, {"updates": 0, "loss": 0.0, "norm": 0.0})
            own["updates"] += 1
            own["loss"] += loss
            own["norm"] += norm
        self._losses = {}

    def pass_over(self, tasks: Iterable[str]) -> None:
        """An update of these tasks was made before the training was stopped."""
        for task in tasks:
            self.n_updates[task] = self.n_updates.get(task, 0) + 1

    def take(self) -> dict[str, Any]:
        """What happened since the last call: the learning rate; by task, updates, mean loss and mean norm."""
        tasks = {
            task: {
                "updates": own["updates"],
                "loss": own["loss"] / own["updates"],
                "norm": own["norm"] / own["updates"],
            }
            for task, own in self._since.items()
        }
        self._since = {}
        return {"learn_rate": self._rate, "tasks": tasks}
