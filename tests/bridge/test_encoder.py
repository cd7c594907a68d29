"""Loading, saving and knowing an encoder again: what is wrong is said, and nothing is loaded half."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import spacy
import srsly
import typer
from safetensors.torch import load_file, save_file
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Adam, fix_random_seed
from tiny import assert_alike, tiny_config, tiny_nlp, weights
from tiny_encoder import LISTENER, encoder_block, transformer_block
from transformers import (
    AlbertConfig,
    AlbertModel,
    AutoTokenizer,
    DistilBertConfig,
    DistilBertModel,
    ElectraConfig,
    ElectraModel,
    RobertaConfig,
    RobertaModel,
    T5Config,
    T5Model,
)
from typer.testing import CliRunner

from spacy_hmtl.bridge.embeddings.encoder import check_encoder
from spacy_hmtl.bridge.embeddings.encoder_files import read_folder
from spacy_hmtl.bridge.embeddings.encoder_layers import restrict
from spacy_hmtl.bridge.embeddings.tokenizer import tokenizer_hash

SIZES = {"vocab_size": 10, "hidden_size": 8, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 8}


def make_nlp(examples: list[Example], encoder: Path, **settings: Any) -> Language:
    return tiny_nlp(examples, [["ner"], ["coref"]], model={"embed": encoder_block(encoder, **settings)})


@pytest.mark.parametrize(("exists", "message"), [(False, "does not exist"), (True, r"has no config\.json")])
def test_a_folder_without_an_encoder_is_named(
    demo_examples: list[Example], tmp_path: Path, exists: bool, message: str
) -> None:
    folder = tmp_path / "nothing"
    if exists:
        folder.mkdir()
    with pytest.raises(ValueError, match=f"The encoder folder .*nothing {message}"):
        make_nlp(demo_examples[:3], folder)


def break_config(folder: Path) -> None:
    (folder / "config.json").write_text('{"architectures": ["Nothing"]}')


def break_weights(folder: Path) -> None:
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: len(content) // 2])


def drop_layer(folder: Path) -> None:
    state = load_file(folder / "model.safetensors")
    kept = {name: value for name, value in state.items() if ".layer.1." not in name}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})


def drop_tokenizer(folder: Path) -> None:
    for name in ("tokenizer.json", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json"):
        (folder / name).unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (break_config, "has the model_type None in config.json"),
        (break_weights, "could not be loaded"),
        (drop_layer, r"lacks \d+ weights, such as encoder\.layer\.1\."),
        (drop_tokenizer, "could not be loaded"),
    ],
)
def test_a_damaged_encoder_is_refused(
    demo_examples: list[Example], encoder: Path, tmp_path: Path, damage: Any, message: str
) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(encoder, folder)
    damage(folder)
    with pytest.raises(ValueError, match=f"The encoder folder .*damaged {message}"):
        make_nlp(demo_examples[:3], folder)


def test_another_tokenizer_at_load_is_warned_of(
    demo_examples: list[Example], encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from spacy_hmtl.bridge.embeddings import tokenizer as module

    nlp = make_nlp(demo_examples[:3], encoder)
    shim: Any = nlp.get_pipe("hmtl").model.layers[0].layers[0].layers[0].shims[0]  # type: ignore[attr-defined]
    data = shim.to_bytes()
    message = srsly.msgpack_loads(data)
    content = json.loads(message["tokenizer"]["tokenizer.json"])
    pieces = content["model"]["vocab"]
    pieces["a"], pieces["b"] = pieces["b"], pieces["a"]
    message["tokenizer"]["tokenizer.json"] = json.dumps(content).encode()
    with pytest.warns(UserWarning, match=r"cuts text differently from the one it was trained with.*transformers \d"):
        shim.from_bytes(srsly.msgpack_dumps(message))
    shim.from_bytes(data)
    monkeypatch.setattr(module, "version", lambda name: "99.0")
    with pytest.warns(UserWarning, match=r"was trained with transformers \d.*but this is 99\.0"):
        shim.from_bytes(data)


def test_weights_that_do_not_fit_leave_the_encoder_as_it_was(demo_examples: list[Example], encoder: Path) -> None:
    nlp = make_nlp(demo_examples[:3], encoder)
    shim: Any = nlp.get_pipe("hmtl").model.layers[0].layers[0].layers[0].shims[0]  # type: ignore[attr-defined]
    before, message = shim._model, srsly.msgpack_loads(shim.to_bytes())
    config = json.loads(message["config"])
    config["hidden_size"] = 8
    message["config"] = json.dumps(config)
    with pytest.raises(ValueError, match="The saved weights do not fit the config"):
        shim.from_bytes(srsly.msgpack_dumps(message))
    assert shim._model is before
    assert nlp("Dell left.").text == "Dell left."


@pytest.mark.parametrize(
    ("model", "last"),
    [
        (lambda: RobertaModel(RobertaConfig(**SIZES)), "encoder.layer.2."),
        (lambda: ElectraModel(ElectraConfig(**SIZES, embedding_size=8)), "encoder.layer.2."),
        (
            lambda: DistilBertModel(DistilBertConfig(vocab_size=10, dim=8, n_layers=3, n_heads=2, hidden_dim=8)),
            "transformer.layer.2.",
        ),
    ],
)
def test_the_layers_of_other_encoders_are_told_apart(model: Any, last: str) -> None:
    transformer = model()
    for n_layers, expected in ((1, True), (0, False)):
        restrict(transformer, n_layers)
        trained = {name for name, value in transformer.named_parameters() if value.requires_grad}
        assert trained == {name for name, _ in transformer.named_parameters() if name.startswith(last) and expected}
    restrict(transformer, -1)
    assert all(value.requires_grad for value in transformer.parameters())


def test_an_encoder_that_shares_one_layer_cannot_be_trained_in_part() -> None:
    transformer = AlbertModel(AlbertConfig(**SIZES, embedding_size=8))
    with pytest.raises(ValueError, match="last_layers is 1, but the layers of a AlbertModel cannot be told apart"):
        restrict(transformer, 1)


def test_a_model_that_is_no_encoder_is_refused() -> None:
    sizes = {"vocab_size": 10, "d_model": 8, "d_ff": 8, "d_kv": 4, "num_layers": 1, "num_heads": 2}
    with pytest.raises(ValueError, match="The encoder folder t5 is no encoder of text"):
        check_encoder("t5", T5Model(T5Config(**sizes)))


def test_the_hash_of_a_tokenizer_is_that_of_its_behaviour(encoder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    same, other = AutoTokenizer.from_pretrained(encoder), AutoTokenizer.from_pretrained(encoder)
    other.add_tokens(["dell"])
    assert tokenizer_hash(tokenizer) == tokenizer_hash(same) != tokenizer_hash(other)


def test_a_shared_transformer_is_trained_through_its_listener(
    demo_examples: list[Example], encoder: Path, texts: list[str], tmp_path: Path
) -> None:
    pytest.importorskip("spacy_transformers")
    fix_random_seed(0)
    nlp = spacy.blank("en")
    nlp.add_pipe("transformer", config=transformer_block(encoder))
    nlp.add_pipe("hmtl", config=tiny_config([["ner"], ["coref"]], model={"embed": LISTENER}))
    docs = [eg.reference for eg in demo_examples[:3]]
    examples = [Example(Doc(doc.vocab, words=[t.text for t in doc]), doc) for doc in docs]
    nlp.initialize(lambda: examples)
    transformer: Any = nlp.get_pipe("transformer")
    before = weights(transformer)
    # `nlp.update` steps a pipe before those that listen to it send it their gradients.
    for _ in range(2):
        nlp.update(examples, sgd=Adam(0.01))
    after = weights(transformer)
    assert any((before[name] != after[name]).any() for name in before)
    nlp.to_disk(tmp_path / "model")
    loaded = spacy.load(tmp_path / "model")
    for text in texts[:4]:
        doc = loaded(text)
        assert_alike(doc, nlp(text))
        assert doc._.trf_data is None


def test_an_encoder_that_is_not_here_ends_the_command_line_with_one_message() -> None:
    app = typer.Typer()
    app.command()(lambda: read_folder("sentence-transformers/nobody-has-it"))
    done = CliRunner().invoke(app)
    said = " ".join(done.output.replace("\u2502", " ").split())
    assert done.exit_code == 1
    assert "[H688] The encoder sentence-transformers/nobody-has-it is not on this machine" in said
    assert "--paths.encoder FOLDER" in said
    assert "Traceback" not in said
    with pytest.raises(ValueError, match="H688"):
        read_folder("sentence-transformers/nobody-has-it")
