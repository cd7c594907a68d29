"""Embeddings that listen to a shared transformer: replaced by a copy, sourced, and without anything to listen to."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.training import Example
from thinc.api import Adam, fix_random_seed
from tiny import snapshot, tiny_config, train
from tiny_encoder import LISTENER, transformer_block, write_encoder

from spacy_hmtl.helpers import replace_listeners

pytest.importorskip("spacy_transformers")
TEXT = "Dell left Austin , and Ann stayed ."


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline of a transformer and a component that listens to it."""
    folder = tmp_path_factory.mktemp("listening")
    fix_random_seed(0)
    nlp = spacy.blank("en")
    nlp.add_pipe("transformer", config=transformer_block(write_encoder(folder / "encoder")))
    nlp.add_pipe("hmtl", config=tiny_config([["ner"]], model={"embed": LISTENER}))
    examples = [Example.from_dict(nlp.make_doc(TEXT), {"entities": [(0, 4, "ORG"), (10, 16, "GPE"), (23, 26, "PER")]})]
    nlp.initialize(lambda: examples)
    train(nlp, examples, 5)
    nlp.to_disk(folder / "model")
    return folder / "model"


def test_a_copy_of_the_transformer_says_the_same_and_goes_on_alone(saved: Path, tmp_path: Path) -> None:
    nlp = spacy.load(saved)
    before = nlp(TEXT)
    expected = snapshot(before)
    replace_listeners(nlp, "transformer")
    nlp.remove_pipe("transformer")
    assert snapshot(nlp(TEXT)) == expected
    nlp.to_disk(tmp_path / "alone")
    alone = spacy.load(tmp_path / "alone")
    assert snapshot(alone(TEXT)) == expected
    other = spacy.blank("en")
    other.add_pipe("hmtl", name="names", source=spacy.load(tmp_path / "alone"))
    assert snapshot(other(TEXT)) == expected
    losses = alone.update([Example(alone.make_doc(TEXT), before)], sgd=alone.resume_training(sgd=Adam(0.01)))
    assert losses["hmtl_ner"] > 0


def test_a_failure_leaves_the_config_as_it_was(saved: Path) -> None:
    nlp = spacy.load(saved)
    before = nlp.config.to_str()
    with pytest.raises(ValueError, match="E889"):
        replace_listeners(nlp, "missing")
    assert nlp.config.to_str() == before


def test_with_nothing_to_listen_to_texts_are_refused(saved: Path) -> None:
    def refused(nlp: Language, match: str) -> None:
        with pytest.raises(ValueError, match=rf"\[H735\] 'hmtl' listens.* 1 of 1 Docs.*{match}"):
            nlp(TEXT)

    alone = spacy.blank("en")
    alone.add_pipe("hmtl", source=spacy.load(saved))
    refused(alone, r"replace_listeners\(nlp, 'transformer', 'hmtl'\)")
    disabled = spacy.load(saved, disable=["transformer"])
    refused(disabled, "Put transformer before it")
    assert len(disabled("")) == 0
    both = spacy.blank("en")
    loaded = spacy.load(saved)
    both.add_pipe("transformer", source=loaded)
    both.add_pipe("hmtl", source=loaded)
    assert snapshot(both(TEXT)) == snapshot(spacy.load(saved)(TEXT))
