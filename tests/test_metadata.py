"""What the package and its pipelines say of themselves: complete, and the same everywhere."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from spacy.language import Language

from spacy_hmtl import __version__
from spacy_hmtl.cli.init_config import CONFIGS
from spacy_hmtl.pipeline.factory import make_model_card

ROOT = Path(__file__).parents[1]
CARDS = ["assets/demo/card.json", "assets/pipelines/en_hmtl_web_md.json", "assets/pipelines/en_hmtl_web_sm.json"]
# What the pretrained pipelines share.
SHARED = "assets/pipelines/card.json"


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def card_of(name: str) -> dict[str, Any]:
    """A whole card, as it goes into a meta."""
    shared = json.loads(read(SHARED)) if name.startswith("assets/pipelines/") else {}
    own: dict[str, Any] = json.loads(read(name))
    return {**shared, **own, "sources": [*shared.get("sources", []), *own.get("sources", [])]}


def setup_call() -> dict[str, ast.expr]:
    """The arguments of `setup()`."""
    calls = [node for node in ast.walk(ast.parse(read("setup.py"))) if isinstance(node, ast.Call)]
    (call,) = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "setup"]
    return {str(keyword.arg): keyword.value for keyword in call.keywords}


def address() -> str:
    found = re.search(r'^URL = "(.+)"$', read("setup.py"), re.MULTILINE)
    assert found is not None
    return found[1]


def test_setup_is_complete() -> None:
    assert {"author", "url", "keywords", "license", "classifiers", "description"} <= setup_call().keys()


def test_one_address_one_version_one_year_everywhere() -> None:
    assert f'url: "{address()}"' in read("CITATION.cff")
    assert f"version: {__version__}" in read("CITATION.cff")
    assert json.loads(read("universe.json"))["url"] == address()
    assert [name for name in CARDS if card_of(name)["url"] != address()] == []


@pytest.mark.parametrize("name", CARDS)
def test_cards_name_author_licence_and_sources(name: str) -> None:
    card = card_of(name)
    assert card["description"]
    assert card["author"]
    assert card["license"]
    assert [source for source in card["sources"] if not (source["name"] and source["url"] and source["license"])] == []


def test_a_trained_pipeline_says_what_its_card_says_and_no_losses(trained_nlp: Language) -> None:
    before = json.loads(json.dumps(trained_nlp.meta))
    trained_nlp.meta["performance"] = {"ents_f": 0.5, "hmtl_loss": 12.0}
    saved: Any = make_model_card(path=str(ROOT / CARDS[0]))(trained_nlp)
    assert saved is trained_nlp
    assert saved.meta["performance"] == {"ents_f": 0.5}
    assert saved.meta["license"] == "MIT"
    trained_nlp.meta.update(before)


@pytest.mark.parametrize(("content", "code"), [("{", "H685"), ("[]", "H685"), (None, "H101")])
def test_a_card_that_cannot_be_read_is_named(content: str | None, code: str, tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises((ValueError, OSError), match=f"{code}.*card.json"):
        make_model_card(path=str(path))


def test_the_configs_travel_in_the_package(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "setup.py",
        "-q",
        "egg_info",
        "-e",
        str(tmp_path),
        "build_py",
        "-d",
        str(tmp_path / "lib"),
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    packaged = {path.name for path in (tmp_path / "lib" / "spacy_hmtl" / "configs").iterdir()}
    assert set(CONFIGS.values()) <= packaged
