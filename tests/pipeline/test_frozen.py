"""Parts that stand still while others learn."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
import spacy
import torch
from pipeline.growing import (
    embeddings,
    pipe_of,
    weights,
    with_employers,
)
from spacy.language import Language
from spacy.training import Example
from thinc.api import Adam
from tiny import for_task, tiny_config

pytestmark = pytest.mark.filterwarnings("ignore:.*W105", "ignore:.*W173")


@pytest.mark.parametrize(
    "frozen", [["embeddings"], ["ner"], ["embeddings", "ner"], ["relation"], ["embeddings", "ner", "emd", "coref"]]
)
@pytest.mark.filterwarnings("ignore:.*W174")
def test_what_is_frozen_does_not_move(frozen: list[str], trained: Language, demo_examples: list[Example]) -> None:
    pipe = pipe_of(trained)
    pipe.cfg["frozen"] = frozen
    before, below = weights(trained), embeddings(trained)
    optimizer = Adam(0.01)
    losses: dict[str, float] = {}
    examples = with_employers(demo_examples)
    new = pipe.add_labels_of(examples)
    assert not set(new) & set(frozen)
    for task in ("ner", "emd", "relation", "coref"):
        for _ in range(2):
            own = examples if task in new else demo_examples
            trained.update(for_task(own, task), sgd=optimizer, losses=losses, drop=0.2)
    hierarchy = pipe.model.shims[0].hierarchy
    for task in ("ner", "emd", "relation", "coref"):
        held = task in frozen
        assert (losses[f"hmtl_{task}"] == 0.0) == held
        for name, value in weights(trained).items():
            if name.split(".")[1] == task and held:
                assert torch.equal(value, before[name])
        stepped = [key for key in optimizer.mom1 if key[0] == pipe.model.shims[0].id and key[1].split(".")[1] == task]
        assert bool(stepped) != held
        assert all(p.requires_grad != held for p in hierarchy.head(task).parameters())
    assert (embeddings(trained) == below) == ("embeddings" in frozen)


def test_unknown_parts_cannot_be_frozen_and_drift_is_said(
    names_only: Path, demo_examples: list[Example], tmp_path: Path
) -> None:
    for wrong in (["coref"], "ner", ["embedding"]):
        with pytest.raises(ValueError, match=r"\[H346\].*embeddings, ner.*\[components.hmtl\]"):
            spacy.blank("en").add_pipe("hmtl", config=tiny_config([["ner"]], frozen=wrong))
    nlp = spacy.load(names_only, config={"components.hmtl.frozen": ["ner"]})
    with pytest.warns(UserWarning, match=r"\[W174\].*ner is frozen.*\(embeddings\)"):
        nlp.update(demo_examples, sgd=Adam(0.01))
    nlp.to_disk(tmp_path / "frozen")
    assert pipe_of(spacy.load(tmp_path / "frozen")).cfg["frozen"] == ["ner"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nlp = spacy.load(names_only, config={"components.hmtl.frozen": ["ner", "embeddings"]})
        nlp.update(demo_examples, sgd=Adam(0.01))
