"""From embeddings to decoded tensors, part by part, so that memory does not grow with the document."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import torch
from torch import Tensor

from .heads.coref import Candidates, CorefContext, CorefHead, DecodedClusters, Ranking
from .heads.relation import TokenPairs
from .heads.tagger import SpanTensors
from .hierarchy import Hierarchy
from .layout import Chunk, Layout
from .spans import SpanIndex, distinct

# Tokens that run through encoders and heads at a time.
_CHUNK = 8192


class Decoded(NamedTuple):
    """What each head found, with flat offsets in the batch; None for a task that is not in the hierarchy."""

    ner: SpanTensors | None
    emd: SpanTensors | None
    relation: TokenPairs | None
    coref: DecodedClusters | None


def decode(
    hierarchy: Hierarchy,
    embeddings: Tensor,
    layout: Layout,
    *,
    relation_threshold: float,
    singleton_threshold: float,
    given: SpanIndex | None = None,
    context: CorefContext | None = None,
) -> Decoded:
    """Run encoders and heads over a batch.

    A part holds whole windows. Encoders, taggers and relations see one segment at a time,
    so cutting changes nothing for them; coreference carries its last mentions over from
    part to part as antecedents.

    embeddings (Tensor): Float32, shape (T, E).
    given (SpanIndex): mentions to cluster instead of the coreference head's own candidates.
    context (CorefContext): speakers and genres, for heads that use them.
    """
    heads: Any = hierarchy.heads
    coref = cast(CorefHead, heads["coref"]) if "coref" in hierarchy.tasks else None
    window = coref.config.window if coref is not None else _CHUNK
    spans: dict[str, list[SpanTensors]] = {"ner": [], "emd": []}
    pairs: list[TokenPairs] = []
    rankings: list[Ranking] = []
    before: Candidates | None = None
    for chunk in layout.chunks(_CHUNK, window, given):
        encoded = hierarchy.encode(embeddings[chunk.start : chunk.end], chunk.layout, hierarchy.tasks)
        for task, found in spans.items():
            if task in encoded:
                found.append(heads[task].decode(encoded[task]).shifted(chunk.start))
        if "relation" in encoded:
            pairs.append(heads["relation"].decode(encoded["relation"], relation_threshold).shifted(chunk.start))
        if coref is not None:
            own = _within(given, chunk) if given is not None else None
            if own is None and coref.config.candidates == "mentions":
                own = distinct(SpanIndex(spans["emd"][-1].starts, spans["emd"][-1].ends).shifted(-chunk.start))
            if own is not None and len(own.starts) == 0:
                continue
            ranking = coref.rank(encoded["coref"], chunk.windows, own, _part(context, chunk), before, chunk.first_doc)
            seen = ranking.kept if before is None else before.followed_by(ranking.kept)
            before = seen.last(coref.config.max_antecedents)
            rankings.append(Ranking(ranking.kept.shifted(chunk.start), ranking.options))
    device = embeddings.device
    return Decoded(
        _join(SpanTensors, spans["ner"], device) if "ner" in heads else None,
        _join(SpanTensors, spans["emd"], device) if "emd" in heads else None,
        _join(TokenPairs, pairs, device) if "relation" in heads else None,
        coref.link(rankings, singleton_threshold, are_mentions=given is not None) if coref is not None else None,
    )


def _within(spans: SpanIndex, chunk: Chunk) -> SpanIndex:
    inside = (spans.starts >= chunk.start) & (spans.starts < chunk.end)
    return spans.select(inside).shifted(-chunk.start)


def _part(context: CorefContext | None, chunk: Chunk) -> CorefContext | None:
    if context is None:
        return None
    docs = slice(chunk.first_doc, chunk.first_doc + len(chunk.layout.doc_lengths))
    return CorefContext(context.speakers[chunk.start : chunk.end], context.genres[docs])


def _join(kind: Any, parts: list[Any], device: torch.device) -> Any:
    """One set of columns: three of integers, then the confidences."""
    if parts:
        return kind(*(torch.cat(column) for column in zip(*parts)))
    none = torch.zeros(0, dtype=torch.int64, device=device)
    return kind(none, none, none, none.float())
