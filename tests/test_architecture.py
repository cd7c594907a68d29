"""Rooms and arrows: what each file may import, read with `ast`."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "spacy_hmtl"
FILES = sorted(PACKAGE.rglob("*.py"))
TORCH = {"torch", "torchcrf", "safetensors", "transformers", "spacy_transformers"}
# Plain Python that every room may know.
PLAIN = {"errors", "types", "files", "progress"}
# Room (folder or file at the top) -> our rooms it may import besides itself, and whether it may import torch and spaCy.
RULES: dict[str, tuple[set[str], bool, bool]] = {
    "errors": (set(), False, False),
    "types": (set(), False, False),
    "files": ({"errors"}, False, False),
    "progress": (set(), False, False),
    "nn": (PLAIN, True, False),
    "annotations": (PLAIN, False, True),
    "jsonl": ({"annotations"}, False, True),
    "bridge": (PLAIN | {"annotations", "nn"}, True, True),
    "data": (PLAIN | {"annotations"}, False, True),
    "scoring": (PLAIN | {"annotations"}, False, True),
    "helpers": (PLAIN | {"annotations"}, False, True),
    "pipeline": (PLAIN | {"annotations", "bridge", "scoring"}, True, True),
    "training": (PLAIN | {"annotations", "data"}, False, True),
    "visualize": (PLAIN | {"annotations"}, False, True),
    "graph": (PLAIN | {"annotations"}, False, True),
    "golden": (PLAIN | {"annotations"}, False, True),
    "annotate": (PLAIN | {"annotations", "data", "pipeline"}, True, True),
    "experiments": (PLAIN | {"annotations", "scoring", "training", "annotate"}, False, True),
    "serve": (PLAIN | {"annotations", "annotate", "visualize"}, False, True),
    "integrations": (PLAIN | {"annotate"}, False, True),
    "cli": (
        PLAIN
        | {"annotations", "data", "scoring", "training", "visualize", "graph", "golden", "annotate", "pipeline"}
        | {"experiments", "serve"},
        False,
        True,
    ),
    "__main__": ({"cli"}, False, True),
    "__init__": ({"annotations"}, False, True),
}


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path, *, top_level: bool = False) -> Iterator[tuple[int, str, str]]:
    """(line, "ours" or "theirs", room of ours or distribution) of every import of a file.

    top_level (bool): Only what runs when the file is imported.
    """
    tree = ast.parse(path.read_text(encoding="utf8"))
    parts = ("spacy_hmtl", *path.relative_to(PACKAGE).with_suffix("").parts)
    # What only the type checker reads is no dependency.
    blocks = [n for n in ast.walk(tree) if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]
    unread = {id(inner) for block in blocks for inner in ast.walk(block)}
    for node in tree.body if top_level else ast.walk(tree):
        names: list[str] = []
        if id(node) in unread or not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            base = [*parts[: -node.level]] if node.level else []
            module = [*base, *(node.module.split(".") if node.module else [])]
            names = [".".join([*module, alias.name]) for alias in node.names]
        for name in names:
            first, *rest = name.split(".")
            yield node.lineno, *(("ours", rest[0]) if first == "spacy_hmtl" and rest else ("theirs", first))


def test_every_room_is_known() -> None:
    known = set(RULES)
    assert sorted({room(path) for path in FILES} - known) == []


def test_imports_go_downwards_only() -> None:
    offenders = []
    for path in FILES:
        ours, torch, spacy = RULES[room(path)]
        for line, owner, name in imports(path):
            if owner == "ours":
                wrong = name not in {*ours, room(path), "__version__"}
            else:
                wrong = (name in TORCH and not torch) or (name in {"spacy", "thinc"} and not spacy)
            if wrong:
                offenders.append(f"{path.relative_to(PACKAGE.parent)}:{line} imports {name}")
    assert offenders == []


def test_entry_points_are_light() -> None:
    offenders = []
    light = [PACKAGE / "__init__.py", PACKAGE / "pipeline/__init__.py", PACKAGE / "pipeline/factory.py"]
    light += [path for path in FILES if room(path) in {"errors", "types", "annotations", "training"}]
    for path in light:
        for line, owner, module in imports(path, top_level=True):
            if module in TORCH or (owner == "ours" and module in {"bridge", "nn"}):
                offenders.append(f"{path.relative_to(PACKAGE)}:{line} imports {module}")
    assert offenders == []


def test_only_the_command_line_prints() -> None:
    offenders = []
    for path in FILES:
        if room(path) != "cli":
            for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                    offenders.append(f"{path.relative_to(PACKAGE.parent)}:{node.lineno}")
    assert offenders == []


def test_only_annotations_knows_where_things_sit_on_a_doc() -> None:
    offenders = []
    for path in FILES:
        if room(path) in {"annotations", "serve", "integrations", "cli", "experiments"}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
            # doc.spans["mentions"], with the key written out.
            if (
                isinstance(node, ast.Subscript)
                and isinstance(node.value, ast.Attribute)
                and node.value.attr in {"spans", "user_data"}
                and isinstance(node.slice, ast.Constant)
            ):
                offenders.append(f"{path.relative_to(PACKAGE.parent)}:{node.lineno}")
    assert offenders == []


@pytest.mark.parametrize("kind", ["assert", "bare except"])
def test_no_bare_assert_and_no_bare_except(kind: str) -> None:
    def wrong(node: ast.AST) -> bool:
        if kind == "assert":
            return isinstance(node, ast.Assert)
        return isinstance(node, ast.ExceptHandler) and node.type is None

    offenders = [
        f"{path.relative_to(PACKAGE.parent)}:{node.lineno}"  # type: ignore[attr-defined]
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf8")))
        if wrong(node)
    ]
    assert offenders == []


def test_no_script_takes_the_name_of_a_module_of_python() -> None:
    # Python looks in a script's own folder first: benchmarks/numbers.py would stand for `numbers` in every import.
    folders = [PACKAGE.with_name(name) for name in ("benchmarks", "scripts", "docs")]
    names = {path.stem for folder in folders for path in folder.rglob("*.py")}
    assert names & sys.stdlib_module_names == set()
