"""What a component does while a training is brought to where it was stopped: nothing, and the scores of then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from thinc.api import Optimizer


class Replay:
    """Remembers the scores of a training, and gives them again while it is replayed.

    score_weights (Mapping): What the best pipeline is chosen by, as in [training.score_weights].
    keep (Callable, optional): Called with a name and the bytes of the model that is best so far: by a key of
        `score_weights`, and, as "joint", by all of them.

    history (list): Scores of all evaluations so far.
    best (bytes, optional): The model at the best of them.
    optimizer (Optimizer, optional): The one that the training loop steps with.
    """

    def __init__(self, score_weights: Mapping[str, float], keep: Callable[[str, bytes], None] | None = None) -> None:
        self.score_weights = dict(score_weights)
        self._keep = keep
        self._highest: dict[str, float] = {}
        self.history: list[dict[str, Any]] = []
        self.best: bytes | None = None
        self.optimizer: Optimizer | None = None
        self._best_score = float("-inf")
        self._coming: list[dict[str, Any]] | None = None

    @property
    def is_running(self) -> bool:
        """Whether updates are skipped."""
        return self._coming is not None

    def begin(self, history: list[dict[str, Any]], best: bytes | None) -> None:
        """Skip updates, and give these scores in turn."""
        self._coming, self.best = list(history), best
        self._best_score = max((self._total(scores) for scores in history), default=float("-inf"))
        self._highest = {}
        for scores in history:
            self._highest |= dict(self._higher(scores))

    def end(self) -> None:
        """Go on with real updates."""
        self._coming = None

    def scores(self, score: Callable[[], dict[str, Any]], model: Callable[[], bytes]) -> dict[str, Any]:
        """Scores of the next evaluation: of then, or new ones.

        score (Callable): Computes new ones.
        model (Callable): Returns the bytes of the model that is scored.
        """
        if self._coming:
            scores = self._coming.pop(0)
        else:
            scores = score()
            is_best, higher = self._total(scores) >= self._best_score, self._higher(scores)
            self._highest |= dict(higher)
            data = model() if is_best or (higher and self._keep is not None) else b""
            if is_best:
                self._best_score, self.best = self._total(scores), data
            if self._keep is not None:
                for name in [key for key, _ in higher] + ["joint"] * is_best:
                    self._keep(name, data)
        self.history.append(scores)
        return dict(scores)

    def _higher(self, scores: Mapping[str, Any]) -> list[tuple[str, float]]:
        """Scores that are above all before them, by key."""
        found = [(key, scores.get(key)) for key in self.score_weights]
        return [(key, value) for key, value in found if value is not None and value > self._highest.get(key, -1.0)]

    def _total(self, scores: Mapping[str, Any]) -> float:
        return sum((scores.get(key) or 0.0) * weight for key, weight in self.score_weights.items())
