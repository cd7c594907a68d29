"""Batches of Docs that no corpus reader has tagged with a task, some of them annotated for some tasks only."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy
import pytest
import spacy
import srsly
from spacy.cli.init_config import init_config
from spacy.cli.train import train as spacy_train
from spacy.tokens import DocBin
from spacy.training import Example
from test_composition import LISTENER, TOK2VEC
from thinc.api import SGD, Adam, fix_random_seed
from tiny import for_task, tiny_config, tiny_nlp, weights

from spacy_hmtl.annotations import TASKS, is_annotated

GROUPS = {"emd": "mentions", "relation": "relations", "coref": "coref"}


def only(eg: Example, *tasks: str) -> Example:
    """The Example with the annotation of these tasks alone."""
    reference = eg.reference.copy()
    if "ner" not in tasks:
        reference.set_ents([], default="missing")
        reference.spans.pop("hmtl_entities", None)
    for task, key in GROUPS.items():
        if task not in tasks:
            del reference.spans[key]
    return Example(eg.predicted.copy(), reference)


@pytest.fixture
def mixed(demo_examples: list[Example]) -> list[Example]:
    """Six Docs: one bare, the others annotated for one task, two, or all."""
    kinds: list[tuple[str, ...]] = [("ner",), (), ("emd", "coref"), TASKS, ("relation", "emd"), ("ner", "coref")]
    return [only(eg, *kind) for eg, kind in zip(demo_examples, kinds)]


def teaching(examples: list[Example], task: str) -> list[Example]:
    return [eg for eg in examples if is_annotated(eg.reference, task)]


def test_the_batch_is_what_it_says(mixed: list[Example]) -> None:
    counts = {task: len(teaching(mixed, task)) for task in TASKS}
    assert counts == {"ner": 3, "emd": 3, "relation": 2, "coref": 3}


def test_each_task_learns_from_the_docs_that_have_it(demo_examples: list[Example], mixed: list[Example]) -> None:
    nlp = tiny_nlp(demo_examples)
    losses = nlp.update(mixed, sgd=False)  # type: ignore[arg-type]
    for task in TASKS:
        alone = nlp.update(for_task(teaching(mixed, task), task), sgd=False)  # type: ignore[arg-type]
        assert losses[f"hmtl_{task}"] == pytest.approx(alone[f"hmtl_{task}"], rel=1e-5)
        assert losses[f"hmtl_{task}"] > 0.0


def test_the_gradient_is_that_of_these_docs(demo_examples: list[Example], mixed: list[Example]) -> None:
    results = []
    for batches in ([mixed], [for_task(teaching(mixed, task), task) for task in TASKS]):
        nlp = tiny_nlp(demo_examples, max_grad_norm=0.0)
        for batch in batches:
            nlp.update(batch, sgd=False)  # type: ignore[arg-type]
        nlp.get_pipe("hmtl").finish_update(SGD(0.001, L2=0.0, grad_clip=0.0))  # type: ignore[attr-defined]
        results.append(weights(nlp.get_pipe("hmtl")))
    for name, value in results[0].items():
        numpy.testing.assert_allclose(value, results[1][name], rtol=1e-3, atol=1e-6, err_msg=name)


def test_tasks_that_no_doc_has_are_left_alone(demo_examples: list[Example]) -> None:
    nlp = tiny_nlp(demo_examples)
    before = weights(nlp.get_pipe("hmtl"))
    nlp.update([only(demo_examples[0]), only(demo_examples[1], "ner")], sgd=Adam(0.01))
    after = weights(nlp.get_pipe("hmtl"))
    changed = {name for name in before if not numpy.array_equal(before[name], after[name])}
    assert any("heads.ner" in name for name in changed)
    assert not any(f"heads.{task}" in name or f"encoders.{task}" in name for task in GROUPS for name in changed)


def test_a_listener_learns_from_mixed_batches_too(demo_examples: list[Example], mixed: list[Example]) -> None:
    fix_random_seed(0)
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config=TOK2VEC)
    nlp.add_pipe("hmtl", config=tiny_config([["ner"], ["coref"]], model={"embed": LISTENER}))
    nlp.initialize(lambda: demo_examples)
    optimizer = Adam(0.01)
    losses = [nlp.update(mixed, sgd=optimizer) for _ in range(20)]
    assert losses[-1]["hmtl_ner"] < 0.5 * losses[0]["hmtl_ner"]
    assert losses[-1]["hmtl_coref"] < losses[0]["hmtl_coref"]


def test_a_training_that_teaches_nothing_stops(demo_examples: list[Example]) -> None:
    nlp = tiny_nlp(demo_examples)
    bare = [only(eg) for eg in demo_examples[:3]]
    assert nlp.update(bare)["hmtl"] == 0.0
    with pytest.raises(ValueError, match=r"\[H320\] None of the 6 Docs so far is annotated for a task of 'hmtl'"):
        nlp.update(bare)


def test_docs_for_other_components_are_let_pass_for_a_while(demo_examples: list[Example]) -> None:
    nlp = tiny_nlp(demo_examples, [["coref"]])
    names = [only(eg, "ner") for eg in demo_examples[:2]]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(49):
            assert nlp.update(names)["hmtl"] == 0.0
    assert [str(one.message)[:6] for one in caught] == ["[W162]"]
    with pytest.raises(ValueError, match=r"H320.*100 Docs"):
        nlp.update(names)


def test_once_something_was_taught_bare_batches_are_no_fault(demo_examples: list[Example]) -> None:
    nlp = tiny_nlp(demo_examples)
    nlp.update(demo_examples[:1])
    for _ in range(60):
        nlp.update([only(demo_examples[1])])


def test_counts_say_what_is_missing_at_the_start(demo_examples: list[Example]) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("hmtl", config=tiny_config())
    examples = [only(eg, "ner", "emd") for eg in demo_examples[:3]] + [only(demo_examples[3], "ner", "coref")]
    with pytest.raises(ValueError, match=r"'relation'.*annotated: ner 4 of 4, emd 3 of 4, relation 0 of 4, coref 1"):
        nlp.initialize(lambda: examples)


@pytest.mark.slow
def test_the_config_that_spacy_writes_trains(mixed: list[Example], tmp_path: Path) -> None:
    DocBin(docs=[eg.reference for eg in mixed]).to_disk(tmp_path / "train.spacy")
    config: Any = init_config(lang="en", pipeline=["hmtl"], optimize="efficiency", gpu=False, silent=True)
    assert config["corpora"]["train"]["@readers"] == "spacy.Corpus.v1"
    config.to_disk(tmp_path / "config.cfg")
    data = str(tmp_path / "train.spacy")
    overrides = {"paths.train": data, "paths.dev": data, "training.max_steps": 4, "training.eval_frequency": 2}
    overrides |= {"training.logger": {"@loggers": "spacy.ConsoleLogger.v3", "output_file": str(tmp_path / "log.jsonl")}}
    spacy_train(tmp_path / "config.cfg", tmp_path / "out", overrides=overrides)
    lines = [srsly.json_loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert len(lines) >= 2
    assert all(line["losses"]["hmtl"] > 0.0 for line in lines)
    assert spacy.load(tmp_path / "out" / "model-last")("Dell left.").has_annotation("ENT_IOB")
