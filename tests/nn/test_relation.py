"""The relation head against loops over documents, segments, pairs and labels."""

from __future__ import annotations

import math
import random

import pytest
import torch
from hypothesis import example, given, settings
from nn.strategies import Documents, close, documents, encoder_config, random_encoded, randomize, seeds, segments_of
from torch import Tensor

from spacy_hmtl.nn.heads import relation as relation_module
from spacy_hmtl.nn.heads.relation import ACTIVATIONS, RelationConfig, RelationHead
from spacy_hmtl.nn.heads.tensors import RelationTargets
from spacy_hmtl.nn.spans import SpanIndex

quick = settings(deadline=None, max_examples=25)
WIDTH = 6
HALF = {"relation_threshold": 0.5}
Row = tuple[int, int, int]


def make_head(activation: str = "tanh", n_labels: int = 2, prior: float = 0.3) -> RelationHead:
    config = RelationConfig(encoder_config(3), 4, activation, prior, max_distance=2)
    head = RelationHead(WIDTH, [f"R{i}" for i in range(n_labels)], config)
    randomize(head, 0.7)
    return head.eval()


def probability(head: RelationHead, states: Tensor, i: int, j: int, label: int) -> float:
    """sigmoid(V act(U h_i + W h_j + b + d) + c) of one label, vector by vector; d tells distances up to 2 apart."""
    hidden = head.arg1.weight @ states[i] + head.arg2.weight @ states[j] + head.arg1.bias
    assert head.distance is not None
    hidden = hidden + head.distance.weight[{-2: 0, -1: 1, 0: 2, 1: 3, 2: 4}[max(-2, min(2, j - i))]]
    score = head.output.weight[label] @ head.activation(hidden) + head.output.bias[label]
    return 1.0 / (1.0 + math.exp(-score.item()))


def all_pairs(docs: Documents) -> list[tuple[int, int]]:
    return [
        (i, j) for own in segments_of(docs) for start, end in own for i in range(start, end) for j in range(start, end)
    ]


def token_pairs(rows: list[Row]) -> RelationTargets:
    """Relations between arguments that end at these tokens; where they begin does not matter."""
    arg1, arg2, labels = torch.tensor(rows, dtype=torch.int64).reshape(-1, 3).unbind(1)
    unknown = torch.full_like(arg1, -1)
    return RelationTargets(SpanIndex(unknown, arg1 + 1), SpanIndex(unknown, arg2 + 1), unknown, unknown, labels)


def random_gold(docs: Documents, seed: int, n_labels: int = 2) -> list[Row]:
    cells = [(i, j, label) for i, j in all_pairs(docs) for label in range(n_labels)]
    rng = random.Random(seed)
    return sorted(rng.sample(cells, min(len(cells), rng.randint(0, 5))))


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@quick
@given(docs=documents(), seed=seeds)
@example(docs=[[]], seed=0)
def test_loss_is_the_cross_entropy_of_each_pair_and_label(activation: str, docs: Documents, seed: int) -> None:
    torch.manual_seed(seed)
    head, encoded = make_head(activation), random_encoded(docs, 4, WIDTH)
    gold = random_gold(docs, seed)
    expected = 0.0
    for i, j in all_pairs(docs):
        for label in range(2):
            share = probability(head, encoded.states, i, j, label)
            expected -= math.log(share if (i, j, label) in gold else 1.0 - share)
    assert close(head.loss(encoded, token_pairs(gold)), expected)


@quick
@given(docs=documents(), seed=seeds)
@example(docs=[[]], seed=0)
@example(docs=[[4]], seed=0)
def test_decoding_finds_each_pair_above_its_labels_threshold(docs: Documents, seed: int) -> None:
    torch.manual_seed(seed)
    head, encoded = make_head(), random_encoded(docs, 4, WIDTH)
    expected = {}
    for i, j in all_pairs(docs):
        for label, least in enumerate([0.6, 0.4]):
            share = probability(head, encoded.states, i, j, label)
            if share >= least:
                expected[(i, j, label)] = share
    settings = {"relation_threshold": 0.6, "relation_thresholds": {"R1": 0.4}}
    columns = (column.tolist() for column in head.decode(encoded, settings))
    found = {(i, j, label): score for i, j, label, score in zip(*columns)}
    assert found == pytest.approx(expected, abs=1e-5)


def test_long_batches_go_in_several_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    docs = [[5, 2, 4], [], [1, 5], [3]]
    head, encoded, gold = make_head(), random_encoded(docs, 4, WIDTH), token_pairs(random_gold(docs, 3))
    loss, found = head.loss(encoded, gold), set(zip(*(c.tolist() for c in head.decode(encoded, HALF)[:3])))
    monkeypatch.setitem(relation_module._PAIRS, "cpu", 20)
    assert close(head.loss(encoded, gold), loss)
    for kept in (relation_module._KEPT, 30, 1):  # buckets looked through together: all, some, one
        monkeypatch.setattr(relation_module, "_KEPT", kept)
        assert set(zip(*(c.tolist() for c in head.decode(encoded, HALF)[:3]))) == found


@pytest.mark.parametrize(("threshold", "share"), [(0.0, 1.0), (1.0, 0.0)])
def test_the_ends_of_the_scale_find_everything_and_nothing(threshold: float, share: float) -> None:
    # `spacy find-threshold` tries both.
    torch.manual_seed(0)
    found = make_head().decode(random_encoded([[4]], 4, WIDTH), {"relation_threshold": threshold})
    assert len(found.scores) == share * 4 * 4 * 2


def test_training_starts_from_the_prior() -> None:
    torch.manual_seed(0)
    head = RelationHead(WIDTH, ["A", "B"], RelationConfig(encoder_config(3), 4, "relu", 0.01, max_distance=0))
    assert torch.sigmoid(head.output.bias).tolist() == pytest.approx([0.01, 0.01])
