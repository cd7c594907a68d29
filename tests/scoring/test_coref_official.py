"""The official CoNLL scorer's own cases, and values that version 8.01 computes for them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from spacy_hmtl.scoring import coref_scores

FOLDER = Path(os.environ.get("HMTL_DATA", "/nonexistent")) / "coref_scorer"
CASES: list[dict[str, Any]] = (
    json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))["cases"] if FOLDER.is_dir() else []
)
SCORED = [case for case in CASES if case["scorer_8_01"]]
NAMES = {"muc": "muc", "bcub": "b3", "ceafm": "ceafm", "ceafe": "ceafe", "blanc": "blanc"}
Mention = tuple[int, int]

needs_data = pytest.mark.skipif(not CASES, reason="set HMTL_DATA to the folder that holds coref_scorer/expected.json")


def read_conll(text: str) -> list[list[list[Mention]]]:
    """Clusters of each document, with repeated mentions; the last column holds the brackets."""
    documents: list[list[list[Mention]]] = []
    for part in re.split(r"^#\s*begin document.*$", text, flags=re.MULTILINE)[1:]:
        lines = part.split("#end document")[0].splitlines()
        clusters: dict[str, list[Mention]] = {}
        unfinished: dict[str, list[int]] = {}
        for i, cell in enumerate(line.split()[-1] for line in lines if line.strip()):
            for opening, number, closing in re.findall(r"(\(?)(\d+)(\)?)", cell):
                clusters.setdefault(number, [])
                if opening:
                    unfinished.setdefault(number, []).append(i)
                if closing:
                    clusters[number].append((unfinished[number].pop(), i + 1))
        documents.append(list(clusters.values()))
    return documents


def drop_repeats(document: list[list[Mention]]) -> list[list[Mention]]:
    """Keep a mention's first occurrence, as the official scorer does before it scores."""
    seen: set[Mention] = set()
    return [[m for m in cluster if not (m in seen or seen.add(m))] for cluster in document]


def score_case(case: dict[str, Any]) -> dict[str, float]:
    gold, predicted = (read_conll((FOLDER / case[side]).read_text(encoding="utf-8")) for side in ("key", "response"))
    return coref_scores(zip(map(drop_repeats, gold), map(drop_repeats, predicted)))


@needs_data
@pytest.mark.parametrize("case", SCORED, ids=lambda case: case["id"])
def test_scores_equal_those_of_the_official_scorer(case: dict[str, Any]) -> None:
    scores = score_case(case)
    for official, name in NAMES.items():
        found = [scores[f"coref_{name}_{suffix}"] for suffix in "rpf"]
        assert found == pytest.approx(case["scorer_8_01"][official], abs=1e-6), name


@needs_data
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_scores_equal_the_published_values(case: dict[str, Any]) -> None:
    scores = score_case(case)
    for official, published in case["published"].items():
        found = [scores[f"coref_{NAMES[official]}_{suffix}"] for suffix in "rpf"]
        assert found == pytest.approx(published, abs=1e-4), official


@needs_data
@pytest.mark.parametrize("number", [7, 8, 9])
def test_repeated_mentions_are_refused(number: int) -> None:
    gold = read_conll((FOLDER / "cases/TC-A.key").read_text(encoding="utf-8"))
    predicted = read_conll((FOLDER / f"cases/TC-A-{number}.response").read_text(encoding="utf-8"))
    with pytest.raises(ValueError, match="twice in the predicted clusters"):
        coref_scores(zip(gold, predicted))


def test_the_parser_reads_nested_and_single_token_mentions() -> None:
    text = (
        "#begin document (a);\nx\t(1(2\nx\t2)\n\nx\t(2)|1)\t\n#end document\n#begin document (b);\nx -\n#end document\n"
    )
    assert read_conll(text) == [[[(0, 3)], [(0, 2), (2, 3)]], []]
