"""The tagging head: spans of a batch of documents, cut in buckets, none lost to padding."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nn.strategies import (
    Documents,
    close,
    documents,
    encoder_config,
    part_of,
    random_encoded,
    randomize,
    seeds,
    segments_of,
)

from spacy_hmtl.nn.heads.tagger import TaggerConfig, TaggerHead
from spacy_hmtl.nn.heads.tensors import SpanTargets, SpanTensors

quick = settings(deadline=None, max_examples=25)
WIDTH = 6


def make_head(layers: int = 1) -> TaggerHead:
    head = TaggerHead(WIDTH, ["A", "B"], TaggerConfig(encoder_config(3), layers))
    randomize(head)
    return head.eval()


def random_spans(docs: Documents, seed: int) -> list[tuple[int, int, int]]:
    """Non-overlapping labelled spans within segments."""
    rng, spans = random.Random(seed), []
    for own in segments_of(docs):
        for start, end in own:
            position = start
            while position < end:
                width = rng.randint(1, end - position)
                if rng.random() < 0.6:
                    spans.append((position, position + width, rng.randint(0, 1)))
                position += width
    return spans


def tensors(*layers: list[tuple[int, int, int]]) -> SpanTargets:
    """Gold spans of each layer."""
    rows = sorted((*span, number) for number, spans in enumerate(layers) for span in spans)
    return SpanTargets(*torch.tensor(rows, dtype=torch.int64).reshape(-1, 4).unbind(1))


def rows(found: SpanTensors, offset: int = 0) -> dict[tuple[int, int, int], float]:
    columns = (column.tolist() for column in found)
    return {(start + offset, end + offset, label): score for start, end, label, score in zip(*columns)}


@quick
@given(docs=documents(), layers=st.integers(1, 3), seed=seeds)
@example(docs=[[]], layers=1, seed=0)
@example(docs=[[1], []], layers=2, seed=0)
def test_a_document_in_a_batch_is_as_alone(docs: Documents, layers: int, seed: int) -> None:
    torch.manual_seed(seed)
    head, encoded = make_head(layers), random_encoded(docs, 4, WIDTH)
    gold = [random_spans(docs, seed + layer) for layer in range(layers)]
    loss, found, first = torch.tensor(0.0), {}, 0
    for number, doc in enumerate(docs):
        last = first + sum(doc)
        own = [[(s - first, e - first, label) for s, e, label in spans if first <= s < last] for spans in gold]
        part = part_of(encoded, docs, number)
        loss = loss + head.loss(part, tensors(*own))
        found.update(rows(head.decode(part, {}), first))
        first = last
    assert close(head.loss(encoded, tensors(*gold)), loss)
    together = rows(head.decode(encoded, {}))
    assert together == pytest.approx(found, abs=1e-5)
    assert list(together) == sorted(together)


@quick
@given(docs=documents(), seed=seeds)
def test_layers_are_taggers_of_their_own_on_the_same_states(docs: Documents, seed: int) -> None:
    torch.manual_seed(seed)
    head, encoded = make_head(3), random_encoded(docs, 4, WIDTH)
    gold = [random_spans(docs, seed + layer) for layer in range(3)]
    loss = torch.tensor(0.0)
    best: dict[Any, Any] = {}
    for layer, spans in zip(head.layers, gold):
        single = TaggerHead(WIDTH, ["A", "B"], TaggerConfig(encoder_config(3), 1))
        single.layers[0] = layer
        loss = loss + single.loss(encoded, tensors(spans))
        for span, score in rows(single.decode(encoded, {})).items():
            best[span] = max(score, best.get(span, 0.0))
    assert close(head.loss(encoded, tensors(*gold)), loss)
    decoded = head.decode(encoded, {})
    assert rows(decoded) == pytest.approx(best, abs=1e-6)
    assert len(decoded.scores) == len(best)  # what two layers find is given once


@quick
@given(docs=documents(), seed=seeds)
def test_spans_lie_within_segments_and_do_not_overlap(docs: Documents, seed: int) -> None:
    torch.manual_seed(seed)
    found = rows(make_head().decode(random_encoded(docs, 4, WIDTH), {}))
    boundaries = [segment for own in segments_of(docs) for segment in own]
    taken: set[int] = set()
    for (start, end, _), score in found.items():
        assert any(first <= start < end <= last for first, last in boundaries)
        assert taken.isdisjoint(range(start, end))
        assert 0.0 <= score <= 1.0
        taken.update(range(start, end))


@quick
@given(docs=documents(), seed=seeds)
def test_emissions_that_spell_the_gold_spans_are_decoded_to_them(docs: Documents, seed: int) -> None:
    # No tag is lost to padding, to buckets or at the boundaries of documents.
    torch.manual_seed(seed)
    gold = random_spans(docs, seed)
    encoded = random_encoded(docs, 4, 9)
    head = TaggerHead(9, ["A", "B"], TaggerConfig(encoder_config(3), 1))
    layer: Any = head.layers[0]
    with torch.no_grad():
        layer.emit.weight.copy_(50.0 * torch.eye(9))
    tags = layer.tags.encode(*tensors(gold)[:3], len(encoded.states))
    clear = encoded._replace(states=torch.nn.functional.one_hot(tags, 9).float())
    assert rows(head.decode(clear, {})) == pytest.approx(dict.fromkeys(gold, 1.0), abs=1e-4)
    assert head.loss(clear, tensors(gold)).item() == pytest.approx(0.0, abs=1e-3)


def test_what_was_not_annotated_may_be_there() -> None:
    docs = [[3], [3]]
    torch.manual_seed(0)
    head, encoded = make_head(), random_encoded(docs, 4, WIDTH)
    gold = tensors([(0, 1, 0), (3, 4, 0)])
    # The second document was not annotated with B.
    possible = torch.tensor([[False, False]] * 3 + [[False, True]] * 3)
    part = gold._replace(possible=possible)
    own = head.loss(part_of(encoded, docs, 0), tensors([(0, 1, 0)]))
    every = [tensors([(0, 1, 0), *b]) for b in ([], [(1, 2, 1)], [(2, 3, 1)], [(1, 2, 1), (2, 3, 1)], [(1, 3, 1)])]
    likelihoods = torch.stack([-head.loss(part_of(encoded, docs, 1), spans) for spans in every])
    assert float((own - likelihoods.logsumexp(0)).detach()) > float(head.loss(encoded, part).detach())
    assert head.loss(encoded, part).item() < head.loss(encoded, gold).item()
    everywhere = tensors([])._replace(possible=torch.ones((6, 2), dtype=torch.bool))
    assert head.loss(encoded, everywhere).item() == pytest.approx(0.0, abs=1e-4)
