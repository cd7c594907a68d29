"""The help of every command: one style of names, nothing swallowed, and what the console script adds."""

from __future__ import annotations

import re
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from spacy_hmtl import __version__
from spacy_hmtl.cli.app import app

GROUP: Any = typer.main.get_command(app)
COMMANDS = sorted(GROUP.commands)
# [TEXT] OUT.html, MODEL, INPUT OUTPUT.spacy, [MODEL]..., FILE.spacy...
METAVAR = re.compile(r"\[?[A-Z][A-Z_]*\]?(\.[a-z]+)?(\.\.\.)?( \[?[A-Z][A-Z_]*\]?(\.[a-z]+)?)*$")


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """A terminal on which no help text is folded."""
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", 4000)
    return CliRunner()


def squeezed(text: str) -> str:
    return re.sub(r"[\s│]+", "", text)


@pytest.mark.parametrize("name", COMMANDS)
def test_arguments_are_named_in_one_style(name: str) -> None:
    arguments = [p for p in GROUP.commands[name].params if p.param_type_name == "argument"]
    assert [(p.name, p.metavar) for p in arguments if not METAVAR.match(p.metavar or "")] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_no_bracket_of_a_help_text_is_swallowed(name: str, wide: CliRunner) -> None:
    command = GROUP.commands[name]
    shown = squeezed(wide.invoke(app, [name, "--help"]).stdout)
    raw = [command.callback.__doc__, *(getattr(p, "help", "") or "" for p in command.params)]
    wanted = [found for text in raw for found in re.findall(r"\S*\[[^\]]+\]\S*", text)]
    assert [text for text in wanted if squeezed(text.replace("\\[", "[")) not in shown] == []


def test_the_extra_is_named(wide: CliRunner) -> None:
    assert '"spacy-hmtl[serve]"' in wide.invoke(app, ["serve", "--help"]).stdout
    assert '"spacy-hmtl[hub]"' in wide.invoke(app, ["push", "--help"]).stdout


def test_every_command_has_examples(wide: CliRunner) -> None:
    assert [name for name in COMMANDS if "Examples:" not in (GROUP.commands[name].callback.__doc__ or "")] == []


def test_version_and_completion(wide: CliRunner) -> None:
    assert wide.invoke(app, ["--version"]).stdout.strip() == f"spacy-hmtl {__version__}"
    assert "--install-completion" in wide.invoke(app, ["--help"]).stdout
