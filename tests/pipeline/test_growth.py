"""Going on with a trained pipeline: new labels, a level on top, levels of another pipeline, parts that stand still."""

from __future__ import annotations

import warnings
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import spacy
import torch
from spacy.cli.train import train as spacy_train
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example
from thinc.api import Adam, Config, fix_random_seed
from tiny import LEVELS, _encoder, assert_alike, for_task, tiny_config, tiny_nlp, train

from spacy_hmtl.annotations import get_relations, set_relations
from spacy_hmtl.types import LabeledSpan, Triple

pytestmark = pytest.mark.filterwarnings("ignore:.*W105", "ignore:.*W173")
SPAN_PAIRS = {
    **{"@architectures": "spacy_hmtl.SpanPairs.v1", "encoder": _encoder(32), "arguments": "own", "layers": 2},
    **{"hidden_width": 32, "feature_width": 8, "context": True, "dropout": 0.0, "prior": 0.05, "window": 0},
    **{"warmup_updates": 5, "seen_types": True},
}


def pipe_of(nlp: Language) -> Any:
    return nlp.get_pipe("hmtl")


def weights(nlp: Language) -> dict[str, torch.Tensor]:
    state = pipe_of(nlp).model.shims[0].hierarchy.state_dict()
    return {name: value.clone() for name, value in state.items()}


def embeddings(nlp: Language) -> dict[str, Any]:
    """All weights of the embeddings, as bytes."""
    found: dict[str, Any] = {}
    for number, node in enumerate(pipe_of(nlp).model.layers[0].walk()):
        found |= {f"{number}.{name}": node.get_param(name).tobytes() for name in node.param_names}
        for shim in node.shims:
            found |= {f"{number}.{name}": v.numpy().tobytes() for name, v in shim._model.state_dict().items()}
    return found


def assert_kept(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor]) -> None:
    """Every weight stands, bit for bit, at the beginning of what may be larger now."""
    assert before.keys() == after.keys()
    for name, value in before.items():
        assert torch.equal(value, after[name][tuple(slice(0, n) for n in value.shape)]), name


def same_numbers(nlp: Language, examples: list[Example]) -> dict[str, Any]:
    return nlp.evaluate([Example(eg.predicted.copy(), eg.reference) for eg in examples])


def with_employers(examples: list[Example]) -> list[Example]:
    """The examples with one more label in each labelled task, and one more type of argument."""
    grown = []
    for eg in examples:
        gold = eg.reference.copy()
        gold.set_ents([*(ent for ent in gold.ents if ent.start > 0), Span(gold, 0, 1, "ZZZ_NAME")])
        first = [Span(gold, start, start + 1, "ZZZ_MENTION") for start in (0, 1)]
        gold.spans["mentions"] = [*first, *(m for m in gold.spans["mentions"] if m.start > 1)]
        new = Triple(LabeledSpan(0, 1, "ZZZ_MENTION"), "ZZZ_RELATION", LabeledSpan(1, 2, "ZZZ_MENTION"), 1.0)
        set_relations(gold, [*(r for r in get_relations(gold) or [] if min(r.head.start, r.tail.start) > 1), new])
        grown.append(Example(eg.predicted.copy(), gold))
    return grown


def make_examples(docs: list[Doc]) -> list[Example]:
    examples = []
    for doc in docs:
        starts: Any = [bool(token.is_sent_start) for token in doc]
        spaces = [bool(token.whitespace_) for token in doc]
        predicted = Doc(doc.vocab, words=[token.text for token in doc], spaces=spaces, sent_starts=starts)
        examples.append(Example(predicted, doc.copy()))
    return examples


@pytest.fixture(scope="module", params=["multi-head", "span-pairs"])
def _trained(request: pytest.FixtureRequest, _demo_docs: list[Doc]) -> Language:
    examples = make_examples(_demo_docs)
    heads = tiny_config()["model"]["heads"]
    if request.param == "span-pairs":
        heads["relation"] = SPAN_PAIRS
    nlp = tiny_nlp(examples, model={"heads": heads})
    train(nlp, examples, 60)
    return nlp


@pytest.fixture
def trained(_trained: Language, tmp_path: Path) -> Language:
    _trained.to_disk(tmp_path / "trained")
    return spacy.load(tmp_path / "trained")


# --- labels ---


def test_new_labels_leave_all_that_is_known(trained: Language, demo_examples: list[Example], tmp_path: Path) -> None:
    before, scores, below = weights(trained), same_numbers(trained, demo_examples), embeddings(trained)
    pipe = pipe_of(trained)
    known = deepcopy(pipe.label_data)
    assert pipe.add_labels_of(with_employers(demo_examples)) == {
        "ner": ["ZZZ_NAME"],
        "emd": ["ZZZ_MENTION"],
        "relation": ["ZZZ_RELATION"],
    }
    assert pipe.add_labels_of(with_employers(demo_examples)) == {}
    assert_kept(before, weights(trained))
    assert embeddings(trained) == below
    for task, own in known.items():
        assert pipe.label_data[task][: len(own)] == own
    again = same_numbers(trained, demo_examples)
    assert {key: value for key, value in again.items() if key != "speed"} == {
        key: value for key, value in scores.items() if key != "speed"
    }
    trained.to_disk(tmp_path / "grown")
    loaded = spacy.load(tmp_path / "grown")
    assert pipe_of(loaded).label_data == pipe.label_data
    for eg in demo_examples:
        assert_alike(loaded(eg.predicted.copy()), trained(eg.predicted.copy()))


def test_training_after_growth_learns_the_new_and_keeps_the_old(
    trained: Language, demo_examples: list[Example]
) -> None:
    examples = with_employers(demo_examples)
    optimizer = Adam(0.01)
    trained.update(demo_examples, sgd=optimizer)  # an optimizer that has seen the smaller network
    pipe_of(trained).add_labels_of(examples)
    for _ in range(60):
        trained.update(examples, sgd=optimizer)
    scores = same_numbers(trained, examples)
    assert scores["ents_per_type"]["ZZZ_NAME"]["f"] > 0.9
    assert scores["mentions_per_type"]["ZZZ_MENTION"]["f"] > 0.9
    assert scores["relations_per_type"]["ZZZ_RELATION"]["f"] > 0.9
    assert scores["ents_f"] > 0.9
    assert scores["mentions_f"] > 0.8
    assert scores["relations_f"] > 0.8


def test_labels_are_added_by_name(trained: Language, demo_examples: list[Example]) -> None:
    pipe, before = pipe_of(trained), weights(trained)
    assert pipe.add_label("ZZZ", "ner") == 1
    assert pipe.add_label("ZZZ", "ner") == 0
    assert pipe.add_label("ZZZ", "relation") == 1
    assert "ZZZ" in pipe.labels
    assert_kept(before, weights(trained))
    for wrong in [("ZZZ",), ("ZZZ", "coref"), ("ner", "ZZZ"), ("", "ner")]:
        with pytest.raises(ValueError, match=r'\[H310\].*ner, emd, relation.*add_label\("LABEL", "ner"\)'):
            pipe.add_label(*wrong)
    gold = demo_examples[0].reference.copy()
    gold.set_ents([Span(gold, 0, 1, "UNHEARD")])
    with pytest.raises(ValueError, match=r"\[H309\].*UNHEARD.*add_labels_of\(examples\)"):
        trained.update([Example(demo_examples[0].predicted, gold)])


def test_labels_can_be_added_before_there_are_weights(demo_examples: list[Example]) -> None:
    nlp = spacy.blank("en")
    pipe: Any = nlp.add_pipe("hmtl", config=tiny_config([["ner"]]))
    assert [pipe.add_label("ZZZ"), pipe.add_label("ZZZ")] == [1, 0]
    nlp.initialize(lambda: demo_examples)
    assert "ZZZ" in pipe.labels
    assert "PERSON" in pipe.labels


def test_initialize_keeps_what_is_trained(trained: Language, demo_examples: list[Example]) -> None:
    before = weights(trained)
    examples = with_employers(demo_examples)
    with pytest.warns(UserWarning, match=r"\[W173\].*keeps its weights.*ZZZ_NAME.*replace_pipe"):
        trained.initialize(lambda: examples)
    assert_kept(before, weights(trained))
    assert "ZZZ_NAME" in pipe_of(trained).labels
    nlp = tiny_nlp(demo_examples)
    untrained = weights(nlp)
    nlp.initialize(lambda: demo_examples)
    assert not all(torch.equal(value, untrained[name]) for name, value in weights(nlp).items())


def training_config(levels: list[list[str]], path: Path, component: dict[str, Any], n_steps: int = 4) -> Config:
    block = {"path": str(path)}
    corpus = {"@readers": "spacy_hmtl.MultiTaskCorpus.v1", **{task: block for level in levels for task in level}}
    nlp = spacy.blank("en")
    config = nlp.config.copy()
    config["nlp"]["pipeline"] = ["hmtl"]
    config["components"] = {"hmtl": component}
    config["corpora"] = {"train": corpus, "dev": corpus}
    sizes = dict.fromkeys([task for level in levels for task in level], 4)
    config["training"] |= {"max_steps": n_steps, "eval_frequency": n_steps, "max_epochs": 0}
    config["training"]["batcher"] = {
        "@batchers": "spacy_hmtl.TaskBatcher.v1",
        "sampling": "uniform",
        "size": sizes,
        "seed": 0,
    }
    return Config(config)


def test_spacy_train_on_a_sourced_component_finds_new_labels_at_start(
    trained: Language, demo_examples: list[Example], tmp_path: Path
) -> None:
    DocBin(docs=[eg.reference for eg in with_employers(demo_examples)]).to_disk(tmp_path / "new.spacy")
    config = training_config(LEVELS, tmp_path / "new.spacy", {"source": str(tmp_path / "trained"), "component": "hmtl"})
    config.to_disk(tmp_path / "config.cfg")
    known = pipe_of(trained).label_data
    spacy_train(tmp_path / "config.cfg", tmp_path / "out")
    pipe = pipe_of(spacy.load(tmp_path / "out" / "model-last"))
    for task, own in known.items():
        assert pipe.label_data[task][: len(own)] == own
    assert {"ZZZ_NAME", "ZZZ_MENTION", "ZZZ_RELATION"} <= set(pipe.labels)


def test_reading_a_corpus_changes_no_pipeline_that_is_not_trained(
    trained: Language, demo_examples: list[Example], tmp_path: Path
) -> None:
    DocBin(docs=[eg.reference for eg in with_employers(demo_examples)]).to_disk(tmp_path / "new.spacy")
    reader: Any = spacy.registry.readers.get("spacy_hmtl.MultiTaskCorpus.v1")(ner={"path": str(tmp_path / "new.spacy")})
    known = pipe_of(trained).labels
    assert len(list(reader(trained))) > 0
    assert pipe_of(trained).labels == known
    trained.resume_training()
    assert len(list(reader(trained))) > 0
    assert set(pipe_of(trained).labels) - set(known) == {"ZZZ_NAME"}


# --- levels ---


@pytest.fixture(scope="module")
def names_only(_demo_docs: list[Doc], tmp_path_factory: pytest.TempPathFactory) -> Path:
    examples = make_examples(_demo_docs)
    nlp = tiny_nlp(examples, [["ner"]])
    train(nlp, examples, 40)
    path = tmp_path_factory.mktemp("names") / "names"
    nlp.to_disk(path)
    return path


def level(nlp: Language, task: str) -> dict[str, torch.Tensor]:
    return {name: value for name, value in weights(nlp).items() if name.split(".")[1] == task}


def same_weights(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(value, other[name]) for name, value in one.items())


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


# --- parts that stand still ---


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


def test_a_hierarchy_without_shortcuts_grows_and_is_saved_as_it_is(
    demo_examples: list[Example], tmp_path: Path
) -> None:
    def widths(nlp: Language) -> list[int]:
        encoders = pipe_of(nlp).model.shims[0].hierarchy.encoders
        return [encoders[task].lstm.input_size for task in ("emd", "relation", "coref")]

    nlp = tiny_nlp(demo_examples, model={"shortcuts": False})
    assert widths(nlp) == [64, 64, 64]
    pipe_of(nlp).add_label("PLANET", task="ner")
    assert widths(nlp) == [64, 64, 64]
    nlp.to_disk(tmp_path)
    assert widths(spacy.load(tmp_path)) == [64, 64, 64]
    with pytest.raises(ValueError, match=r"\[H209\]"):
        spacy.load(tmp_path, config={"components.hmtl.model.shortcuts": True})
