"""What a pipeline's meta says of it: who made it of what under which licence, and scores that are scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from spacy.language import Language

from ..errors import Errors


def read_card(path: Path) -> dict[str, Any]:
    """A card: a JSON object. RAISES (FileNotFoundError, ValueError): H101, H685."""
    if not path.is_file():
        raise FileNotFoundError(Errors.H101.format(path=path))
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(Errors.H685.format(path=path, reason=error)) from error
    if not isinstance(card, dict):
        raise ValueError(Errors.H685.format(path=path, reason=f"it holds a {type(card).__name__}"))
    return card


def with_card(nlp: Language, card: dict[str, Any]) -> Language:
    """Write a card into the meta of a pipeline, and take losses out of its scores."""
    nlp.meta.update(card)
    nlp.meta["performance"] = scores_only(nlp.meta.get("performance") or {})
    return nlp


def scores_only(performance: dict[str, Any]) -> dict[str, Any]:
    """The scores of a meta without losses, which are no accuracies: lower is better, and 0 to 1 they are not."""
    return {name: value for name, value in performance.items() if not name.endswith("_loss")}
