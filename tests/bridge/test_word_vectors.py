"""Word vectors: looked up, fine-tuned or frozen, unknown, dropped; what is saved of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy
import pytest
import spacy
import torch
from safetensors.torch import save as save_safetensors
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.vectors import Vectors
from spacy.vocab import Vocab
from thinc.api import SGD, Adam, fix_random_seed, set_dropout_rate
from tiny import for_task, snapshot, tiny_config, weights

from spacy_hmtl.bridge.embeddings.vectors import make_word_vectors

WIDTH = 6


def table_of(vocab: Vocab, words: list[str], width: int = WIDTH) -> None:
    """Give a vocabulary random vectors of some words, in lower case."""
    data = numpy.random.RandomState(0).rand(len(words), width).astype("f")
    vocab.vectors = Vectors(strings=vocab.strings, data=data, keys=words)


def floret(vocab: Vocab) -> None:
    data = numpy.random.RandomState(0).rand(50, WIDTH).astype("f")
    vocab.vectors = Vectors(strings=vocab.strings, mode="floret", data=data, minn=2, maxn=3, hash_count=2)


@pytest.fixture
def vocab() -> Vocab:
    vocab = spacy.blank("en").vocab
    table_of(vocab, ["dell", "left", "austin", "texas"])
    return vocab


def make_model(vocab: Vocab, words: list[str], **settings: Any) -> Any:
    fix_random_seed(0)
    model = make_word_vectors(**{"frozen": False, "lower": True, **settings})
    model.initialize(X=[Doc(vocab, words=words)])
    return model


def vectors_of(model: Any, vocab: Vocab, *words: str) -> numpy.ndarray:
    return model.predict([Doc(vocab, words=list(words))])[0]


def make_nlp(examples: list[Example], **settings: Any) -> tuple[Language, list[Example]]:
    """A pipeline with vectors of every other word, initialized, and the examples in its vocabulary."""
    fix_random_seed(0)
    nlp = spacy.blank("en")
    embed = {"@architectures": "spacy_hmtl.WordVectors.v1", "frozen": False, "lower": True, **settings}
    nlp.add_pipe("hmtl", config=tiny_config([["ner"], ["coref"]], model={"embed": embed}))
    docs = list(DocBin(docs=[eg.reference for eg in examples]).get_docs(nlp.vocab))
    own = [
        Example(Doc(nlp.vocab, words=[t.text for t in doc], spaces=[bool(t.whitespace_) for t in doc]), doc)
        for doc in docs
    ]
    words = sorted({token.lower_ for doc in docs for token in doc})
    table_of(nlp.vocab, ["unseen", *words[::2]])
    nlp.initialize(lambda: own)
    return nlp, own


@pytest.mark.parametrize("frozen", [True, False])
def test_vectors_start_as_those_of_the_vocabulary(vocab: Vocab, frozen: bool) -> None:
    model = make_model(vocab, ["Dell", "left", "Zzyzx"], frozen=frozen)
    # In the training data, only in the table, in neither.
    found = vectors_of(model, vocab, "Dell", "DELL", "texas", "nowhere")
    numpy.testing.assert_allclose(found[0], vocab.vectors["dell"])
    numpy.testing.assert_allclose(found[1], vocab.vectors["dell"])
    numpy.testing.assert_allclose(found[2], vocab.vectors["texas"])
    numpy.testing.assert_allclose(found[3], vocab.vectors.data.mean(0), rtol=1e-6)
    # A word of the training data without a vector gets a row of its own where it can learn.
    assert numpy.allclose(vectors_of(model, vocab, "Zzyzx")[0], found[3]) == frozen


def test_without_lower_case_words_are_looked_up_as_they_stand(vocab: Vocab) -> None:
    model = make_model(vocab, ["dell"], lower=False, frozen=True)
    found = vectors_of(model, vocab, "dell", "Dell")
    numpy.testing.assert_allclose(found[0], vocab.vectors["dell"])
    numpy.testing.assert_allclose(found[1], vocab.vectors.data.mean(0), rtol=1e-6)


def test_floret_has_a_vector_for_every_word(vocab: Vocab) -> None:
    floret(vocab)
    for frozen in (True, False):
        model = make_model(vocab, ["dell"], frozen=frozen)
        found = vectors_of(model, vocab, "Dell", "unheard-of")
        numpy.testing.assert_allclose(found, vocab.vectors.get_batch(["dell", "unheard-of"]), rtol=1e-5)


def learn(model: Any, doc: Doc, drop: float = 0.0) -> None:
    output, backprop = model([doc], True)
    backprop([numpy.ones_like(array) for array in output])
    model.finish_update(SGD(0.5, L2=0.0, grad_clip=0.0))


@pytest.mark.parametrize("frozen", [True, False])
def test_words_of_a_batch_move_when_fine_tuned_and_not_when_frozen(vocab: Vocab, frozen: bool) -> None:
    words = ["dell", "left", "austin", "texas", "zzyzx"]
    model = make_model(vocab, words[:3] + words[4:], frozen=frozen)
    table = vocab.vectors.data.copy()
    before = vectors_of(model, vocab, *words)
    learn(model, Doc(vocab, words=["Dell", "zzyzx", "texas"]))
    moved = (vectors_of(model, vocab, *words) != before).any(axis=1).tolist()
    assert moved == [not frozen, False, False, False, not frozen]
    # The vocabulary's own table is not the one that learns.
    numpy.testing.assert_array_equal(vocab.vectors.data, table)


def test_momentum_moves_no_word_that_is_not_read(vocab: Vocab) -> None:
    model = make_model(vocab, ["dell", "left", "austin"])
    optimizer = Adam(0.1, use_averages=True)
    for word, other in (("dell", "austin"), ("austin", "dell"), ("dell", "austin")):
        before = vectors_of(model, vocab, other)
        now = vectors_of(model, vocab, word)
        output, backprop = model([Doc(vocab, words=[word])], True)
        backprop([numpy.ones_like(array) for array in output])
        model.finish_update(optimizer)
        assert (vectors_of(model, vocab, word) != now).all()
        numpy.testing.assert_array_equal(vectors_of(model, vocab, other), before)


def test_words_are_dropped_in_training_only_and_train_the_unknown_row(vocab: Vocab) -> None:
    model = make_model(vocab, ["dell"], word_dropout=0.5)
    set_dropout_rate(model, 0.1)  # as an update does; at 0 no word is dropped
    doc, unknown = Doc(vocab, words=["dell"] * 400), vectors_of(model, vocab, "nowhere")[0]
    output, _ = model([doc], True)
    share = float((output[0] == unknown).all(axis=1).mean())
    assert 0.4 < share < 0.6
    assert not (model.predict([doc])[0] == unknown).all(axis=1).any()
    learn(model, doc)
    assert (vectors_of(model, vocab, "nowhere")[0] != unknown).all()


def test_empty_docs_have_no_vectors(vocab: Vocab) -> None:
    model = make_model(vocab, ["dell"])
    docs = [Doc(vocab), Doc(vocab, words=["dell"]), Doc(vocab)]
    assert [array.shape for array in model.predict(docs)] == [(0, WIDTH), (1, WIDTH), (0, WIDTH)]
    assert [array.shape for array in model.predict(docs[:1])] == [(0, WIDTH)]


def test_every_word_of_the_training_data_has_a_row(demo_examples: list[Example]) -> None:
    # More Docs than widths are inferred from.
    nlp, examples = make_nlp([*demo_examples, *demo_examples])
    words = {token.lower_ for eg in examples for token in eg.predicted}
    table = nlp.get_pipe("hmtl").model.layers[0].shims[0].table  # type: ignore[attr-defined]
    assert table.rows.shape == (len(words) + 1, WIDTH)


@pytest.mark.parametrize("frozen", [True, False])
def test_an_update_of_the_pipeline_moves_the_rows_unless_frozen(demo_examples: list[Example], frozen: bool) -> None:
    nlp, examples = make_nlp(demo_examples[:3], frozen=frozen)
    pipe = nlp.get_pipe("hmtl")
    # With everything that could move a frozen row: momentum, decay, averages.
    optimizer = Adam(0.01, L2=0.1, use_averages=True)
    for task in ("ner", "coref"):
        before = weights(pipe)
        nlp.update(for_task(examples, task), sgd=optimizer)
        after = weights(pipe)
        changed = {name for name in before if before[name].tobytes() != after[name].tobytes()}
        assert ("1.hmtl_word_vectors.rows" in changed) != frozen
        other = {"ner": "coref", "coref": "ner"}[task]
        assert not any(f"heads.{other}." in name for name in changed)


@pytest.mark.parametrize("frozen", [True, False])
def test_only_trained_rows_are_saved_with_the_model(
    demo_examples: list[Example], frozen: bool, tmp_path: Path, texts: list[str]
) -> None:
    nlp, examples = make_nlp(demo_examples[:3], frozen=frozen)
    # A table much larger than the words of the training data.
    for i in range(3000):
        nlp.vocab.strings.add(f"word{i}")
    large = numpy.random.RandomState(1).rand(3000, WIDTH).astype("f")
    keys = [*nlp.vocab.vectors.keys(), *(f"word{i}" for i in range(3000))]
    nlp.vocab.vectors = Vectors(
        strings=nlp.vocab.strings, data=numpy.vstack([nlp.vocab.vectors.data, large]), keys=keys
    )
    nlp.update(examples, sgd=Adam(0.01))
    nlp.to_disk(tmp_path / "model")
    shim = nlp.get_pipe("hmtl").model.layers[0].shims[0]  # type: ignore[attr-defined]
    n_rows = shim.table.rows.shape[0]
    assert n_rows < 200
    assert (n_rows == 1) == frozen
    assert len(shim.to_bytes()) < n_rows * (WIDTH * 4 + 8) + 500
    vectors = (tmp_path / "model" / "vocab" / "vectors").stat().st_size
    assert vectors > large.nbytes
    loaded = spacy.load(tmp_path / "model")
    for text in [*texts, "word1 Unseen word2999"]:
        assert snapshot(loaded(text)) == snapshot(nlp(text))


def test_one_flipped_bit_of_the_vectors_is_said_at_load(demo_examples: list[Example], tmp_path: Path) -> None:
    nlp, _ = make_nlp(demo_examples[:2])
    nlp.to_disk(tmp_path / "model")
    path = tmp_path / "model" / "vocab" / "vectors"
    data = bytearray(path.read_bytes())
    data[-2] ^= 1
    path.write_bytes(data)
    with pytest.warns(UserWarning, match=r"\[W196\] The word vectors of the vocabulary are not those that 'hmtl' was"):
        spacy.load(tmp_path / "model")


@pytest.mark.parametrize("width", [0, WIDTH + 1])
def test_vectors_of_another_width_are_refused_at_load_and_in_use(
    demo_examples: list[Example], width: int, tmp_path: Path
) -> None:
    nlp, _ = make_nlp(demo_examples[:3])
    message = f"The table of word vectors has the width {width}, but the embedding was trained with {WIDTH}"
    if width:
        table_of(nlp.vocab, ["dell"], width)
    else:
        nlp.vocab.vectors = Vectors(strings=nlp.vocab.strings)
    with pytest.raises(ValueError, match=message):
        nlp("Dell left.")
    nlp.to_disk(tmp_path / "model")
    with pytest.raises(ValueError, match=message):
        spacy.load(tmp_path / "model")


def test_a_pipeline_without_vectors_is_told_how_to_get_them(demo_examples: list[Example]) -> None:
    nlp = spacy.blank("en")
    embed = {"@architectures": "spacy_hmtl.WordVectors.v1", "frozen": False}
    nlp.add_pipe("hmtl", config=tiny_config([["ner"]], model={"embed": embed}))
    with pytest.raises(ValueError, match=r"no word vectors.*spacy init vectors"):
        nlp.initialize(lambda: demo_examples)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"word_dropout": 1.0}, "word_dropout must be from 0 to below 1, found 1.0"), ({"lowre": True}, "lowre")],
)
def test_impossible_settings_stop_at_the_start(settings: dict[str, Any], message: str) -> None:
    embed = {"@architectures": "spacy_hmtl.WordVectors.v1", "frozen": False, **settings}
    with pytest.raises(ValueError, match=message):
        spacy.blank("en").add_pipe("hmtl", config={"model": {"embed": embed}})


def test_a_layer_that_was_never_initialized_says_what_to_do(vocab: Vocab) -> None:
    with pytest.raises(ValueError, match="knows no width yet"):
        make_word_vectors(frozen=True).predict([Doc(vocab, words=["dell"])])


def test_the_same_seed_gives_the_same_rows(vocab: Vocab) -> None:
    first, second = (make_model(vocab, ["zzyzx", "dell"]) for _ in range(2))
    assert torch.equal(first.shims[0].table.rows, second.shims[0].table.rows)


def test_rows_that_do_not_fit_their_words_leave_the_table_as_it_was(vocab: Vocab) -> None:
    model = make_model(vocab, ["dell", "left"])
    shim, table = model.shims[0], model.shims[0].table
    with pytest.raises(ValueError, match="The saved weights do not fit the config: rows and keys"):
        shim.from_bytes(save_safetensors({"keys": torch.zeros(5, dtype=torch.int64), "rows": torch.zeros(2, 3)}))
    assert shim.table is table
