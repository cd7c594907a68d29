"""A server whose models "first" and "second" are the tiny pipeline, and one that meets odd texts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from serve.odd import load_odd, load_tiny
from serve.serving import Served, pooling, serving
from spacy.language import Language

from spacy_hmtl.serve.pool import Pool


@pytest.fixture(scope="session")
def served_path(trained_nlp: Language, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny pipeline on disk."""
    path = tmp_path_factory.mktemp("serve") / "tiny"
    trained_nlp.to_disk(path)
    return path


@pytest.fixture(scope="session")
def served(served_path: Path) -> Iterator[Served]:
    load = partial(load_tiny, served_path)
    with pooling({"first": load, "second": load}) as pools, serving(pools) as found:
        yield found


@pytest.fixture(scope="session")
def url(served: Served) -> str:
    return served.url


@pytest.fixture(scope="session")
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as found:
        yield found


@pytest.fixture(scope="session")
def _odd_pools(served_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Pool], Path]]:
    gate = tmp_path_factory.mktemp("gate") / "open"
    with pooling({"odd": partial(load_odd, served_path, gate)}) as pools:
        yield pools, gate


@pytest.fixture
def odd(_odd_pools: tuple[dict[str, Pool], Path]) -> Iterator[tuple[dict[str, Pool], Path]]:
    """Worker processes of the odd pipeline, and the file that lets waiting texts go on."""
    pools, gate = _odd_pools
    gate.unlink(missing_ok=True)
    yield pools, gate
    gate.touch()


@pytest.fixture
def odd_alone(served_path: Path, tmp_path: Path) -> Iterator[dict[str, Pool]]:
    """Worker processes of the odd pipeline for a test that ends them."""
    with pooling({"odd": partial(load_odd, served_path, tmp_path / "open")}) as pools:
        yield pools
