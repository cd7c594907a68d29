"""Averages, the heads' own learning rate, clipping by the global norm."""

from __future__ import annotations

import math

import numpy
import pytest
from spacy.training import Example
from thinc.api import SGD, Adam, Optimizer
from tiny import for_task, tiny_nlp, weights

from spacy_hmtl.annotations import TASKS
from spacy_hmtl.bridge.clip import clip_global_norm


def plain_sgd(learn_rate: float) -> Optimizer:
    return SGD(learn_rate, L2=0.0, grad_clip=0.0)


def in_hierarchy(name: str) -> bool:
    return ".hmtl." in name


def test_averages_are_swapped_in_and_out(demo_examples: list[Example]) -> None:
    nlp = tiny_nlp(demo_examples)
    pipe, optimizer = nlp.get_pipe("hmtl"), Adam(0.02, use_averages=True)
    for _ in range(3):
        nlp.update(demo_examples, sgd=optimizer)
    docs = [eg.predicted for eg in demo_examples[:2]]
    trained, states = weights(pipe), pipe.states(docs)["coref"][0]  # type: ignore[attr-defined]
    with nlp.use_params(optimizer.averages):
        averaged, other_states = weights(pipe), pipe.states(docs)["coref"][0]  # type: ignore[attr-defined]
    restored = weights(pipe)
    assert all(trained[name].tobytes() == restored[name].tobytes() for name in trained)
    # Every parameter, Thinc's and torch's, has an average of its own.
    assert [name for name in trained if numpy.array_equal(trained[name], averaged[name])] == []
    found = list(optimizer.averages.values())
    assert all(any(numpy.array_equal(value, average) for average in found) for value in averaged.values())
    assert not numpy.allclose(states, other_states)
    numpy.testing.assert_array_equal(pipe.states(docs)["coref"][0], states)  # type: ignore[attr-defined]


def test_training_goes_on_after_averages_were_used(demo_examples: list[Example]) -> None:
    runs = []
    for look in (False, True):
        nlp = tiny_nlp(demo_examples)
        optimizer = Adam(0.02, use_averages=True)
        for _ in range(2):
            nlp.update(demo_examples, sgd=optimizer)
            if look:
                with nlp.use_params(optimizer.averages):
                    nlp("Dell left Austin.")
        runs.append(weights(nlp.get_pipe("hmtl")))
    assert all(numpy.array_equal(runs[0][name], runs[1][name]) for name in runs[0])


@pytest.mark.parametrize("scale", [0.0, 0.5])
def test_heads_and_encoders_have_their_own_learning_rate(demo_examples: list[Example], scale: float) -> None:
    deltas = []
    for lr_scale in (1.0, scale):
        nlp = tiny_nlp(demo_examples, max_grad_norm=0.0, model={"lr_scale": lr_scale})
        before = weights(nlp.get_pipe("hmtl"))
        nlp.update(demo_examples, sgd=plain_sgd(0.01))
        after = weights(nlp.get_pipe("hmtl"))
        deltas.append({name: after[name] - before[name] for name in before})
    for name, delta in deltas[0].items():
        factor = scale if in_hierarchy(name) else 1.0
        numpy.testing.assert_allclose(deltas[1][name], factor * delta, atol=1e-4 * max(1.0, abs(delta).max()))
        # A bias that all logits of a softmax share has no gradient.
        assert abs(delta).max() > 0.0 or name.endswith("attention.bias")


@pytest.mark.parametrize("task", TASKS)
def test_gradients_are_scaled_to_the_global_norm_together(demo_examples: list[Example], task: str) -> None:
    steps = []
    for max_norm in (0.0, 0.01):
        nlp = tiny_nlp(demo_examples, max_grad_norm=max_norm)
        before = weights(nlp.get_pipe("hmtl"))
        nlp.update(for_task(demo_examples[:3], task), sgd=plain_sgd(1.0))
        after = weights(nlp.get_pipe("hmtl"))
        steps.append({name: (before[name] - after[name]).astype("float64") for name in before})
    norms = [math.sqrt(sum(float((step**2).sum()) for step in own.values())) for own in steps]
    assert norms[0] > 0.01
    assert norms[1] == pytest.approx(0.01, rel=0.01)
    # One factor for all: the direction stays.
    product = sum(float((steps[0][name] * steps[1][name]).sum()) for name in steps[0])
    assert product / (norms[0] * norms[1]) == pytest.approx(1.0, abs=1e-3)


def test_small_gradients_are_left_alone(demo_examples: list[Example]) -> None:
    nlp = tiny_nlp(demo_examples, max_grad_norm=0.0)
    pipe = nlp.get_pipe("hmtl")
    pipe.update(for_task(demo_examples[:2], "ner"), sgd=None)  # type: ignore[attr-defined]
    norm = clip_global_norm(pipe.model, 1e9)  # type: ignore[attr-defined]
    assert clip_global_norm(pipe.model, norm * 1.01) == norm  # type: ignore[attr-defined]
    assert clip_global_norm(pipe.model, norm / 2) == norm  # type: ignore[attr-defined]
    assert clip_global_norm(pipe.model, norm) == pytest.approx(norm / 2, rel=1e-4)  # type: ignore[attr-defined]
