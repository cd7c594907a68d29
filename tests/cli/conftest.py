"""Helpers of the command tests."""

import importlib
import sys

import pytest
from cli.lines import write_lines

# A package with a component of its own, which worker processes find as they find ours: by its entry point.
POISON = {
    "test_poison.py": """
from spacy.language import Language

@Language.component("test_fails_on_poison")
def fails_on_poison(doc):
    if "poison" in doc.text:
        raise RuntimeError("cannot digest this")
    return doc
""",
    "test_poison-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: test_poison\nVersion: 1\n",
    "test_poison-1.dist-info/entry_points.txt": (
        "[spacy_factories]\ntest_fails_on_poison = test_poison:fails_on_poison\n"
    ),
}


@pytest.fixture(scope="session")
def poison_package(tmp_path_factory):
    """The folder of an installed package whose component raises on some texts."""
    folder = tmp_path_factory.mktemp("packages")
    for name, content in POISON.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    sys.path.insert(0, str(folder))
    importlib.import_module("test_poison")
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture(scope="session")
def failing_model_path(trained_nlp, poison_package, tmp_path_factory):
    """The tiny pipeline before a component that raises on some texts."""
    path = tmp_path_factory.mktemp("model") / "failing"
    trained_nlp.add_pipe("test_fails_on_poison", last=True)
    trained_nlp.to_disk(path)
    trained_nlp.remove_pipe("test_fails_on_poison")
    return path


@pytest.fixture
def source(tmp_path, texts):
    """Texts of every odd sort as JSON lines; half of them have ids."""
    records = [
        {"text": text, "id": f"t{i}", "meta": {"n": i}} if i % 2 else {"text": text} for i, text in enumerate(texts)
    ]
    return write_lines(tmp_path / "in.jsonl", records)


@pytest.fixture(scope="session")
def poisoned_texts():
    """Records of seven texts; on two of them `failing_model_path` fails."""
    words = ["Anna left.", "Ben stayed.", "poison one", "She said so.", "", "more poison", "The end."]
    return [{"text": text, "id": i} for i, text in enumerate(words)]


@pytest.fixture
def poisoned(tmp_path, poisoned_texts):
    return write_lines(tmp_path / "in.jsonl", poisoned_texts)
