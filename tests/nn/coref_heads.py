"""Small coreference heads with random weights, and what they read and give as plain values."""

from __future__ import annotations

import random
from typing import Any

import nn.coref_oracle as oracle
import pytest
import torch
from nn.strategies import Documents, encoder_config, randomize

from spacy_hmtl.nn.encoder import Encoded
from spacy_hmtl.nn.heads.coref import CorefConfig, CorefHead
from spacy_hmtl.nn.heads.coref.tensors import Candidates
from spacy_hmtl.nn.heads.protocol import Beside, GivenMentions
from spacy_hmtl.nn.heads.tensors import ClusterTargets, DecodedClusters
from spacy_hmtl.nn.spans import SpanIndex

INPUT = 4
HIDDEN = 3


def make_head(**settings: Any) -> CorefHead:
    defaults = {
        "encoder": encoder_config(HIDDEN),
        "candidates": "spans",
        "train_candidates": "gold",
        "max_span_width": 3,
        "spans_per_token": 0.5,
        "window": 6,
        "max_antecedents": 4,
        "top_antecedents": 0,
        "hidden_width": 5,
        "depth": 2,
        "feature_width": 2,
        "pair_width": 3,
        "features": (),
        "dropout": 0.0,
        "singletons": True,
    }
    head = CorefHead(INPUT, CorefConfig(**{**defaults, **settings}))
    randomize(head, 0.5)
    return head.eval()


def index(spans: oracle.Spans) -> SpanIndex:
    table = torch.tensor(spans, dtype=torch.int64).reshape(-1, 2)
    return SpanIndex(table[:, 0], table[:, 1])


def all_given(spans: oracle.Spans, docs: Documents) -> Beside:
    """Mentions that are given for every document."""
    return Beside(given=GivenMentions(index(spans), (True,) * len(docs)))


def random_clusters(docs: Documents, seed: int) -> list[list[oracle.Spans]]:
    """For each document clusters of random, distinct spans."""
    rng = random.Random(seed)
    result = []
    for doc in docs:
        length = sum(doc)
        spans = [(i, j) for i in range(length) for j in range(i + 1, min(length, i + 4) + 1)]
        chosen = rng.sample(spans, min(len(spans), rng.randint(0, 6)))
        clusters: dict[int, oracle.Spans] = {}
        for span in chosen:
            clusters.setdefault(rng.randint(0, 2), []).append(span)
        result.append(list(clusters.values()))
    return result


def targets(docs: Documents, gold: list[list[oracle.Spans]]) -> ClusterTargets:
    rows, number, first = [], 0, 0
    for doc, clusters in zip(docs, gold):
        for cluster in clusters:
            rows += [(start + first, end + first, number) for start, end in cluster]
            number += 1
        first += sum(doc)
    table = torch.tensor(sorted(rows), dtype=torch.int64).reshape(-1, 3)
    return ClusterTargets(SpanIndex(table[:, 0], table[:, 1]), table[:, 2])


def grouped(decoded: DecodedClusters) -> dict[tuple[tuple[int, int], ...], list[float]]:
    clusters: dict[int, list[tuple[tuple[int, int], float]]] = {}
    columns = (decoded.spans.starts, decoded.spans.ends, decoded.clusters, decoded.scores)
    for start, end, cluster, score in zip(*(column.tolist() for column in columns)):
        clusters.setdefault(cluster, []).append(((start, end), score))
    return {tuple(span for span, _ in rows): [score for _, score in rows] for rows in clusters.values()}


def expected_clusters(
    head: CorefHead, encoded: Encoded, docs: Documents, threshold: float, given_spans: list[oracle.Spans] | None = None
) -> dict[tuple[tuple[int, int], ...], list[float]]:
    result = {}
    chosen = iter([spans for spans, doc in zip(given_spans, docs) if doc] if given_spans is not None else [])
    for first, part, segments in oracle.by_document(encoded, docs):
        own = next(chosen) if given_spans is not None else None
        ranked = oracle.rank(head, part, segments, own, known=own is not None)
        for members in oracle.decode(head, ranked, 0.0 if own is not None else threshold).values():
            result[tuple((start + first, end + first) for (start, end), _ in members)] = [score for _, score in members]
    return result


def assert_same(found: dict[Any, list[float]], expected: dict[Any, list[float]]) -> None:
    assert list(found) == sorted(expected)
    for cluster, scores in found.items():
        assert scores == pytest.approx(expected[cluster], abs=1e-4)


def candidates(vectors: torch.Tensor) -> Candidates:
    """Spans of one document, of which only the vectors matter."""
    rows = torch.arange(len(vectors))
    zeros = torch.zeros_like(rows)
    facts = torch.zeros((len(vectors), 0), dtype=torch.int64)
    return Candidates(SpanIndex(rows, rows + 1), zeros, zeros - 1, zeros, zeros.float(), vectors, facts)
