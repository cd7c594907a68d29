"""Pipelines that are trained and then changed."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy
from pipeline.growing import (
    SPAN_PAIRS,
)
from spacy.language import Language
from spacy.tokens import Doc
from tiny import make_examples, tiny_config, tiny_nlp, train


@pytest.fixture(scope="session")
def span_pairs_nlp(_demo_docs: list[Doc]) -> Language:
    """The tiny pipeline with a head of span pairs, overfitted to the demo documents. Shared: leave it as it is."""
    examples = make_examples([doc.copy() for doc in _demo_docs])
    nlp = tiny_nlp(examples, model={"heads": {**tiny_config()["model"]["heads"], "relation": SPAN_PAIRS}})
    train(nlp, examples, 40)
    return nlp


@pytest.fixture(params=["trained_nlp", "span_pairs_nlp"], ids=["multi-head", "span-pairs"])
def trained(request: pytest.FixtureRequest, tmp_path: Path) -> Language:
    """A trained pipeline that a test may change; it lies in the folder `trained`, too."""
    request.getfixturevalue(request.param).to_disk(tmp_path / "trained")
    return spacy.load(tmp_path / "trained")


@pytest.fixture(scope="session")
def names_only(_demo_docs: list[Doc], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a trained pipeline of names alone."""
    examples = make_examples([doc.copy() for doc in _demo_docs])
    nlp = tiny_nlp(examples, [["ner"]])
    train(nlp, examples, 40)
    path = tmp_path_factory.mktemp("names") / "names"
    nlp.to_disk(path)
    return path
