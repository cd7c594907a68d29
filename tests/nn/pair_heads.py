"""Small heads of span pairs with random weights, and their scores pair by pair."""

from __future__ import annotations

import random
from typing import Any

import torch
from nn.strategies import Documents, encoder_config, randomize, segments_of
from torch import Tensor

from spacy_hmtl.nn.heads.protocol import Beside, HeadLabels
from spacy_hmtl.nn.heads.span_pairs import SpanPairConfig, SpanPairHead
from spacy_hmtl.nn.heads.tensors import RelationTargets, SpanPairs, SpanTargets, SpanTensors
from spacy_hmtl.nn.spans import SpanIndex

WIDTH = 6
TYPES = ["LOC", "PER"]
LABELS = ["KNOWS", "LIVES_IN", "NEAR"]
# start, end, type; head, tail, label by their numbers
Span = tuple[int, int, int]
Row = tuple[int, int, int]


def make_head(seed: int, arguments: str = "emd", labels: HeadLabels | None = None, **changed: Any) -> SpanPairHead:
    """A head with random weights that takes its arguments from what it is handed, unless told otherwise."""
    values: dict[str, Any] = {
        **{"arguments": arguments, "layers": 1, "hidden_width": 5, "feature_width": 3, "context": True},
        **{"dropout": 0.0, "prior": 0.4, "window": 0, "warmup_updates": 0, "seen_types": False, "schema": {}},
    }
    torch.manual_seed(seed)
    config = SpanPairConfig(encoder_config(3), **{**values, **changed})
    head = config.build(WIDTH, labels or HeadLabels(LABELS, {"emd": TYPES}, TYPES))
    randomize(head, 0.7)
    return head.eval()


def random_spans(docs: Documents, seed: int) -> list[Span]:
    """Some spans that lie within a segment, each boundary pair once, in document order."""
    rng = random.Random(seed)
    every = [
        (i, j)
        for own in segments_of(docs)
        for start, end in own
        for i in range(start, end)
        for j in range(i + 1, end + 1)
    ]
    return sorted((*span, rng.randrange(len(TYPES))) for span in rng.sample(every, min(len(every), rng.randint(0, 6))))


def found(spans: list[Span]) -> Beside:
    table = torch.tensor(spans, dtype=torch.int64).reshape(-1, 3)
    starts, ends, types = table.unbind(1)
    return Beside({"emd": SpanTensors(starts, ends, types, torch.ones(len(spans)))})


@torch.no_grad()
def score(head: SpanPairHead, states: Tensor, one: Span, other: Span) -> Tensor:
    """Scores of all labels of an ordered pair, layer by layer, over the concatenated input."""
    scorer = head.scorer

    def vector(span: Span) -> Tensor:
        return torch.cat([states[span[0]], states[span[1] - 1], scorer.types.weight[span[2]]])

    as_head, as_tail = torch.relu(scorer.head(vector(one))), torch.relu(scorer.tail(vector(other)))
    left, right = sorted([one, other])
    gap = right[0] - left[1]
    bucket = 0 if gap < 0 else 1 + sum(gap >= step for step in (1, 2, 4, 8, 16, 32, 64))
    distance = scorer.distances.weight[bucket + 9 * (one < other)]
    parts = {"head": as_head, "tail": as_tail, "product": as_head * as_tail, "distance": distance}
    if scorer.between is not None:
        inner = [torch.relu(scorer.between(states[t])) for t in range(left[1], right[0])]
        parts["between"] = torch.stack(inner).amax(0) if inner else torch.zeros(5)
    whole = torch.cat([scorer.parts[name].get_parameter("weight") for name in parts], dim=1)
    return scorer.output(
        torch.relu(whole @ torch.cat(list(parts.values())) + scorer.parts["head"].get_parameter("bias"))
    )


def groups_of(docs: Documents) -> dict[int, int]:
    """Number of the segment of each token, by a loop."""
    segments = [segment for own in segments_of(docs) for segment in own]
    return {token: number for number, (start, end) in enumerate(segments) for token in range(start, end)}


def rows_of(pairs: SpanPairs, docs: Documents) -> set[tuple[Span, Span, int, float]]:
    spans = list(zip(*(column.tolist() for column in pairs.arguments[:3])))
    columns = (pairs.arg1.tolist(), pairs.arg2.tolist(), pairs.labels.tolist(), pairs.scores.tolist())
    return {(spans[i], spans[j], label, round(s, 4)) for i, j, label, s in zip(*columns)}


def targets_of(spans: list[Span], gold: list[Row]) -> RelationTargets:
    table = torch.tensor(spans, dtype=torch.int64).reshape(-1, 3)
    rows = torch.tensor(gold, dtype=torch.int64).reshape(-1, 3)
    one, other = table[rows[:, 0]], table[rows[:, 1]]
    starts, ends, types = table.unbind(1)
    arguments = SpanTargets(starts, ends, types, torch.zeros(len(spans), dtype=torch.int64))
    arg1, arg2 = SpanIndex(one[:, 0], one[:, 1]), SpanIndex(other[:, 0], other[:, 1])
    return RelationTargets(arg1, arg2, one[:, 2], other[:, 2], rows[:, 2], arguments)


def random_gold(spans: list[Span], group: dict[int, int], seed: int) -> list[Row]:
    rng = random.Random(seed)
    n = range(len(spans))
    cells = [(i, j, r) for i in n for j in n if i != j and group[spans[i][0]] == group[spans[j][0]] for r in range(3)]
    return sorted(rng.sample(cells, min(len(cells), rng.randint(0, 4))))


THREE: list[Span] = [(0, 1, 1), (3, 4, 0), (6, 7, 1)]
