"""Docstrings of the public API say what each argument is, what comes back, and what is raised."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

import spacy_hmtl

ROOT = Path(__file__).parents[2]
PACKAGE = Path(spacy_hmtl.__file__).parent
# Commands are documented by their --help, which other tests run.
# The factory takes what the component takes.
GROUPS = ("architectures", "readers", "batchers", "scorers", "loggers")
# Rooms whose public functions and classes are meant for users and for those who extend the package.
ROOMS = ("annotations", "helpers", "integrations", "pipeline", "scoring", "training", "visualize", "nn", "data")


def public_objects() -> dict[str, Any]:
    """Everything that users call: what is registered, what the pages name, what the rooms' faces export."""
    found: dict[str, Any] = {}

    def add(thing: Any) -> None:
        if inspect.isfunction(thing) and thing.__module__.startswith("spacy_hmtl"):
            found[f"{thing.__module__}.{thing.__qualname__}"] = thing
        elif inspect.isclass(thing) and thing.__module__.startswith("spacy_hmtl"):
            found[f"{thing.__module__}.{thing.__qualname__}"] = thing
            for name, member in vars(thing).items():
                if inspect.isfunction(member) and not name.startswith("_"):
                    add(member)

    for group in GROUPS:
        for entry in entry_points(group=f"spacy_{group}"):
            if entry.value.startswith("spacy_hmtl."):
                add(entry.load())
    for room in ROOMS:
        module = importlib.import_module(f"spacy_hmtl.{room}")
        for name in getattr(module, "__all__", []):
            add(getattr(module, name))
    pages = "\n".join(path.read_text(encoding="utf8") for path in (ROOT / "docs").glob("*.md"))
    for dotted in set(re.findall(r"`(spacy_hmtl(?:\.\w+)+)", pages)):
        module_name, _, name = dotted.rpartition(".")
        try:
            module = importlib.import_module(module_name)
        except ModuleNotFoundError:  # a registered name, such as spacy_hmtl.HMTL.v1
            continue
        add(getattr(module, name, None))
    return found


OBJECTS = public_objects()


def arguments(thing: Callable[..., Any]) -> list[str]:
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [
        name
        for name, parameter in inspect.signature(thing).parameters.items()
        if name not in {"self", "cls"} and parameter.kind not in kinds
    ]


def is_documented(argument: str, text: str) -> bool:
    """Whether a docstring has a line such as `width (int): ...`, `ner, emd (dict): ...` or `width: ...`."""
    lines = re.findall(r"^[ ]*((?:\w+, )*\w+)(?: \([^)]*\))?: ", text, re.MULTILINE)
    return argument in {name for line in lines for name in line.split(", ")}


def raised(thing: Callable[..., Any]) -> Iterator[str]:
    """Codes of the errors that a function's own body raises."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(thing)))
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise):
            yield from re.findall(r"Errors\.(H\d+)", ast.unparse(node))


@pytest.mark.parametrize("name", sorted(OBJECTS))
def test_docstrings_are_complete(name: str) -> None:
    thing = OBJECTS[name]
    text = inspect.getdoc(thing) or ""
    assert text, f"{name} has no docstring"
    # A method without a docstring of its own has that of the class it overrides.
    if inspect.isfunction(thing) and thing.__doc__ is None:
        return
    # A class without arguments of its own has those of what it extends, such as `str`.
    if inspect.isclass(thing) and not {"__init__", "_fields"} & set(vars(thing)):
        return
    missing = [argument for argument in arguments(thing) if not is_documented(argument, text)]
    assert missing == [], f"{name} does not say what {', '.join(missing)} is"
    if inspect.isfunction(thing):
        codes = [code for code in raised(thing) if code not in expand(text)]
        assert codes == [], f"{name} raises {', '.join(codes)} without a word"


def expand(text: str) -> set[str]:
    """Codes that a text names: `H105 to H108` names four."""
    codes = set(re.findall(r"[HW]\d+", text))
    for first, last in re.findall(r"H(\d+) to H(\d+)", text):
        codes.update(f"H{number}" for number in range(int(first), int(last) + 1))
    return codes


def test_a_missing_word_is_noticed() -> None:
    text = "Cut.\n\nstart, end (int): Tokens.\nRETURNS (Doc): A part.\n"
    assert [is_documented(name, text) for name in ("start", "end", "doc")] == [True, True, False]
    assert expand("H105 to H107, H109") == {"H105", "H106", "H107", "H109"}
