"""Tag sequences counted one by one, beside a CRF on padded segments."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import torch
from nn.strategies import randomize
from torch import Tensor

from spacy_hmtl.nn.crf.biluo import BiluoCRF, BiluoTags
from spacy_hmtl.nn.crf.decoding import Spelled, confidences, potentials, viterbi
from spacy_hmtl.nn.crf.likelihood import negative_log_likelihood
from spacy_hmtl.nn.layout import Layout


def make_crf(n_labels: int, sizes: list[int], seed: int) -> tuple[BiluoCRF, Tensor, Tensor]:
    """A random CRF, emissions and mask of segments of these lengths."""
    torch.manual_seed(seed)
    crf = BiluoCRF(BiluoTags([f"L{i}" for i in range(n_labels)]))
    randomize(crf)
    mask = torch.arange(max(sizes)) < torch.tensor(sizes).unsqueeze(1)
    return crf, torch.randn(len(sizes), max(sizes), 1 + 4 * n_labels), mask


def layout_of_rows(mask: Tensor) -> Layout:
    return Layout(mask.sum(1), mask.sum().reshape(1))


def loss_of(crf: BiluoCRF, emissions: Tensor, gold: Tensor, mask: Tensor) -> Tensor:
    """Negative log-likelihood of the tags of padded segments."""
    return negative_log_likelihood(emissions[mask].unsqueeze(0), gold[mask].unsqueeze(0), [crf], layout_of_rows(mask))


def best_tags(crf: BiluoCRF, emissions: Tensor, mask: Tensor) -> Tensor:
    """Decoded tags of padded segments, 0 where padded."""
    tags = torch.zeros(mask.shape, dtype=torch.int64)
    tags[mask] = viterbi(emissions[mask].unsqueeze(0), potentials([crf]), layout_of_rows(mask).packing)[0]
    return tags


def confidence(
    crf: BiluoCRF, emissions: Tensor, mask: Tensor, tags: Tensor, rows: Tensor, starts: Tensor, ends: Tensor
) -> Tensor:
    """Of spans of padded segments, given by the row of each and by steps in it."""
    layout = layout_of_rows(mask)
    first = layout.segment_starts[rows]
    spans = Spelled(torch.zeros_like(rows), first + starts, first + ends - 1)
    packing = layout.pack(rows.unique())
    own = (emissions[mask].unsqueeze(0), tags[mask].unsqueeze(0))
    return confidences(*own, potentials([crf]), packing, layout.is_segment_start(), spans)


def spell(tag: int) -> tuple[str, int]:
    """Kind and label of a tag."""
    return ("O", -1) if tag == 0 else ("BILU"[(tag - 1) % 4], (tag - 1) // 4)


def is_legal(tags: tuple[int, ...]) -> bool:
    """Whether tags spell spans, by a reader that remembers what is open."""
    inside = None
    for kind, label in map(spell, tags):
        if (kind in "IL") != (inside is not None) or (inside is not None and inside != label):
            return False
        inside = label if kind in "BI" else None
    return inside is None


def sequences(crf: BiluoCRF, emissions: Tensor, *, legal: bool) -> dict[tuple[int, ...], float]:
    """Every tag sequence of the emissions' length with its score; emissions (Tensor): shape (L, n_tags)."""
    transitions, start, end = crf.transitions.tolist(), crf.start_transitions.tolist(), crf.end_transitions.tolist()
    rows = emissions.tolist()
    found = {}
    for tags in itertools.product(range(crf.num_tags), repeat=len(rows)):
        if not legal or is_legal(tags):
            score = start[tags[0]] + end[tags[-1]] + sum(row[tag] for row, tag in zip(rows, tags))
            found[tags] = score + sum(transitions[a][b] for a, b in itertools.pairwise(tags))
    return found


def log_sum(scores: list[float]) -> float:
    return float(torch.tensor(scores, dtype=torch.float64).logsumexp(0))


def spans_of(tags: tuple[int, ...]) -> Iterator[tuple[int, int, int]]:
    """(start, end, label) of legal tags."""
    start = 0
    for step, (kind, label) in enumerate(map(spell, tags)):
        start = step if kind in "BU" else start
        if kind in "LU":
            yield start, step + 1, label
