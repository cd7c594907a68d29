"""`push`: what would go to a hub is shown; the hub's client gets it; what is not fit to be sent stays here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from spacy.language import Language
from typer.testing import CliRunner

from spacy_hmtl.cli.app import app

CARD = {
    "description": "Reads letters.",
    "author": "Anna Keller",
    "license": "CC BY-SA 4.0",
    "sources": [{"name": "Letters", "url": "https://example.org", "license": "MIT"}],
    "performance": {"ents_f": 0.75, "hmtl_loss": 1234.5},
}


@pytest.fixture
def folder(trained_nlp: Language, tmp_path: Path) -> Path:
    path = tmp_path / "model"
    trained_nlp.to_disk(path)
    meta = json.loads((path / "meta.json").read_text(encoding="utf-8"))
    (path / "meta.json").write_text(json.dumps({**meta, **CARD}), encoding="utf-8")
    (path / "README.md").write_text("An older card.", encoding="utf-8")
    return path


class Hub:
    """Takes the place of the client, and notes what it is asked to do."""

    calls: list[tuple[str, Any]]

    def create_repo(self, repo: str, **options: Any) -> str:
        self.calls.append(("create", (repo, options["private"])))
        return f"https://hub/{repo}"

    def upload_folder(self, **options: Any) -> None:
        self.calls.append(("folder", sorted(options["allow_patterns"])))

    def upload_file(self, **options: Any) -> None:
        self.calls.append(("card", Path(options["path_or_fileobj"]).read_text(encoding="utf-8")))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    Hub.calls = []
    monkeypatch.setattr("huggingface_hub.HfApi", Hub)
    return Hub.calls


def push(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["push", *arguments])


def test_a_dry_run_shows_card_and_files_and_sends_nothing(folder: Path, hub: list[tuple[str, Any]]) -> None:
    done = push(str(folder), "anna/en_letters", "--dry-run")
    assert done.exit_code == 0, done.output
    assert 'license: "cc-by-sa-4.0"' in done.output
    assert "[Letters](https://example.org): MIT" in done.output
    assert "config.cfg" in done.output
    assert "loss" not in done.output
    assert "Nothing was sent" in done.output
    assert hub == []


def test_the_client_gets_files_and_card(folder: Path, hub: list[tuple[str, Any]]) -> None:
    done = push(str(folder), "anna/en_letters", "--private")
    assert done.exit_code == 0, done.output
    assert [name for name, _ in hub] == ["create", "folder", "card"]
    assert hub[0][1] == ("anna/en_letters", True)
    assert {"config.cfg", "meta.json", "hmtl/model"} <= set(hub[1][1])
    assert "README.md" not in hub[1][1]
    front = hub[2][1].split("---")[1].strip().splitlines()
    values = {key: json.loads(value) for key, _, value in (line.partition(": ") for line in front)}
    assert values["model-index"][0]["results"][0]["metrics"] == [{"type": "f1", "name": "ents_f", "value": 0.75}]


def test_what_is_not_fit_to_be_sent_stays_here(
    folder: Path, hub: list[tuple[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "H690" in push(str(folder), "letters").output
    assert "H689" in push(str(tmp_path), "anna/letters").output
    (folder / "meta.json").write_text('{"lang": "en", "name": "x", "version": "1"}', encoding="utf-8")
    assert "H692" in push(str(folder), "anna/letters").output
    monkeypatch.setattr("spacy_hmtl.cli.push.find_spec", lambda name: None)
    assert "H540" in push(str(folder), "anna/letters", "--force").output
    assert hub == []


def test_a_refusal_of_the_hub_is_one_message(folder: Path, hub: list[tuple[str, Any]]) -> None:
    def refuse(self: Hub, repo: str, **options: Any) -> str:
        raise OSError("401: who are you?\nsecond line")

    original, Hub.create_repo = Hub.create_repo, refuse  # type: ignore[method-assign]
    try:
        done = push(str(folder), "anna/en_letters")
    finally:
        Hub.create_repo = original  # type: ignore[method-assign]
    assert done.exit_code == 1
    assert "H691" in done.output
    assert "second line" not in done.output
