"""Classifiers on vectors of sentences: what is not in a vector they cannot find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy
from numpy.typing import NDArray

from ...errors import Errors

Vectors = NDArray[numpy.float32]
# Strengths of the regulariser that the development part chooses from.
_STRENGTHS = (0.01, 0.1, 1.0, 10.0)
_HIDDEN = 50


def majority(labels: Mapping[str, Sequence[str]]) -> float:
    """Accuracy on "te" of the most frequent answer of "tr".

    labels (Mapping): Answers by part.
    RETURNS (float): In 0 to 1.
    """
    most = Counter(labels["tr"]).most_common(1)[0][0]
    return sum(label == most for label in labels["te"]) / max(1, len(labels["te"]))


def accuracy(
    vectors: Mapping[str, Vectors], labels: Mapping[str, Sequence[str]], classifier: str, *, seed: int
) -> float:
    """Accuracy on "te" of a classifier that learnt on "tr", its regulariser chosen on "va".

    vectors (Mapping): By part, shape (sentences, width).
    labels (Mapping): Answers by part.
    classifier (str): "linear" (logistic regression) or "mlp" (a hidden layer of 50 units).
    seed (int): Of the classifier.
    RETURNS (float): In 0 to 1.
    RAISES (ValueError): H670 without scikit-learn.
    """
    best: tuple[float, Any] = (-1.0, None)
    for strength in _STRENGTHS:
        model = _make(classifier, strength, seed)
        model.fit(vectors["tr"], list(labels["tr"]))
        score = float(model.score(vectors["va"], list(labels["va"])))
        if score > best[0]:
            best = (score, model)
    return float(best[1].score(vectors["te"], list(labels["te"])))


def _make(classifier: str, strength: float, seed: int) -> Any:
    """RAISES (ValueError): H670."""
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.neural_network import MLPClassifier
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError as error:
        raise ValueError(Errors.H670) from error
    if classifier == "linear":
        return make_pipeline(StandardScaler(), LogisticRegression(C=1.0 / (10.0 * strength), max_iter=500))
    network = MLPClassifier((_HIDDEN,), alpha=strength, early_stopping=True, max_iter=100, random_state=seed)
    return make_pipeline(StandardScaler(), network)


def projected(vectors: Mapping[str, Vectors], width: int, *, seed: int) -> dict[str, Vectors]:
    """Vectors of another width by a random projection, the same for all parts.

    vectors (Mapping): By part, shape (sentences, E).
    width (int): H, of the result.
    seed (int): Of the projection.
    RETURNS (dict): By part, shape (sentences, H).
    """
    own = next(iter(vectors.values())).shape[1]
    matrix = numpy.random.default_rng(seed).normal(0.0, 1.0 / numpy.sqrt(width), (own, width))  # (E, H)
    return {part: (value @ matrix).astype("float32") for part, value in vectors.items()}
