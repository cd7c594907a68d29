"""The setups: which tasks are trained together, and in which order they are stacked.

Sanh, Wolf & Ruder (2019) call theirs A to K. What A to E are is certain, and that F and K differ
in the order of their tasks alone; F to J follow the configurations of the authors' code.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from ..annotations.layers import TASKS
from ..errors import Errors

Levels = list[list[str]]


class Setup(NamedTuple):
    """Which tasks, and how they are trained and evaluated.

    levels: the hierarchy, as the model's config has it.
    base: the setup that is trained; the setup itself but for gold mentions of evaluation, which change no weight.
    gold_mentions: coreference clusters the gold mentions when it is evaluated, instead of the head's own candidates.
    trained_on_gold: coreference has gold mentions for candidates in training, too.
    shortcuts: encoders above the bottom read the embeddings, too.
    """

    levels: Levels
    base: str
    gold_mentions: bool = False
    trained_on_gold: bool = False
    shortcuts: bool = True

    @property
    def tasks(self) -> list[str]:
        """Tasks of all levels, from the bottom."""
        return [task for level in self.levels for task in level]

    def settings(self) -> dict[str, Any]:
        """What the setup changes of a config, by dotted key: levels, and no data for other tasks."""
        settings: dict[str, Any] = {"components.hmtl.model.levels": [list(level) for level in self.levels]}
        if not self.shortcuts:
            settings["components.hmtl.model.shortcuts"] = False
        if self.trained_on_gold:
            # The scores of training are made on gold mentions, too, as in the authors' code.
            settings["components.hmtl.model.heads.coref.candidates"] = "mentions"
            settings["components.hmtl.model.heads.coref.train_candidates"] = "gold"
            settings["components.hmtl.gold_mentions_key"] = "mentions"
        for task in TASKS:
            if task not in self.tasks:
                settings |= {f"corpora.{side}.{task}.path": None for side in ("train", "dev")}
        return settings


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
# Those that the paper lacks.
SETUPS |= {
    f"{name}-GM-TRAIN": Setup(_LEVELS[name], f"{name}-GM-TRAIN", gold_mentions=True, trained_on_gold=True)
    for name in ("A", "E")
}
SETUPS["FLAT"] = Setup([["ner", "emd", "relation", "coref"]], "FLAT")
SETUPS["A-REVERSED"] = Setup([["relation", "coref"], ["emd"], ["ner"]], "A-REVERSED")
SETUPS["A-NO-SHORTCUTS"] = Setup(_LEVELS["A"], "A-NO-SHORTCUTS", shortcuts=False)
PAPER = tuple(name for name in sorted(SETUPS) if name in _LEVELS or name in ("A-GM", "E-GM"))


def choose_setups(text: str) -> dict[str, Setup]:
    """Look up setups by name.

    text (str): Their names, with commas between them, or "all": those of the paper.
    RETURNS (dict[str, Setup]): The setups in the order asked for.
    RAISES (ValueError): H551, if one is unknown.
    """
    names = list(PAPER) if text == "all" else [name.strip().upper() for name in text.split(",")]
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
    settings = Setup(levels, "").settings()
    return [part for key, value in settings.items() for part in (f"--{key}", json.dumps(value))]
