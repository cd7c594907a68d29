"""From embeddings to decoded tensors, part by part, so that memory does not grow with the document."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from .heads.protocol import Beside, DocContext, GivenMentions
from .heads.tensors import SpanTensors
from .hierarchy import Hierarchy
from .layout import Chunk, Layout
from .spans import SpanIndex

# Tokens that run through encoders and heads at a time.
_CHUNK = 8192


def decode(
    hierarchy: Hierarchy,
    embeddings: Tensor,
    layout: Layout,
    settings: Mapping[str, Any],
    *,
    given: GivenMentions | None = None,
    context: DocContext | None = None,
    others: Mapping[str, SpanTensors] | None = None,
) -> dict[str, Any]:
    """Run encoders and heads over a batch.

    A part holds whole windows of every head's reach, so that cutting changes nothing for
    heads that see no farther; a head that does carries over what it needs.

    hierarchy (Hierarchy): In evaluation mode.
    embeddings (Tensor): Float32, shape (T, E).
    layout (Layout): Segments and documents of the T tokens.
    settings (Mapping): Those of the component: what the heads' decoders read, thresholds among them.
    given (GivenMentions, optional): Mentions that are known beforehand.
    context (DocContext, optional): Speakers and genres, for heads with `context_features`.
    others (Mapping, optional): By task of `Hierarchy.given_needs`, what the documents have already.
    RETURNS (dict): For each task of the hierarchy what its head found, with flat offsets in the batch.
    """
    reaches = {task: config.reach for task, config in hierarchy.configs.items()}
    window = math.lcm(*(reach for reach in reaches.values() if reach)) if any(reaches.values()) else _CHUNK
    decoders = {task: hierarchy.head(task).decoder(settings) for task in hierarchy.decoding_order}
    for chunk in layout.chunks(_CHUNK, window, _uncut(given, others)):
        encoded = hierarchy.encode(embeddings[chunk.start : chunk.end], chunk.layout, hierarchy.tasks)
        found: dict[str, Any] = {task: _part(spans, chunk) for task, spans in (others or {}).items()}
        own_context = None if context is None else context.part(chunk)
        own_given = None if given is None else given.part(chunk)
        for task, decoder in decoders.items():
            windows = chunk.windows(reaches[task]) if reaches[task] else None
            needed = {need: found[need] for need in hierarchy.configs[task].needs if need in found}
            beside = Beside(needed, windows, own_context, own_given)
            found[task] = decoder.add(encoded[task], chunk, beside)
    return {task: decoders[task].result() for task in hierarchy.tasks}


def _uncut(given: GivenMentions | None, others: Mapping[str, SpanTensors] | None) -> SpanIndex | None:
    """Spans that are known beforehand, which no part may cut."""
    known = [SpanIndex(spans.starts, spans.ends) for spans in (others or {}).values()]
    known += [] if given is None else [given.spans]
    return SpanIndex(*(torch.cat(column) for column in zip(*known))) if known else None


def _part(spans: SpanTensors, chunk: Chunk) -> SpanTensors:
    """Those of a part of the batch."""
    inside = (spans.starts >= chunk.start) & (spans.starts < chunk.end)
    return SpanTensors(*(column[inside] for column in spans)).shifted(-chunk.start)
