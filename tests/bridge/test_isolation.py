"""An update on one task changes what lies on its path, and nothing else, bit for bit."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy
import pytest
from spacy.language import Language
from spacy.training import Example
from thinc.api import Adam
from tiny import LEVELS, for_task, tiny_nlp, weights

from spacy_hmtl.annotations import TASKS
from spacy_hmtl.nn.hierarchy import path


def touched(before: dict[str, numpy.ndarray], after: dict[str, numpy.ndarray]) -> set[str]:
    assert before.keys() == after.keys()
    return {name for name in before if before[name].tobytes() != after[name].tobytes()}


def on_path(names: set[str], levels: list[list[str]], task: str) -> set[str]:
    """Embeddings (all that is not in the node of the hierarchy), encoders of the path, the task's head."""
    parts = [f".hmtl.encoders.{step}." for step in path(levels, task)] + [f".hmtl.heads.{task}."]
    return {name for name in names if ".hmtl." not in name or any(part in name for part in parts)}


@pytest.fixture
def make_nlp(demo_examples: list[Example]) -> Callable[[list[list[str]]], Language]:
    return lambda levels: tiny_nlp(demo_examples, levels)


@pytest.mark.parametrize("levels", [LEVELS, [["coref", "ner"], ["relation"], ["emd"]], [list(TASKS)]])
def test_an_update_changes_its_path_and_nothing_else(
    make_nlp: Callable[..., Language], demo_examples: list[Example], levels: list[list[str]]
) -> None:
    nlp = make_nlp(levels)
    pipe = nlp.get_pipe("hmtl")
    # With everything that could make an untouched weight drift: momentum, decay, averages.
    optimizer = Adam(0.01, L2=0.1, L2_is_weight_decay=True, use_averages=True)
    batches = {task: for_task(demo_examples[:3], task) for task in TASKS}
    # Every task comes after updates of every other, so that Adam has momentum for all.
    for task in [*TASKS, *itertools.chain(*itertools.permutations(TASKS, 2))]:
        before = weights(pipe)
        nlp.update(batches[task], sgd=optimizer)
        after = weights(pipe)
        assert touched(before, after) == on_path(set(before), levels, task)


def test_updates_without_an_optimizer_accumulate(
    make_nlp: Callable[..., Language], demo_examples: list[Example]
) -> None:
    nlp = make_nlp(LEVELS)
    pipe = nlp.get_pipe("hmtl")
    before = weights(pipe)
    for task in ("relation", "coref"):
        pipe.update(for_task(demo_examples[:2], task), sgd=None)  # type: ignore[attr-defined]
    assert touched(before, weights(pipe)) == set()
    pipe.finish_update(Adam(0.01))  # type: ignore[attr-defined]
    expected = on_path(set(before), LEVELS, "relation") | on_path(set(before), LEVELS, "coref")
    assert touched(before, weights(pipe)) == expected


def test_a_batch_that_teaches_nothing_changes_nothing(make_nlp: Callable[..., Language]) -> None:
    nlp = make_nlp([["ner"]])
    doc = nlp.make_doc("Nothing is annotated here.")
    before = weights(nlp.get_pipe("hmtl"))
    losses = nlp.update([Example(doc, doc.copy())], sgd=Adam(0.01))
    assert touched(before, weights(nlp.get_pipe("hmtl"))) == set()
    assert losses == {"hmtl": 0.0, "hmtl_ner": 0.0}


def test_losses_are_kept_apart_by_task(make_nlp: Callable[..., Language], demo_examples: list[Example]) -> None:
    nlp = make_nlp(LEVELS)
    losses = nlp.update(for_task(demo_examples[:2], "emd"), sgd=Adam(0.01))
    assert losses["hmtl_emd"] > 0.0
    assert losses == {
        "hmtl": losses["hmtl_emd"],
        "hmtl_ner": 0.0,
        "hmtl_emd": losses["hmtl_emd"],
        "hmtl_relation": 0.0,
        "hmtl_coref": 0.0,
    }
    nlp.update(for_task(demo_examples[:2], "coref"), sgd=Adam(0.01), losses=losses)
    assert losses["hmtl"] == pytest.approx(losses["hmtl_emd"] + losses["hmtl_coref"])


def test_a_batch_of_two_tasks_is_refused(make_nlp: Callable[..., Language], demo_examples: list[Example]) -> None:
    mixed = for_task(demo_examples[:1], "ner") + for_task(demo_examples[:1], "emd")
    with pytest.raises(ValueError, match="mixes the tasks"):
        make_nlp(LEVELS).update(mixed, sgd=Adam(0.01))


def test_the_same_seed_gives_the_same_weights(demo_examples: list[Example]) -> None:
    runs = []
    for seed in (1, 1, 2):
        nlp = tiny_nlp(demo_examples, seed=seed)
        optimizer = Adam(0.01)
        for task in TASKS:
            nlp.update(for_task(demo_examples[:3], task), sgd=optimizer)
        runs.append(weights(nlp.get_pipe("hmtl")))
    assert touched(runs[0], runs[1]) == set()
    assert touched(runs[0], runs[2]) != set()
