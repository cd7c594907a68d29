"""A server whose models "first" and "second" are the tiny pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import spacy
from serve.serving import serving
from spacy.language import Language


@pytest.fixture(scope="session")
def served_path(trained_nlp: Language, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny pipeline on disk."""
    path = tmp_path_factory.mktemp("serve") / "tiny"
    trained_nlp.to_disk(path)
    return path


@pytest.fixture(scope="session")
def copies(served_path: Path) -> list[Language]:
    """Pipelines that only the server runs."""
    return [spacy.load(served_path), spacy.load(served_path)]


@pytest.fixture(scope="session")
def url(copies: list[Language]) -> Iterator[str]:
    with serving(dict(zip(("first", "second"), copies))) as place:
        yield place


@pytest.fixture(scope="session")
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as found:
        yield found
