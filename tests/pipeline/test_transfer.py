"""A level on top of a trained pipeline, and levels of another pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import spacy
from pipeline.growing import (
    embeddings,
    level,
    pipe_of,
    same_numbers,
    same_weights,
    training_config,
    weights,
)
from spacy.cli.train import train as spacy_train
from spacy.tokens import DocBin
from spacy.training import Example
from thinc.api import fix_random_seed
from tiny import assert_alike, for_task, tiny_config, tiny_nlp, train

pytestmark = pytest.mark.filterwarnings("ignore:.*W105", "ignore:.*W173")


def test_a_trained_pipeline_grows_by_a_level(names_only: Path, demo_examples: list[Example], tmp_path: Path) -> None:
    names = spacy.load(names_only)
    fix_random_seed(0)
    nlp = spacy.blank("en")
    config = tiny_config([["ner"], ["coref"]], frozen=["embeddings", "ner"])
    pipe: Any = nlp.add_pipe("hmtl", config=config)
    # Coreference alone is in the data.
    examples = for_task(demo_examples, "coref")
    nlp.config["initialize"]["components"]["hmtl"] = {"transfer": {"source": str(names_only)}}
    nlp.initialize(lambda: examples)
    assert pipe.label_data["ner"] == pipe_of(names).label_data["ner"]
    losses: list[dict[str, float]] = []
    for _ in range(2):
        assert same_weights(level(nlp, "ner"), level(names, "ner"))
        assert embeddings(nlp) == embeddings(names)
        for eg in demo_examples:
            one, other = nlp(eg.predicted.copy()), names(eg.predicted.copy())
            assert [(e.start, e.end, e.label_) for e in one.ents] == [(e.start, e.end, e.label_) for e in other.ents]
        losses += train(nlp, examples, 25, learn_rate=0.005)  # the second time round, after training
    assert losses[-1]["hmtl_coref"] < 0.5 * losses[0]["hmtl_coref"]
    assert same_numbers(nlp, demo_examples)["coref_f"] > 0.4
    nlp.to_disk(tmp_path / "grown")
    loaded = spacy.load(tmp_path / "grown")
    for eg in demo_examples:
        assert_alike(loaded(eg.predicted.copy()), nlp(eg.predicted.copy()))


def test_spacy_train_grows_a_pipeline_by_a_level(
    names_only: Path, demo_examples: list[Example], tmp_path: Path
) -> None:
    DocBin(docs=[eg.reference for eg in demo_examples]).to_disk(tmp_path / "coref.spacy")
    levels = [["ner"], ["coref"]]
    component = {"factory": "hmtl", **tiny_config(levels, frozen=["embeddings", "ner"])}
    config = training_config([["coref"]], tmp_path / "coref.spacy", component)
    config["initialize"]["components"] = {"hmtl": {"transfer": {"source": str(names_only), "levels": ["ner"]}}}
    config.to_disk(tmp_path / "config.cfg")
    spacy_train(tmp_path / "config.cfg", tmp_path / "out")
    nlp, names = spacy.load(tmp_path / "out" / "model-last"), spacy.load(names_only)
    assert same_weights(level(nlp, "ner"), level(names, "ner"))
    assert embeddings(nlp) == embeddings(names)


def test_a_level_is_transferred_with_what_it_reads(names_only: Path, demo_examples: list[Example]) -> None:
    names, nlp = spacy.load(names_only), tiny_nlp(demo_examples, [["ner"], ["emd"]], seed=3)
    before = weights(nlp)
    with pytest.raises(ValueError, match=r"\[H348\].*\(emd\).*\[\['ner'\]\] in the source"):
        pipe_of(nlp).transfer(names, ["emd"])
    assert same_weights(before, weights(nlp))
    assert pipe_of(nlp).transfer(names) == ["ner"]
    assert same_weights(level(nlp, "ner"), level(names, "ner"))
    assert same_weights(level(nlp, "emd"), {k: v for k, v in before.items() if k.split(".")[1] == "emd"})
    target = tiny_nlp(demo_examples, [["ner"], ["emd"], ["relation"]], seed=4)
    own = embeddings(target)
    assert pipe_of(target).transfer(pipe_of(nlp), ["emd"], embeddings=False) == ["ner", "emd"]
    assert same_weights(level(target, "emd"), level(nlp, "emd"))
    assert embeddings(target) == own
    train(target, demo_examples, 2)


def test_what_does_not_fit_is_refused_and_nothing_changes(names_only: Path, demo_examples: list[Example]) -> None:
    config = tiny_config([["ner"]])
    config["model"]["heads"]["ner"]["encoder"]["hidden_width"] = 20
    wider = tiny_config([["ner"]])
    wider["model"]["embed"]["width"] = 64
    taller = tiny_config([["ner"]])
    taller["model"]["embed"]["rows"] = [900, 200, 300, 200]
    for settings, reason in [(config, "encoder of ner"), (wider, "embeddings"), (taller, "embeddings")]:
        nlp = spacy.blank("en")
        pipe: Any = nlp.add_pipe("hmtl", config=settings)
        with pytest.raises(ValueError, match="H208"):
            pipe.transfer(names_only)
        nlp.initialize(lambda: demo_examples)
        before = weights(nlp), embeddings(nlp)
        with pytest.raises(ValueError, match=rf"\[H347\].*{reason}"):
            pipe.transfer(names_only)
        assert same_weights(before[0], weights(nlp))
        assert before[1] == embeddings(nlp)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"source": "{path}", "level": ["ner"]}, r"\[H205\].*level"),
        ({"levels": ["ner"]}, r"\[H205\].*source"),
        ({"source": "{path}", "component": "other"}, r"\[H349\].*'other'.*hmtl"),
    ],
)
def test_settings_of_a_transfer_are_checked(
    settings: dict[str, Any], match: str, names_only: Path, demo_examples: list[Example]
) -> None:
    own = {key: str(names_only) if value == "{path}" else value for key, value in settings.items()}
    nlp = spacy.blank("en")
    pipe: Any = nlp.add_pipe("hmtl", config=tiny_config([["ner"]]))
    with pytest.raises(ValueError, match=match):
        pipe.initialize(lambda: demo_examples, transfer=own)
