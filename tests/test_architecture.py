"""Rooms and arrows: what each file may import, read with `ast`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "spacy_hmtl"
FILES = sorted(PACKAGE.rglob("*.py"))
TORCH = {"torch", "torchcrf", "safetensors", "transformers", "spacy_transformers"}
# Plain Python that every room may know.
PLAIN = {"errors", "types", "nesting", "checks"}
# Room (folder or file at the top) -> our rooms it may import, and whether it may import torch and spaCy.
RULES: dict[str, tuple[set[str], bool, bool]] = {
    "errors": (set(), False, False),
    "types": (set(), False, False),
    "nesting": (PLAIN, False, False),
    "checks": (PLAIN, False, False),
    "elmo_files": (PLAIN | {"nn"}, False, False),
    "vector_store": (PLAIN, False, False),
    "saving": (PLAIN, False, True),
    "annotations": (PLAIN, False, True),
    "resolution": (PLAIN | {"annotations"}, False, True),
    "extensions": (PLAIN | {"annotations", "resolution"}, False, True),
    "helpers": (PLAIN | {"annotations", "helpers"}, False, True),
    "nn": (PLAIN | {"nn"}, True, False),
    "bridge": (PLAIN | {"annotations", "nn", "bridge", "elmo_files", "vector_store"}, True, True),
    "data": (PLAIN | {"annotations", "data", "jsonl"}, False, True),
    "scoring": (PLAIN | {"annotations", "scoring"}, False, True),
    "visualize": (PLAIN | {"annotations", "resolution", "visualize"}, False, True),
    "jsonl": (PLAIN | {"annotations"}, False, True),
    "graph": (PLAIN | {"annotations", "extensions", "resolution", "graph"}, False, True),
    "golden": (PLAIN | {"jsonl", "golden"}, False, True),
    "logger": (PLAIN, False, True),
    "factory": ({"pipeline"}, False, True),
    "survey": (PLAIN | {"annotations"}, False, True),
    "batches": (PLAIN, False, True),
    "pipeline": (PLAIN | {"annotations", "batches", "extensions", "bridge", "saving", "survey"}, True, True),
}
# May import anything above them.
TOP = {"experiments", "cli", "serve", "integrations", "__main__"}


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
        if id(node) in unread:
            continue
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = [*parts[: -node.level]] if node.level else []
            module = [*base, *(node.module.split(".") if node.module else [])]
            names = [".".join([*module, alias.name]) for alias in node.names]
        for name in names:
            first, *rest = name.split(".")
            yield node.lineno, *(("ours", rest[0]) if first == "spacy_hmtl" and rest else ("theirs", first))


def test_every_room_is_known() -> None:
    known = set(RULES) | TOP | {"__init__"}
    assert sorted({room(path) for path in FILES} - known) == []


def test_imports_go_downwards_only() -> None:
    offenders = []
    for path in FILES:
        if room(path) in TOP or room(path) not in RULES:
            continue
        ours, torch, spacy = RULES[room(path)]
        for line, owner, name in imports(path):
            wrong = name not in ours and not name.startswith("__version__") if owner == "ours" else False
            wrong = wrong or (name in TORCH and not torch) or (name in {"spacy", "thinc"} and not spacy)
            if wrong and owner == "ours" and name == room(path):
                wrong = False
            if wrong:
                offenders.append(f"{path.relative_to(PACKAGE.parent)}:{line} imports {name}")
    assert offenders == []


def test_entry_points_are_light() -> None:
    offenders = []
    for name in ("__init__", "factory", "logger", "annotations", "extensions", "resolution", "errors", "types"):
        for line, owner, module in imports(PACKAGE / f"{name}.py", top_level=True):
            if module in TORCH or (owner == "ours" and module in {"bridge", "nn", "pipeline"}):
                offenders.append(f"{name}.py:{line} imports {module}")
    assert offenders == []
    assert list(imports(PACKAGE / "__init__.py")) == []


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
        if room(path) in TOP | {"annotations", "extensions"}:
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
