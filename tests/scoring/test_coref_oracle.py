"""Coreference measures against their definitions, by loops over mentions, pairs and permutations."""

from __future__ import annotations

from itertools import combinations, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_hmtl.scoring import coref_scores

Clusters = list[set[int]]
Document = tuple[Clusters, Clusters]
FRACTIONS = ("muc", "b3", "ceafe", "ceafm", "lea", "mentions")


def partition(numbers: list[int]) -> Clusters:
    """Mention i is in cluster numbers[i]; 0 leaves it out."""
    return [{m for m, n in enumerate(numbers) if n == number} for number in sorted(set(numbers) - {0})]


numbers = st.lists(st.integers(0, 4), min_size=0, max_size=7)
documents = st.lists(st.tuples(numbers.map(partition), numbers.map(partition)), min_size=1, max_size=3)


def links(clusters: Clusters) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
    """Pairs of mentions in one cluster, and in two."""
    pairs = set(combinations(sorted(set().union(*clusters)), 2))
    together = {pair for pair in pairs if any(set(pair) <= cluster for cluster in clusters)}
    return together, pairs - together


def muc_recall(gold: Clusters, predicted: Clusters) -> tuple[float, float]:
    """Vilain et al. (1995): the cluster's size less the parts that the other side cuts it into."""
    parts = [sum(bool(g & p) for p in predicted) + len(g - set().union(*predicted)) for g in gold]
    return sum(len(g) - n for g, n in zip(gold, parts)), sum(len(g) - 1 for g in gold)


def b3_recall(gold: Clusters, predicted: Clusters) -> tuple[float, float]:
    shares = [len(g & p) / len(g) for g in gold for mention in g for p in predicted if mention in p]
    return sum(shares), sum(map(len, gold))


def lea_recall(gold: Clusters, predicted: Clusters) -> tuple[float, float]:
    total = 0.0
    for g in gold:
        found = [pair for pair in combinations(sorted(g), 2) if any(set(pair) <= p for p in predicted)]
        if len(g) == 1:
            total += g in predicted
        else:
            total += len(g) * len(found) / (len(g) * (len(g) - 1) / 2)
    return total, sum(map(len, gold))


def mentions_recall(gold: Clusters, predicted: Clusters) -> tuple[float, float]:
    return len(set().union(*gold) & set().union(*predicted)), sum(map(len, gold))


def best_matching(gold: Clusters, predicted: Clusters, dice: bool) -> float:
    """The best of all one-to-one matchings."""
    short, long = sorted((gold, predicted), key=len)
    worth = [
        sum(len(a & b) * (2 / (len(a) + len(b)) if dice else 1) for a, b in zip(short, chosen))
        for chosen in permutations(long, len(short))
    ]
    return max(worth)


def recall(name: str, gold: Clusters, predicted: Clusters) -> tuple[float, float]:
    """Numerator and denominator of recall; precision has the sides exchanged."""
    if name == "ceafe":
        return best_matching(gold, predicted, dice=True), len(gold)
    if name == "ceafm":
        return best_matching(gold, predicted, dice=False), sum(map(len, gold))
    return {"muc": muc_recall, "b3": b3_recall, "lea": lea_recall, "mentions": mentions_recall}[name](gold, predicted)


def divide(pairs: list[tuple[float, float]]) -> float:
    numerator, denominator = (sum(column) for column in zip(*pairs))
    return numerator / denominator if denominator else 0.0


def f1(p: float, r: float) -> float:
    return 2 * p * r / (p + r) if p + r else 0.0


@settings(max_examples=60, deadline=None)
@given(documents)
def test_each_measure_equals_its_definition(docs: list[Document]) -> None:
    scores = coref_scores(docs)
    for name in FRACTIONS:
        r = divide([recall(name, gold, predicted) for gold, predicted in docs])
        p = divide([recall(name, predicted, gold) for gold, predicted in docs])
        found = tuple(scores[f"coref_{name}_{suffix}"] for suffix in "prf")
        assert found == pytest.approx((p, r, f1(p, r))), name


@settings(max_examples=60, deadline=None)
@given(documents)
def test_blanc_equals_its_definition(docs: list[Document]) -> None:
    kinds = []
    for kind in (0, 1):
        sides = [(links(gold)[kind], links(predicted)[kind]) for gold, predicted in docs]
        r = divide([(len(g & p), len(g)) for g, p in sides])
        p = divide([(len(g & p), len(p)) for g, p in sides])
        if any(g for g, _ in sides):
            kinds.append((p, r, f1(p, r)))
    expected = [sum(column) / len(kinds) for column in zip(*kinds)] if kinds else [0.0, 0.0, 0.0]
    scores = coref_scores(docs)
    assert [scores[f"coref_blanc_{suffix}"] for suffix in "prf"] == pytest.approx(expected)


@settings(max_examples=40, deadline=None)
@given(documents, st.randoms(use_true_random=False))
def test_order_and_names_of_mentions_make_no_difference(docs: list[Document], random: object) -> None:
    shuffle = random.shuffle  # type: ignore[attr-defined]
    renamed = []
    for gold, predicted in docs:
        names = list("abcdefg")
        shuffle(names)
        sides = [[[names[m] for m in cluster] for cluster in clusters] for clusters in (gold, predicted)]
        for clusters in sides:
            shuffle(clusters)
            for cluster in clusters:
                shuffle(cluster)
        renamed.append((sides[0], sides[1]))
    shuffle(renamed)
    assert coref_scores(renamed) == pytest.approx(coref_scores(docs))


@settings(max_examples=40, deadline=None)
@given(documents)
def test_exchanging_the_sides_exchanges_precision_and_recall(docs: list[Document]) -> None:
    scores = coref_scores(docs)
    swapped = coref_scores([(predicted, gold) for gold, predicted in docs])
    for name in FRACTIONS:
        assert scores[f"coref_{name}_p"] == pytest.approx(swapped[f"coref_{name}_r"])
        assert scores[f"coref_{name}_f"] == pytest.approx(swapped[f"coref_{name}_f"])


@settings(max_examples=40, deadline=None)
@given(documents)
def test_scores_lie_between_zero_and_one(docs: list[Document]) -> None:
    assert all(0.0 <= score <= 1.0 + 1e-12 for score in coref_scores(docs).values())
