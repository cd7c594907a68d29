"""The hierarchy is data: which encoder reads which, and which run for a task."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from nn.strategies import encoder_config, layout_of

from spacy_hmtl.annotations import TASKS
from spacy_hmtl.nn.heads.coref import CorefConfig
from spacy_hmtl.nn.heads.relation import RelationConfig
from spacy_hmtl.nn.heads.tagger import TaggerConfig
from spacy_hmtl.nn.hierarchy import Hierarchy, LabelSets, parents, path

LABELS = LabelSets({"ner": ["A"], "emd": ["B", "C"], "relation": ["R"]})
# Another width for each task, so that a wrong wire cannot fit.
CONFIGS: dict[str, Any] = {
    "ner": TaggerConfig(encoder_config(2), 1),
    "emd": TaggerConfig(encoder_config(3), 2),
    "relation": RelationConfig(encoder_config(4), 3, "relu", 0.1, 4),
    "coref": CorefConfig(encoder_config(5), "spans", "gold", 3, 0.5, 9, 4, 0, 5, 1, 2, 0, (), 0.0, True),
}
# The setups of Sanh et al. (2019), table 2: the full model, single tasks, and what lies between.
SETUPS: list[tuple[list[list[str]], dict[str, list[str]]]] = [
    (
        [["ner"], ["emd"], ["relation", "coref"]],
        {
            "ner": ["ner"],
            "emd": ["ner", "emd"],
            "relation": ["ner", "emd", "relation"],
            "coref": ["ner", "emd", "coref"],
        },
    ),
    ([["ner"]], {"ner": ["ner"]}),
    ([["emd"]], {"emd": ["emd"]}),
    ([["relation"]], {"relation": ["relation"]}),
    ([["coref"]], {"coref": ["coref"]}),
    ([["ner"], ["emd"]], {"ner": ["ner"], "emd": ["ner", "emd"]}),
    ([["emd"], ["relation"]], {"emd": ["emd"], "relation": ["emd", "relation"]}),
    ([["emd"], ["coref"]], {"emd": ["emd"], "coref": ["emd", "coref"]}),
    ([["ner"], ["emd"], ["relation"]], {"relation": ["ner", "emd", "relation"]}),
    ([["ner"], ["emd"], ["coref"]], {"coref": ["ner", "emd", "coref"]}),
    ([["emd"], ["relation", "coref"]], {"relation": ["emd", "relation"], "coref": ["emd", "coref"]}),
    # Two on one level, and one above them: it reads the last one named.
    ([["coref", "ner"], ["relation"]], {"coref": ["coref"], "relation": ["ner", "relation"]}),
    ([["ner", "emd", "coref", "relation"]], {task: [task] for task in TASKS}),
]


def make(levels: list[list[str]]) -> Hierarchy:
    torch.manual_seed(0)
    return Hierarchy(7, levels, LABELS, CONFIGS).eval()


@pytest.mark.parametrize(("levels", "paths"), SETUPS)
def test_paths_of_the_paper(levels: list[list[str]], paths: dict[str, list[str]]) -> None:
    assert {task: path(levels, task) for task in paths} == paths
    assert all(parents(levels)[task] == (own[-2] if len(own) > 1 else None) for task, own in paths.items())


@pytest.mark.parametrize(("levels", "paths"), SETUPS)
def test_each_encoder_reads_the_embeddings_and_its_parent(levels: list[list[str]], paths: dict[str, list[str]]) -> None:
    hierarchy, layout = make(levels), layout_of([[3, 2], [], [4]])
    embeddings = torch.randn(9, 7)
    encoded = hierarchy.encode(embeddings, layout, hierarchy.tasks)
    assert set(encoded) == set(hierarchy.tasks)
    for task, own in paths.items():
        below = [encoded[own[-2]].states] if len(own) > 1 else []
        inputs = torch.cat([embeddings, *below], dim=1)
        assert torch.equal(encoded[task].inputs, inputs)
        assert torch.equal(encoded[task].states, hierarchy.encoders[task](inputs, layout).states)


@pytest.mark.parametrize(("levels", "paths"), SETUPS)
def test_only_encoders_on_the_path_run_and_each_once(levels: list[list[str]], paths: dict[str, list[str]]) -> None:
    hierarchy, layout = make(levels), layout_of([[3]])
    calls: list[str] = []
    for task, encoder in hierarchy.encoders.items():
        encoder.register_forward_hook(lambda *_, task=task: calls.append(task))
    for task, own in paths.items():
        calls.clear()
        encoded = hierarchy.encode(torch.randn(3, 7), layout, [task])
        assert calls == own == list(encoded)
    calls.clear()
    hierarchy.encode(torch.randn(3, 7), layout, hierarchy.tasks)
    assert sorted(calls) == sorted(hierarchy.tasks)


def test_every_order_of_every_subset_builds() -> None:
    for size in range(1, 5):
        for tasks in itertools.permutations(TASKS, size):
            hierarchy = make([[task] for task in tasks])
            encoded = hierarchy.encode(torch.randn(5, 7), layout_of([[2, 3]]), hierarchy.tasks)
            assert [tuple(encoded[task].states.shape) for task in tasks] == [
                (5, CONFIGS[task].encoder.width) for task in tasks
            ]


def test_no_tokens_at_all() -> None:
    hierarchy = make([["ner"], ["coref"]])
    encoded = hierarchy.encode(torch.zeros(0, 7), layout_of([[], []]), ["coref"])
    assert encoded["coref"].states.shape == (0, 10)


@pytest.mark.parametrize(("levels", "paths"), SETUPS)
def test_without_shortcuts_an_encoder_reads_its_parent_alone(
    levels: list[list[str]], paths: dict[str, list[str]]
) -> None:
    hierarchy = Hierarchy(7, levels, LABELS, CONFIGS, shortcuts=False).eval()
    embeddings = torch.randn(9, 7)
    encoded = hierarchy.encode(embeddings, layout_of([[3, 2], [], [4]]), hierarchy.tasks)
    for task, own in paths.items():
        assert torch.equal(encoded[task].inputs, encoded[own[-2]].states if len(own) > 1 else embeddings)
