"""The paper's setups: which tasks are trained together, and in which order they are stacked.

Sanh, Wolf & Ruder (2019) call them A to K. What A to E are is certain, and that F and K differ
in the order of their tasks alone; F to J follow the configurations of the authors' code.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from ..annotations.layers import TASKS
from ..errors import Errors

Levels = list[list[str]]


class Setup(NamedTuple):
    """Which tasks, and how they are evaluated.

    levels: the hierarchy, as the model's config has it.
    base: the setup whose model is evaluated; the setup itself but for gold mentions, which change no weight.
    gold_mentions: coreference clusters the gold mentions instead of the head's own candidates.
    """

    levels: Levels
    base: str
    gold_mentions: bool = False


_LEVELS: dict[str, Levels] = {
    "A": [["ner"], ["emd"], ["relation", "coref"]],
    "B": [["ner"]],
    "C": [["emd"]],
    "D": [["relation"]],
    "E": [["coref"]],
    "F": [["ner"], ["emd"]],
    "G": [["emd"], ["relation"]],
    "H": [["emd"], ["coref"]],
    "I": [["ner"], ["emd"], ["relation"]],
    "J": [["ner"], ["emd"], ["coref"]],
    "K": [["emd"], ["ner"]],
}
SETUPS = {name: Setup(levels, name) for name, levels in _LEVELS.items()}
SETUPS |= {f"{name}-GM": Setup(_LEVELS[name], name, gold_mentions=True) for name in ("A", "E")}


def choose_setups(text: str) -> dict[str, Setup]:
    """Look up setups by name.

    text (str): Their names, with commas between them, or "all".
    RETURNS (dict[str, Setup]): The setups in the order asked for.
    RAISES (ValueError): H551, if one is unknown.
    """
    names = sorted(SETUPS) if text == "all" else [name.strip().upper() for name in text.split(",")]
    for name in names:
        if name not in SETUPS:
            raise ValueError(Errors.H551.format(setup=name, known=", ".join(sorted(SETUPS))))
    return {name: SETUPS[name] for name in names}


def as_overrides(arguments: list[str]) -> list[str]:
    """Options of a command as overrides of `spacy train`.

    arguments (list[str]): What the command did not know: `--training.max_steps 6`, or, as a variable
        of a project file must have it, `training.max_steps=6`.
    RETURNS (list[str]): The same; the latter with its two hyphens.
    RAISES (ValueError): H553, if there is something else.
    """
    found: list[str] = []
    for i, argument in enumerate(arguments):
        is_value = i > 0 and arguments[i - 1].startswith("--") and "=" not in arguments[i - 1]
        name, equals, _ = argument.partition("=")
        if not is_value and not argument.startswith("--") and not (equals and "." in name):
            raise ValueError(Errors.H553.format(argument=argument))
        found.append(argument if is_value or argument.startswith("--") else f"--{argument}")
    return found


def setup_overrides(levels: Levels) -> list[str]:
    """The overrides of a config that make it a setup: its levels, and no data for the other tasks.

    levels (Levels): The setup's levels.
    RETURNS (list[str]): Arguments of `spacy train`.
    """
    wanted = {task for level in levels for task in level}
    arguments = ["--components.hmtl.model.levels", json.dumps(levels)]
    for task in TASKS:
        if task not in wanted:
            arguments += [f"--corpora.train.{task}.path", "null", f"--corpora.dev.{task}.path", "null"]
    return arguments
