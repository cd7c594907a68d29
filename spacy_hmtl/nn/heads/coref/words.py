"""What pairs of mentions are told by their words: equal strings, equal roots, pronouns, names, distances."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import torch
from torch import Tensor, nn

from ...spans import SpanIndex, window
from ..protocol import WordFacts

# Columns of a span's facts.
_STRING, _ROOT, _PRONOUN, _NAME, _BITS, _POSITION, _SENTENCE = range(7)
N_FACTS = 7
# Pronouns are told apart by person, number and gender; 0 is no pronoun.
N_PRONOUNS = 12
# Of a pair: nothing, one's root among the other's words, equal roots, equal strings, equal pronouns, pronouns alike.
N_MATCHES = 6
_NOTHING, _AMONG, _ROOTS, _STRINGS, _SAME_PRONOUN, _LIKE_PRONOUN = range(N_MATCHES)
# Distances 0, 1, 2, 3, 4, 5-7, 8-15 ... , in tokens and in sentences.
_N_TOKENS, _N_SENTENCES = 14, 10
# Odd, so that it has an inverse among 64-bit numbers.
_BASE = 0x9E3779B97F4A7C15 - 2**64
_INVERSE = pow(0x9E3779B97F4A7C15, -1, 2**64)
_INVERSE -= 2**64 if _INVERSE >= 2**63 else 0
# A word's bit among the words of a span; two words may share one.
_N_BITS = 61


def span_facts(words: WordFacts, spans: SpanIndex) -> Tensor:
    """Facts about the words of each span, Int64, shape (M, facts).

    words (WordFacts): Of the batch.
    spans (SpanIndex): Shape (M,), at least one.
    RETURNS (Tensor): Int64, shape (M, facts).
    """
    if len(spans.starts) == 0:
        return torch.zeros((0, N_FACTS), dtype=torch.int64, device=spans.starts.device)
    roots = _roots(words, spans)
    pronoun = torch.where(spans.ends - spans.starts == 1, words.pronouns[spans.starts], 0)
    name = words.is_name[roots] & (pronoun == 0)
    bits = torch.where(words.is_content, 1 << (words.forms % _N_BITS).abs(), 0)
    columns = [
        _strings(words.forms, spans),
        words.forms[roots],
        pronoun,
        name.long(),
        _union(bits, spans),
        words.positions[spans.starts],
        words.sentences[spans.starts],
    ]
    return torch.stack(columns, dim=1)


def name_strings(facts: Tensor) -> Tensor:
    """What spans that are names say, as a number, 0 for other spans, shape (M,). facts (Tensor): Shape (M, facts)."""
    return torch.where(facts[:, _NAME] > 0, facts[:, _STRING], 0)


def _strings(forms: Tensor, spans: SpanIndex) -> Tensor:
    """A number for the words of each span; equal for equal words in equal order (64 bits, overflow intended)."""
    steps = torch.full_like(forms, _BASE).cumprod(0)
    back = torch.full_like(forms, _INVERSE).cumprod(0)
    sums = torch.cat([forms.new_zeros(1), (forms * steps).cumsum(0)])
    value = (sums[spans.ends] - sums[spans.starts]) * back[spans.starts]
    return value * 31 + (spans.ends - spans.starts)


def _roots(words: WordFacts, spans: SpanIndex) -> Tensor:
    """The token that a span is about: the last one before a preposition, a relative word or a mark, shape (M,)."""
    n_tokens = len(words.forms)
    numbers = torch.arange(n_tokens, device=words.forms.device)
    stops = torch.where(words.is_stop, numbers, n_tokens)
    # The next stop at or after each token.
    ahead = stops.flip(0).cummin(0).values.flip(0)
    ahead = torch.cat([ahead, ahead.new_full((1,), n_tokens)])
    end = torch.minimum(ahead[spans.starts + 1], spans.ends)
    return end - 1


def _union(bits: Tensor, spans: SpanIndex) -> Tensor:
    """Bits of all words of each span, shape (M,)."""
    offsets, mask = window(spans)
    values = torch.where(mask, bits[offsets], 0)  # (M, W)
    while values.shape[1] > 1:
        half = (values.shape[1] + 1) // 2
        right = values[:, half:]
        left = values[:, :half].clone()
        left[:, : right.shape[1]] |= right
        values = left
    return values.squeeze(1)


def matches(one: Tensor, other: Tensor) -> Tensor:
    """How the words of pairs agree, a number below N_MATCHES each, shape (P,).

    one, other (Tensor): Int64, shape (P, facts).
    RETURNS (Tensor): Int64, shape (P,).
    """
    left, right = one[:, _PRONOUN], other[:, _PRONOUN]
    both = (left > 0) & (right > 0)
    none = (left == 0) & (right == 0)
    strings = one[:, _STRING] == other[:, _STRING]
    roots = one[:, _ROOT] == other[:, _ROOT]
    among = ((_bit(one) & other[:, _BITS]) != 0) | ((_bit(other) & one[:, _BITS]) != 0)
    kind = torch.where(none & among, _AMONG, _NOTHING)
    kind = torch.where(none & roots, _ROOTS, kind)
    kind = torch.where(none & strings, _STRINGS, kind)
    kind = torch.where(both & (left == right), _LIKE_PRONOUN, kind)
    return torch.where(both & strings, _SAME_PRONOUN, kind)


def _bit(facts: Tensor) -> Tensor:
    return 1 << (facts[:, _ROOT] % _N_BITS).abs()


def _bucket(distance: Tensor, n_buckets: int) -> Tensor:
    logarithm = torch.log2(distance.clamp(min=1).float()).floor().long() + 3
    return torch.where(distance <= 4, distance, logarithm).clamp(min=0, max=n_buckets - 1)


class WordFeatures(nn.Module):
    """Embeddings of what the words of a pair say.

    width (int): Of each embedding.
    """

    sizes: ClassVar[dict[str, int]] = {
        "match": N_MATCHES,
        "pronouns": N_PRONOUNS**2,
        "names": 4,
        "tokens": _N_TOKENS,
        "sentences": _N_SENTENCES,
    }

    def __init__(self, width: int) -> None:
        super().__init__()
        self.tables = nn.ModuleDict({name: nn.Embedding(size, width) for name, size in self.sizes.items()})
        for table in self.tables.values():
            nn.init.xavier_normal_(table.weight)  # type: ignore[arg-type]

    def rows(self, one: Tensor, other: Tensor) -> Iterator[tuple[str, Tensor]]:
        """The row of each table for each pair, shape (P,). one, other (Tensor): Int64, shape (P, facts)."""
        yield "match", matches(one, other)
        yield "pronouns", one[:, _PRONOUN] * N_PRONOUNS + other[:, _PRONOUN]
        yield "names", one[:, _NAME] * 2 + other[:, _NAME]
        yield "tokens", _bucket(one[:, _POSITION] - other[:, _POSITION], _N_TOKENS)
        yield "sentences", _bucket(one[:, _SENTENCE] - other[:, _SENTENCE], _N_SENTENCES)
