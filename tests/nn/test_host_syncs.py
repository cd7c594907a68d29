"""A GPU waits for the host a fixed number of times a batch, not once per token, span or segment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import torch
from host_syncs import Waits, watched
from nn.strategies import INPUT, Documents, four_tasks, layout_of
from torch import Tensor

from spacy_hmtl.bridge.outputs import predictions
from spacy_hmtl.nn.decoding import decode
from spacy_hmtl.nn.heads import relation
from spacy_hmtl.nn.heads.protocol import DocContext
from spacy_hmtl.nn.hierarchy import Hierarchy


def seeded(candidates: str, top: int) -> Hierarchy:
    torch.manual_seed(1)
    return four_tasks(candidates, top, window=500)


# Few and many segments, documents and tokens, all in one portion; spans, relations and
# clusters grow with them.
SETTINGS = {"relation_threshold": 0.3, "singleton_threshold": 0.3}
FEW: Documents = [[8, 8], [8, 8]]
MANY: list[Documents] = [[[8, 8]] * 8, [[16] * 8] * 2, [[12, 5, 9]] * 12]


def waits_of(hierarchy: Hierarchy, docs: Documents) -> tuple[Waits, dict[str, Any]]:
    layout = layout_of(docs)
    n_tokens = sum(map(sum, docs))
    generator = torch.Generator().manual_seed(0)
    embeddings = torch.randn(n_tokens, INPUT, generator=generator)
    context = DocContext(torch.randint(-1, 3, (n_tokens,), generator=generator), torch.zeros(len(docs)).long())
    with torch.inference_mode(), watched() as watch:
        found = decode(hierarchy, embeddings, layout, SETTINGS, context=context)
    return watch.waits, found


@pytest.mark.parametrize(("candidates", "top"), [("spans", 0), ("spans", 2), ("mentions", 0)])
def test_decoding_waits_equally_often_for_few_and_for_many(
    candidates: str, top: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Several buckets of relations, as a GPU has where segments are long.
    monkeypatch.setitem(relation._PAIRS, "cpu", 600)
    hierarchy = seeded(candidates, top)
    waits, few = waits_of(hierarchy, FEW)
    expected, _ = without_packing(waits)
    assert expected.total() > 0
    for docs in MANY:
        waits, many = waits_of(hierarchy, docs)
        own, packing = without_packing(waits)
        assert all(more > 2 * less > 0 for more, less in zip(sizes(many), sizes(few)))
        assert own == expected
        # All segments once; then, for each tagger, those with spans, if others have none.
        assert 3 <= packing.total() <= 3 * 3


def test_outputs_are_copied_column_by_column() -> None:
    hierarchy = seeded("spans", 2)
    copies = []
    for docs in (FEW, *MANY):
        _, found = waits_of(hierarchy, docs)
        with watched() as watch:
            predictions(found, hierarchy, [sum(doc) for doc in docs])
        copies.append(watch.waits)
    assert copies[0].total() == 16  # four columns of four tasks
    assert all(own == copies[0] for own in copies)


@pytest.mark.parametrize(
    "wait",
    [
        lambda t: int(t[0]),
        lambda t: bool(t[0]),
        lambda t: t.tolist(),
        lambda t: t[t > 0],
        lambda t: t.nonzero(),
        lambda t: (t > 0).nonzero(as_tuple=True),
        lambda t: t.unique(),
        lambda t: t.masked_fill_(t > 0, 1).masked_select(t > 0),
        lambda t: t.repeat_interleave(t),
        lambda t: torch.equal(t, t),
        lambda t: torch.bincount(t),
    ],
)
def test_each_way_to_wait_is_counted_once(wait: Callable[[Tensor], Any]) -> None:
    with torch.inference_mode(), watched() as watch:
        wait(torch.tensor([1, 0, 2]))
    assert watch.waits.total() == 1


def without_packing(waits: Waits) -> tuple[Waits, Waits]:
    """All waits but those of packing, and those of packing."""
    packing = Counter({key: n for key, n in waits.items() if key.endswith(" _pack")})
    return waits - packing, packing


def sizes(found: dict[str, Any]) -> list[int]:
    """How many spans, relations and mentions in clusters were found."""
    return [len(column) for part in found.values() for column in part[-1:]]
