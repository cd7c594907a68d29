"""What each level of a pipeline knows, beside what it would know by chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from spacy.language import Language

from .classify import Vectors, accuracy, majority, projected
from .kinds import Item
from .states import forget, sentence_vectors

# Accuracy in 0 to 1, by who answers and with which classifier.
Answered = dict[str, dict[str, float]]


def probe(
    nlp: Language, pipe: Any, sets: dict[str, Sequence[Item]], *, classifiers: Sequence[str], seed: int = 0
) -> Iterator[tuple[str, Answered]]:
    """Accuracies of every level on probing sets, with controls.

    Controls: "majority", the most frequent answer; "embeddings", what lies below all levels; "embeddings, projected",
    the same at the width of the widest level by a random projection; "untrained TASK", levels whose weights were just
    drawn. The pipeline's weights are lost: it ends untrained.

    nlp (Language): The pipeline.
    pipe (HMTL): The component in it.
    sets (dict): Items by name of the set.
    classifiers (Sequence): Of "linear" and "mlp".
    seed (int): Of projection, untrained weights and classifiers.
    YIELDS (tuple): The name of a set and the accuracies on it.
    RAISES (ValueError): H670.
    """
    trained = {name: sentence_vectors(nlp, pipe, items) for name, items in sets.items()}
    forget(pipe, seed)
    for name, items in sets.items():
        vectors = dict(trained[name])
        embeddings = vectors["embeddings"]
        width = max(value.shape[1] for level, value in vectors.items() if level != "embeddings")
        vectors["embeddings, projected"] = projected({"all": embeddings}, width, seed=seed)["all"]
        untrained = sentence_vectors(nlp, pipe, items)
        vectors |= {f"untrained {task}": untrained[task] for task in pipe.tasks}
        rows = {part: [i for i, item in enumerate(items) if item.part == part] for part in ("tr", "va", "te")}
        labels = {part: [items[i].label for i in own] for part, own in rows.items()}
        found: Answered = {"majority": dict.fromkeys(classifiers, majority(labels))}
        for who, values in vectors.items():
            parts: dict[str, Vectors] = {part: values[own] for part, own in rows.items()}
            found[who] = {kind: accuracy(parts, labels, kind, seed=seed) for kind in classifiers}
        yield name, found


def table(results: dict[str, dict[str, Answered]], classifier: str) -> list[tuple[str, ...]]:
    """Rows of a table: who answers, and the accuracy on each set in per cent.

    results (dict): By pipeline and set, accuracies.
    classifier (str): Which one's.
    RETURNS (list): A header, then a row for each level and control of each pipeline.
    """
    names = list(dict.fromkeys(name for own in results.values() for name in own))
    rows: list[tuple[str, ...]] = [("", *names)]
    for pipeline, own in results.items():
        for who in dict.fromkeys(who for answered in own.values() for who in answered):
            scores = [own.get(name, {}).get(who, {}).get(classifier) for name in names]
            title = f"{pipeline}: {who}" if len(results) > 1 else who
            rows.append((title, *("-" if score is None else f"{100 * score:.1f}" for score in scores)))
    return rows
