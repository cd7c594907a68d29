"""Settings of the component that make no sense are refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..annotations.layers import TASKS, group_keys
from ..bridge.growth import EMBEDDINGS
from ..errors import Errors


def check_settings(cfg: Mapping[str, Any], name: str, tasks: Sequence[str]) -> None:
    """Fail where a setting has no meaning.

    cfg (Mapping): Of the component.
    name (str): Of the component.
    tasks (Sequence): Those of its hierarchy.
    RAISES (ValueError): H205, H344, H346.
    """
    group_keys(cfg["spans_keys"])
    section = f"[components.{name}]"
    shares = {key: cfg[key] for key in ("relation_threshold", "singleton_threshold", "coref_threshold")}
    shares |= {f"relation_thresholds.{label}": value for label, value in cfg["relation_thresholds"].items()}
    for key, value in shares.items():
        if value is not None and not 0.0 <= value <= 1.0:
            raise ValueError(Errors.H205.format(key=key, expected="between 0 and 1", value=value, section=section))
    rules = {
        "nesting": ("innermost or outermost", cfg["nesting"] in ("innermost", "outermost")),
        "max_grad_norm": ("0 or more", cfg["max_grad_norm"] >= 0),
        "temperatures": (
            f"numbers above 0 for any of {', '.join(TASKS)}",
            all(task in TASKS and value > 0 for task, value in cfg["temperatures"].items()),
        ),
    }
    for key, (expected, is_right) in rules.items():
        if not is_right:
            raise ValueError(Errors.H205.format(key=key, expected=expected, value=cfg[key], section=section))
    known = [EMBEDDINGS, *tasks]
    if isinstance(cfg["frozen"], str) or (wrong := [part for part in cfg["frozen"] if part not in known]):
        found = repr(cfg["frozen"]) if isinstance(cfg["frozen"], str) else ", ".join(map(str, wrong))
        raise ValueError(Errors.H346.format(found=found, known=", ".join(known), section=section))
