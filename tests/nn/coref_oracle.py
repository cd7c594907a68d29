"""Span ranking by direct summation: one document, one span and one pair at a time."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from hypothesis import reject
from nn.strategies import part_of
from torch import Tensor

from spacy_hmtl.nn.encoder import Encoded
from spacy_hmtl.nn.feedforward import FeedForward
from spacy_hmtl.nn.heads.coref import CorefConfig, CorefHead

Spans = list[tuple[int, int]]


class Ranked(NamedTuple):
    """Kept spans of a document in order, and the scores of what each may choose.

    options: per span a dict: "none", "new" (with singletons), and the row of each antecedent.
    coarse: the same with the coarse scores of all antecedents; empty without such scores.
    """

    spans: Spans
    options: list[dict[str | int, float]]
    coarse: list[dict[str | int, float]]


def feed_forward(network: FeedForward, vector: Tensor) -> float:
    """The network as layers on the whole, concatenated vector."""
    first = torch.nn.Linear(len(vector), len(network.bias))
    first.weight.data = torch.cat([network.parts[name] for name in network.parts], dim=1)
    first.bias.data = network.bias.data
    hidden = torch.relu(first(vector))
    for layer in network.hidden:
        hidden = torch.relu(layer(hidden))
    return network.output(hidden).item()


def span_vector(head: CorefHead, encoded: Encoded, start: int, end: int) -> Tensor:
    """[h_start ; h_end ; width ; attention-weighted inputs]."""
    logits = torch.cat([head.mention.attention(encoded.inputs[i]) for i in range(start, end)])
    weights = logits.exp() / logits.exp().sum()
    attended = sum(weight * encoded.inputs[i] for weight, i in zip(weights, range(start, end)))
    width = head.mention.widths.weight[min(end - start, head.config.max_span_width) - 1]
    return torch.cat([encoded.states[start], encoded.states[end - 1], width, attended])


def bucket(distance: int) -> int:
    return distance if distance <= 4 else min(9, math.floor(math.log2(distance)) + 3)


def pair_score(head: CorefHead, mention: Tensor, antecedent: Tensor, column: int) -> float:
    pair = head.pair
    product = pair.project(mention) * pair.project(antecedent)
    return feed_forward(pair.score, torch.cat([mention, antecedent, product, pair.distances.weight[bucket(column)]]))


def coarse_score(head: CorefHead, mention: Tensor, antecedent: Tensor, column: int) -> float:
    """A scaled dot product of two projections, and the score of the distance."""
    coarse = head.coarse
    assert coarse is not None
    product = coarse.query(mention) @ coarse.key(antecedent) / math.sqrt(coarse.query.out_features)
    return (product + coarse.distance[bucket(column)]).item()


def windows(segments: Spans, size: int) -> list[tuple[int, int]]:
    """A document's windows: segments by the multiple of `size` after which they begin."""
    result: dict[int, list[tuple[int, int]]] = {}
    for segment in segments:
        result.setdefault(segment[0] // size, []).append(segment)
    return [(own[0][0], own[-1][1]) for own in result.values()]


def best(spans: Spans, scores: dict[tuple[int, int], float], window: tuple[int, int], config: CorefConfig) -> Spans:
    """The candidates of a window that are kept."""
    start, end = window
    own = sorted((span for span in spans if start <= span[0] < end), key=lambda span: -scores[span])
    n_keep = max(1, math.floor((end - start) * config.spans_per_token))
    refuse_ties([scores[span] for span in own], n_keep)
    return own[:n_keep]


def refuse_ties(values: list[float], n: int) -> None:
    """Give up an example where it hangs on the last digit which are the first `n` of descending values."""
    if 0 < n < len(values) and values[n - 1] - values[n] < 1e-5:
        reject()


def rank(
    head: CorefHead, encoded: Encoded, segments: Spans, given: Spans | None = None, *, known: bool = False
) -> Ranked:
    """Candidates, pruning, antecedents of one document (whose tokens count from 0).

    known: the given spans are mentions for sure.
    """
    config = head.config
    if given is None:
        spans = [
            (i, j)
            for s, e in segments
            for i in range(s, e)
            for j in range(i + 1, min(e, i + config.max_span_width) + 1)
        ]
    else:
        spans = sorted(given)
    vectors = {span: span_vector(head, encoded, *span) for span in spans}
    scores = {span: feed_forward(head.mention.score, vectors[span]) for span in spans}
    if given is None:
        parts = windows(segments, config.window)
        spans = sorted(span for part in parts for span in best(spans, scores, part, config))
    options: list[dict[str | int, float]] = []
    coarse: list[dict[str | int, float]] = []
    for row, span in enumerate(spans):
        own: dict[str | int, float] = {"none": 0.0}
        if config.singletons:
            own["new"] = scores[span]
            if known:
                del own["none"]
        base = {e: scores[span] + scores[spans[e]] for e in range(max(0, row - config.max_antecedents), row)}
        if config.top_antecedents:
            shown: dict[str | int, float] = {
                e: base[e] + coarse_score(head, vectors[span], vectors[spans[e]], row - 1 - e) for e in base
            }
            coarse.append({**own, **shown})
            order = sorted(base, key=lambda e: -shown[e])
            refuse_ties([shown[e] for e in order], config.top_antecedents)
            base = {e: base[e] for e in order[: config.top_antecedents]}
        for e in sorted(base):
            own[e] = base[e] + pair_score(head, vectors[span], vectors[spans[e]], row - 1 - e)
        options.append(own)
    return Ranked(spans, options, coarse)


def probabilities(options: dict[str | int, float]) -> dict[str | int, float]:
    total = math.fsum(math.exp(score) for score in options.values())
    return {choice: math.exp(score) / total for choice, score in options.items()}


def loss(head: CorefHead, ranked: Ranked, gold: list[Spans]) -> float:
    """Lee et al. (2017), equation 7, one kept span at a time; from coarse to fine, for both kinds of scores."""
    cluster_of = {span: number for number, cluster in enumerate(gold) for span in cluster}
    total = 0.0
    scored = [*zip(ranked.spans, ranked.options), *zip(ranked.spans, ranked.coarse)]
    for span, options in scored:
        mine = cluster_of.get(span)
        right: list[str | int] = [
            c for c in options if isinstance(c, int) and mine is not None and cluster_of.get(ranked.spans[c]) == mine
        ]
        if not right:
            right = ["new" if head.config.singletons and mine is not None else "none"]
        total -= math.log(math.fsum(probabilities(options)[choice] for choice in right))
    return total


def decode(head: CorefHead, ranked: Ranked, threshold: float) -> dict[int, list[tuple[tuple[int, int], float]]]:
    """Clusters by a union-find that goes through the spans one after the other: root -> spans with confidences."""
    parent = list(range(len(ranked.spans)))

    def find(row: int) -> int:
        while parent[row] != row:
            row = parent[row]
        return row

    shares = [probabilities(options) for options in ranked.options]
    linked = []
    for row, share in enumerate(shares):
        best = max(share, key=share.__getitem__)
        refuse_ties(sorted(share.values(), reverse=True), 1)
        linked.append(isinstance(best, int))
        if isinstance(best, int):
            parent[row] = find(best)
    clusters: dict[int, list[tuple[tuple[int, int], float]]] = {}
    for row, (span, share) in enumerate(zip(ranked.spans, shares)):
        root = find(row)
        if linked[row]:
            score = math.fsum(p for choice, p in share.items() if isinstance(choice, int) and find(choice) == root)
        else:
            score = share["new" if head.config.singletons else "none"]
        clusters.setdefault(root, []).append((span, score))
    kept = {}
    for root, members in clusters.items():
        alone = head.config.singletons and shares[root].get("new", 0.0) >= threshold
        if len(members) > 1 or alone:
            kept[root] = members
    return kept


def by_document(encoded: Encoded, docs: list[list[int]]) -> list[tuple[int, Encoded, Spans]]:
    """First token, encoded part and segments (offsets in the document) of each document that has tokens."""
    result, first = [], 0
    for number, doc in enumerate(docs):
        if doc:
            boundaries = [(sum(doc[:i]), sum(doc[: i + 1])) for i in range(len(doc))]
            result.append((first, part_of(encoded, docs, number), boundaries))
        first += sum(doc)
    return result
