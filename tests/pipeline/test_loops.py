"""Training in a loop of one's own: learning rates, dropout, rehearsal."""

from __future__ import annotations

import warnings
from itertools import islice
from pathlib import Path
from typing import Any

import numpy
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Adam, Optimizer, fix_random_seed, warmup_linear
from tiny import LEVELS, tiny_config, tiny_nlp, weights
from tiny_encoder import encoder_block, write_encoder
from transformers import BertConfig, BertModel

WARM_UP = {
    "optimizer": {
        "@optimizers": "Adam.v1",
        "learn_rate": {"@schedules": "warmup_linear.v1", "initial_rate": 0.02, "warmup_steps": 4, "total_steps": 60},
    }
}


def warm_up(total: int = 60) -> Optimizer:
    return Adam(warmup_linear(0.02, 4, total))  # type: ignore[arg-type]


def has_changed(before: dict[str, Any], after: dict[str, Any]) -> bool:
    return any(not numpy.array_equal(before[name], after[name]) for name in before)


@pytest.fixture
def saved(demo_examples: list[Example], tmp_path: Path) -> Path:
    """A pipeline of names whose config has a learning rate that warms up from 0."""
    nlp = tiny_nlp(demo_examples, [["ner"]])
    nlp.config["training"] = WARM_UP
    nlp.to_disk(tmp_path / "model")
    return tmp_path / "model"


def test_the_plain_loop_of_spacys_documentation_teaches(saved: Path, demo_examples: list[Example]) -> None:
    nlp = spacy.load(saved)
    optimizer = nlp.resume_training()
    assert optimizer.learn_rate == 0.0
    before = weights(nlp.get_pipe("hmtl"))
    losses = [nlp.update(demo_examples, sgd=optimizer)["hmtl"]]
    assert has_changed(before, weights(nlp.get_pipe("hmtl")))  # by the first update already
    losses += [nlp.update(demo_examples, sgd=optimizer)["hmtl"] for _ in range(15)]
    assert losses[-1] < 0.3 * losses[0]


def test_a_fresh_pipeline_learns_in_a_plain_loop_too(demo_examples: list[Example]) -> None:
    nlp, optimizer = tiny_nlp(demo_examples, [["ner"]]), warm_up()
    losses = [nlp.update(demo_examples, sgd=optimizer)["hmtl"] for _ in range(16)]
    assert losses[-1] < 0.3 * losses[0]


def rates(nlp: Language, optimizer: Optimizer, examples: list[Example], steps: list[bool]) -> list[float]:
    """The learning rate that each update was made with; steps: whether the loop steps the schedules after it."""
    found = []
    for is_stepped in steps:
        nlp.update(examples, sgd=optimizer)
        found.append(optimizer.learn_rate)
        if is_stepped:
            optimizer.step_schedules()
    return found


def scheduled(number: int) -> list[float]:
    return list(islice(warmup_linear(0.02, 4, 60), number))


@pytest.mark.parametrize("names", [["hmtl"], ["one", "other"]])
@pytest.mark.parametrize("is_stepped", [True, False])
def test_each_update_has_the_next_rate_whoever_steps(
    demo_examples: list[Example], names: list[str], is_stepped: bool
) -> None:
    nlp = spacy.blank("en")
    for name in names:
        nlp.add_pipe("hmtl", name=name, config=tiny_config([["ner"]]))
    nlp.initialize(lambda: demo_examples)
    assert rates(nlp, warm_up(), demo_examples[:2], [is_stepped] * 9) == pytest.approx(scheduled(9))


def test_a_loop_that_steps_once_an_epoch_is_left_alone_from_then_on(demo_examples: list[Example]) -> None:
    nlp = tiny_nlp(demo_examples, [["ner"]])
    first, second, third, fourth = scheduled(4)
    found = rates(nlp, warm_up(), demo_examples[:2], [False, False, True, False, False, True, False])
    assert found == pytest.approx([first, second, third, fourth, fourth, fourth, scheduled(5)[-1]])


def test_a_rate_of_zero_is_reported_once(demo_examples: list[Example]) -> None:
    nlp = tiny_nlp(demo_examples, [["ner"]])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        rates(nlp, warm_up(6), demo_examples[:1], [True] * 6)
        assert not caught  # the first update of a warm-up is always at 0
        rates(nlp, Adam(0.0), demo_examples[:1], [True] * 3)
    assert len(caught) == 1
    assert "[W160] The learning rate is 0, so that updates teach 'hmtl' nothing" in str(caught[0].message)


def test_a_schedule_that_has_ended_is_reported(demo_examples: list[Example]) -> None:
    nlp = tiny_nlp(demo_examples, [["ner"]])
    with pytest.warns(UserWarning, match="W160"):
        rates(nlp, warm_up(6), demo_examples[:1], [True] * 8)


def losses_of(nlp: Language, examples: list[Example], drop: float) -> list[float]:
    return [nlp.update(examples, sgd=False, drop=drop)["hmtl"] for _ in range(3)]  # type: ignore[arg-type]


def with_dropout(folder: Path) -> dict[str, Any]:
    """An encoder that drops by itself, and word vectors that drop words."""
    write = BertConfig.from_pretrained(folder)
    write.hidden_dropout_prob = write.attention_probs_dropout_prob = 0.2
    BertModel(write).save_pretrained(folder)
    layers = {
        "encoder": encoder_block(folder, frozen=False),
        "vectors": {"@architectures": "spacy_hmtl.WordVectors.v1", "frozen": False, "word_dropout": 0.3},
    }
    return {"@architectures": "spacy_hmtl.Concat.v1", "layers": layers}


@pytest.mark.parametrize("kind", ["default", "encoder"])
def test_drop_rules_all_dropout(demo_examples: list[Example], tmp_path: Path, kind: str) -> None:
    fix_random_seed(0)
    nlp = spacy.blank("en")
    config = None
    if kind == "encoder":
        nlp.vocab.reset_vectors(width=4)
        random: Any = numpy.random.default_rng(0)
        for word in ("Dell", "Austin"):
            nlp.vocab.set_vector(word, random.random(4, dtype="float32"))
        config = tiny_config(LEVELS, model={"embed": with_dropout(write_encoder(tmp_path / "encoder"))})
    nlp.add_pipe("hmtl", config=config or {})
    examples = [Example(Doc(nlp.vocab, [t.text for t in eg.x]), eg.y) for eg in demo_examples[:3]]
    nlp.initialize(lambda: examples)
    still = losses_of(nlp, examples, 0.0)
    assert still[1:] == pytest.approx(still[:1] * 2, rel=1e-6)
    moving = losses_of(nlp, examples, 0.2)
    assert len({round(loss, 3) for loss in moving}) == 3
    assert losses_of(nlp, examples, 0.0) == pytest.approx(still, rel=1e-6)


def test_rehearsal_says_that_it_teaches_nothing(saved: Path, demo_examples: list[Example]) -> None:
    nlp = spacy.load(saved)
    nlp.resume_training()
    before = weights(nlp.get_pipe("hmtl"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3):
            nlp.rehearse(demo_examples)
    assert [str(one.message)[:6] for one in caught] == ["[W161]"]
    assert not has_changed(before, weights(nlp.get_pipe("hmtl")))


def test_what_a_pipeline_said_can_be_its_gold(saved: Path, texts: list[str]) -> None:
    # What W161 advises in place of rehearsal.
    old, nlp = spacy.load(saved), spacy.load(saved)
    losses = nlp.update([Example(nlp.make_doc(texts[1]), old(texts[1]))], sgd=nlp.resume_training())
    assert losses["hmtl_ner"] > 0.0
