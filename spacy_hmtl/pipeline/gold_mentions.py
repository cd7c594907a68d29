"""Evaluation on gold mentions: predicted Docs carry none, so they are those of the references when scores are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from spacy.tokens import Doc
from spacy.training import Example

from ..annotations.groups import get_mentions
from ..annotations.layers import Layers, write
from ..annotations.whitespace import trimmer
from ..bridge.places import aligner
from ..types import LabeledSpan

# From Docs and the mentions of each to what the model says of them.
Predict = Callable[[list[Doc], Sequence[Sequence[LabeledSpan] | None]], list[Layers]]


def with_gold_mentions(
    examples: Iterable[Example], key: str, keys: dict[str, str], tasks: Sequence[str], predict: Predict
) -> list[Example]:
    """The Examples, predicted again for the gold mentions where their references have some.

    examples (Iterable): Predicted already; they are not changed.
    key (str): The span group of a reference that holds its gold mentions.
    keys (dict): By task, the span groups that are written.
    tasks (Sequence): Those of the hierarchy.
    predict (Callable): What the pipe says of Docs with given mentions.
    RETURNS (list): In the same order.
    """
    made = list(examples)
    rows = [row for row, eg in enumerate(made) if key in eg.reference.spans and len(eg.predicted)]
    if not rows:
        return made
    given = [_on_predicted(made[row], key) for row in rows]
    # Only what mentions are given for: names and mentions are as they were found.
    wanted = [task for task in ("coref", "relation") if task in tasks]
    for row, layers in zip(rows, predict([made[row].predicted for row in rows], given)):
        predicted = made[row].predicted.copy()
        write(predicted, layers.keep(wanted), keys)
        made[row] = Example(predicted, made[row].reference)
    return made


def _on_predicted(eg: Example, key: str) -> list[LabeledSpan]:
    """Gold mentions of an Example as spans of its predicted Doc, as far as their boundaries agree."""
    gold = Layers(mentions=get_mentions(eg.reference, key) or [])
    place = trimmer(eg.reference)
    return (gold if place is None else gold.moved(place)).moved(aligner(eg)).mentions or []
