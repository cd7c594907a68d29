"""Shell commands in README and docs call what there is: programs, scripts, subcommands and options."""

from __future__ import annotations

from pathlib import Path

import pytest
from docs.blocks import PAGES
from docs.commands import faults, read_commands

PAGES_WITH_CONTRIBUTING = [*PAGES, PAGES[0].with_name("CONTRIBUTING.md")]


@pytest.mark.parametrize("page", PAGES_WITH_CONTRIBUTING, ids=lambda page: page.name)
def test_commands_exist_with_their_options(page: Path) -> None:
    wrong = [fault for command in read_commands(page.read_text(encoding="utf-8")) for fault in faults(command)]
    assert wrong == []


def test_commands_are_found_and_wrong_ones_noticed() -> None:
    text = "```bash\nX=1 python -m spacy hmtl convert brat a b \\\n  --strict  # note\ncat a | hmtl nothing - b >c\n```"
    assert list(read_commands(text)) == [
        ["python", "-m", "spacy", "hmtl", "convert", "brat", "a", "b", "--strict"],
        ["cat", "a"],
        ["hmtl", "nothing", "-", "b"],
    ]
    assert [faults(command) for command in read_commands(text)] == [[], [], ["no command nothing"]]
    assert faults(["python", "-m", "spacy", "hmtl", "annotate", "m", "a", "b", "--gpus", "1"]) == [
        "annotate: no option --gpus"
    ]
    assert faults(["python", "-m", "spacy", "train", "c.cfg", "--outputs", "x", "--training.max_steps", "1"]) == [
        "train: no option --outputs"
    ]
    assert faults(["python", "benchmarks/nothing.py"]) == ["no script benchmarks/nothing.py"]
    assert faults(["spacy", "project", "run", "nothing"]) == ["no workflow nothing"]
    assert faults(["make", "nothing"]) == ["make nothing"]
