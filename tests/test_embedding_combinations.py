"""Word representations, each alone and several together: trained, saved, loaded, accounted for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy
import pytest
import spacy
from host_syncs import watched
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.vectors import Vectors
from thinc.api import Adam, fix_random_seed
from tiny import assert_alike, for_task, tiny_config, weights
from tiny_elmo import tiny_arrays, write_elmo
from tiny_encoder import write_encoder

from spacy_hmtl.bridge.embeddings import transformer

LAYERS: dict[str, dict[str, Any]] = {
    "characters": {
        "@architectures": "spacy_hmtl.CharCNN.v1",
        "character_width": 4,
        "n_filters": 5,
        "filter_width": 3,
        "dropout": 0.1,
    },
    "elmo": {"@architectures": "spacy_hmtl.ELMo.v1", "cache_mb": 1},
    "hash": {
        "@architectures": "spacy.MultiHashEmbed.v2",
        "width": 6,
        "rows": [50, 50],
        "attrs": ["NORM", "SHAPE"],
        "include_static_vectors": False,
    },
    "transformer": {
        "@architectures": "spacy_hmtl.Transformer.v1",
        "window": 20,
        "pooling": "mean",
        "lr_scale": 0.1,
        "cache_mb": 1,
        "mixed_precision": False,
    },
    "words": {"@architectures": "spacy_hmtl.WordVectors.v1", "lower": True, "word_dropout": 0.1},
}
# Name of the layer -> settings; what each combination is for.
COMBINATIONS: dict[str, dict[str, dict[str, Any]]] = {
    "characters": {"characters": {}},
    "words fine-tuned": {"words": {"frozen": False}},
    "words frozen": {"words": {"frozen": True}},
    "ELMo": {"elmo": {}},
    "transformer frozen": {"transformer": {"frozen": True}},
    "transformer frozen, mixed, strided": {"transformer": {"frozen": True, "scalar_mix": True, "stride": 10}},
    "transformer fine-tuned": {"transformer": {"frozen": False}},
    "transformer fine-tuned in part": {"transformer": {"frozen": False, "last_layers": 1, "pooling": "first"}},
    "the seed's": {"characters": {}, "elmo": {}, "words": {"frozen": False}},
    "configs/hmtl_trf.cfg": {"characters": {}, "hash": {}, "transformer": {"frozen": True}},
    "all": {"characters": {}, "elmo": {}, "hash": {}, "transformer": {"frozen": False}, "words": {"frozen": True}},
}
# Of the model file: names, shapes and sizes around the numbers; the encoder's config and tokenizer.
_OVERHEAD, _TOKENIZER = 12_000, 40_000


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Mapping[str, object]]:
    """Settings that name files, of the layers that have some."""
    folder = tmp_path_factory.mktemp("files")
    return {"elmo": write_elmo(folder / "elmo"), "transformer": {"name": str(write_encoder(folder / "tiny-bert"))}}


def make_nlp(
    layers: dict[str, dict[str, Any]], files: dict[str, Mapping[str, object]], examples: list[Example]
) -> tuple[Language, list[Example]]:
    fix_random_seed(0)
    nlp = spacy.blank("en")
    blocks = {name: {**LAYERS[name], **files.get(name, {}), **settings} for name, settings in layers.items()}
    embed = {"@architectures": "spacy_hmtl.Concat.v1", "layers": blocks}
    nlp.add_pipe("hmtl", config=tiny_config([["ner"], ["coref"]], model={"embed": embed}))
    docs = list(DocBin(docs=[eg.reference for eg in examples]).get_docs(nlp.vocab))
    words = sorted({token.lower_ for doc in docs for token in doc})[::2]
    if "words" in layers:
        data = numpy.random.RandomState(0).rand(len(words), 7).astype("f")
        nlp.vocab.vectors = Vectors(strings=nlp.vocab.strings, data=data, keys=words)
    own = [Example(Doc(nlp.vocab, words=[t.text for t in doc]), doc) for doc in docs]
    nlp.initialize(lambda: own)
    return nlp, own


@pytest.mark.parametrize("name", COMBINATIONS)
def test_a_combination_trains_a_step_is_saved_loaded_and_predicts_the_same(
    name: str, files: dict[str, Mapping[str, object]], demo_examples: list[Example], texts: list[str], tmp_path: Path
) -> None:
    layers = COMBINATIONS[name]
    nlp, examples = make_nlp(layers, files, demo_examples[:3])
    pipe = nlp.get_pipe("hmtl")
    before = weights(pipe)
    losses = nlp.update(for_task(examples, "ner"), sgd=Adam(0.01))
    assert losses["hmtl_ner"] > 0
    after = weights(pipe)
    still = {key for key in before if numpy.array_equal(before[key], after[key]) and ".hmtl." not in key}
    # Frozen parts, and only these, stand still; a pooler takes no part in token vectors.
    frozen = [layer for layer, settings in layers.items() if layer == "elmo" or settings.get("frozen")]
    n_frozen = {"elmo": "hmtl_elmo", "transformer": "pytorch", "words": "hmtl_word_vectors"}
    partly = layers.get("transformer", {}).get("last_layers")
    expected = [mark for layer, mark in n_frozen.items() if layer in frozen or (partly and layer == "transformer")]
    assert all(any(mark in key for mark in expected) or "pooler" in key for key in still)
    assert all(any(mark in key for key in still) for mark in expected)

    nlp.to_disk(tmp_path / "model")
    by_bytes = spacy.blank("en", config=nlp.config).from_bytes(nlp.to_bytes())
    for loaded in (spacy.load(tmp_path / "model"), by_bytes):
        for text in texts[:4]:
            assert_alike(loaded(text), nlp(text))

    n_bytes = sum(array.nbytes for array in after.values())
    saved = (tmp_path / "model" / "hmtl" / "model").stat().st_size
    allowed = _OVERHEAD + (_TOKENIZER if "transformer" in layers else 0) + 8 * len(texts)
    assert n_bytes <= saved <= n_bytes + allowed


def test_a_pipeline_is_as_large_as_its_parts(
    files: dict[str, Mapping[str, object]], demo_examples: list[Example]
) -> None:
    sizes = {}
    for name, settings in {"none": {}, "elmo": {}, "elmo outside": {"include_weights": False}}.items():
        layers = {"characters": {}, **({} if name == "none" else {"elmo": settings})}
        nlp, _ = make_nlp(layers, files, demo_examples[:3])
        # The width of the input is another with ELMo: leave the hierarchy out.
        pipe: Any = nlp.get_pipe("hmtl")
        sizes[name] = len(pipe.model.layers[0].to_bytes())
    n_bytes = sum(array.nbytes for array in tiny_arrays().values())
    assert n_bytes < sizes["elmo"] - sizes["none"] < n_bytes + 8_000
    assert sizes["elmo outside"] - sizes["none"] < 2_000


@pytest.mark.parametrize("name", COMBINATIONS)
def test_a_gpu_is_waited_for_equally_often_with_few_and_with_many_documents(
    name: str, files: dict[str, Mapping[str, object]], demo_examples: list[Example], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(transformer._PIECES, "cpu", 8_192)  # one batch of windows, as on a GPU
    nlp, examples = make_nlp(COMBINATIONS[name], files, demo_examples)
    pipe: Any = nlp.get_pipe("hmtl")
    in_prediction = []
    for few_or_many in (examples[:2], examples):
        docs = [eg.predicted.copy() for eg in few_or_many]
        with watched() as watch:
            pipe.predict(docs)
        in_prediction.append(watch.waits)
    assert in_prediction[0] == in_prediction[1]
    for task in ("ner", "coref"):
        nlp.update(for_task(examples, task), sgd=Adam(0.001))  # fills the caches
        in_training = []
        for few_or_many in (examples[:2], examples):
            with watched() as watch:
                nlp.update(for_task(few_or_many, task), sgd=Adam(0.001))
            in_training.append(watch.waits)
        assert in_training[0] == in_training[1]
