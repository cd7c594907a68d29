"""Shell commands in the pages: found, and looked up in the programs that they call."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import srsly
import typer
from docs.blocks import ROOT

from spacy_hmtl.cli.app import app

_BLOCK = re.compile(r"^```(?:bash|powershell)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Programs that are not ours, and that every reader has or is told to install.
OTHERS = frozenset("pip source export cat printf curl unzip git docker cd kill py prodigy pre-commit mike".split())
# Modules of `python -m` that are not ours.
MODULES = frozenset({"venv", "build", "pip", "http.server"})


def read_commands(text: str) -> Iterator[list[str]]:
    """Each command of a page's shell blocks as words; pipes and && separate commands."""
    for block in _BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
            lexer.whitespace_split = True
            command: list[str] = []
            for word in [*lexer, ";"]:
                if not set(word) <= set("|&;<>"):
                    command.append(word)
                elif "<" in word or ">" in word:
                    command.append(">")
                elif command:
                    yield _program(command)
                    command = []


def _program(command: list[str]) -> list[str]:
    """A command without the variables that are set before it and without redirections."""
    while command and re.match(r"^[A-Z_]+=", command[0]):
        command = command[1:]
    return command[: command.index(">")] if ">" in command else command


def faults(command: list[str]) -> list[str]:
    """What a command names that is not there: programs, scripts, subcommands, options, targets."""
    match command:
        case [] | [""]:
            return []
        case ["hmtl", *rest] | ["python", "-m", "spacy", "hmtl", *rest] | ["python", "-m", "spacy_hmtl", *rest]:
            return _of_click(typer.main.get_command(app), rest)
        case ["spacy" | "weasel", "project", *rest] | ["python", "-m", "spacy", "project", *rest]:
            return _of_project(rest)
        case ["python", "-m", "spacy", *rest] | ["spacy", *rest]:
            return _of_spacy(rest)
        case ["python" | "python3", "-m", module, *_] if module in MODULES:
            return []
        case ["python", "-m", module, *rest] if (ROOT / module.replace(".", "/")).with_suffix(".py").exists():
            return _of_script((ROOT / module.replace(".", "/")).with_suffix(".py"), rest)
        case ["python", script, *rest] if script.endswith(".py"):
            return _of_script(ROOT / script, rest)
        case ["make", *rest]:
            targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
            return [f"make {word}" for word in rest if "=" not in word and word not in targets]
        case [program, *_] if program in OTHERS or program.startswith((".", "/")):
            return []
    return [f"unknown program: {' '.join(command)}"]


def _options(words: list[str]) -> list[str]:
    return [word.split("=")[0] for word in words if re.match(r"^--?[a-zA-Z]", word)]


def _of_click(group: Any, words: list[str]) -> list[str]:
    """Subcommands are followed; then every option must be one of the command's."""
    while hasattr(group, "commands"):
        if not words or words[0].startswith("-"):
            break
        commands: dict[str, Any] = group.commands
        if words[0] not in commands:
            return [f"no command {words[0]}"] if words[0] != "COMMAND" else []
        group, words = commands[words[0]], words[1:]
    known = {name for parameter in group.params for name in (*parameter.opts, *parameter.secondary_opts)}
    is_open = group.context_settings.get("allow_extra_args", False)
    missing = [option for option in _options(words) if option not in known | {"--help", "--version"}]
    # `spacy train` takes overrides of the config: --section.key
    return [f"{group.name}: no option {option}" for option in missing if not (is_open and "." in option)]


def _of_spacy(words: list[str]) -> list[str]:
    from spacy.cli._util import app as spacy_app

    return _of_click(typer.main.get_command(spacy_app), words)


def _of_project(words: list[str]) -> list[str]:
    project = srsly.read_yaml(ROOT / "project.yml")
    names = [*project["workflows"], *(command["name"] for command in project["commands"])]
    wrong = [f"no workflow {words[1]}"] if words[0] == "run" and words[1] not in names else []
    variables = [option.removeprefix("--vars.") for option in _options(words) if option.startswith("--vars.")]
    return wrong + [f"project.yml has no variable {name}" for name in variables if name not in project["vars"]]


def _of_script(path: Path, words: list[str]) -> list[str]:
    """A script's options stand in its source, or in a module beside it, as they are typed or as a parameter's name."""
    if not path.exists():
        return [f"no script {path.relative_to(ROOT)}"]
    folder = path.parent / "timing"
    source = "\n".join(own.read_text(encoding="utf-8") for own in [path, *folder.glob("*.py")])
    missing = []
    for option in _options(words):
        name = option.lstrip("-").replace("-", "_")
        if not re.search(rf'"{option}"|\b{name}: \w', source):
            missing.append(option)
    return [f"{path.name}: no option {option}" for option in missing]
