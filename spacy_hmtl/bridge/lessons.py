"""What a batch teaches: each task on the Docs that are annotated for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy
import torch
from spacy.tokens import Doc
from thinc.api import get_torch_default_device, torch2xp, xp2torch

from ..annotations.layers import Layers
from ..nn.growth import EMBEDDINGS, hold
from ..nn.heads.protocol import DocContext
from ..nn.heads.tensors import SpanTensors
from .beside import among_read, given_needs, is_candidate_source
from .context import make_context
from .reading import Reading


class Lesson(NamedTuple):
    """What some Docs of a batch teach.

    rows (Sequence): Numbers of these Docs in the batch, ascending.
    reading (Reading): What is read of these Docs.
    targets (Mapping): For each task those of its head's kind.
    """

    rows: Sequence[int]
    reading: Reading
    targets: Mapping[str, Any]


def context_of(model: Any, reading: Reading) -> DocContext | None:
    """What the heads of a model need to know of Docs beside their tokens.

    model (Model): The component's.
    reading (Reading): Of the Docs.
    RETURNS (DocContext, optional): None where no head needs any.
    """
    features = {name for head in model.attrs["heads"].values() for name in head.context_features}
    return make_context(reading.docs, sorted(features), reading.layout, get_torch_default_device(), reading)


def embedded(model: Any, reading: Reading) -> tuple[list[Doc], torch.Tensor | None]:
    """The Docs that the embeddings read, and which rows of theirs are wanted (None: all).

    A listener has the output of another component at hand, which is of whole Docs.

    model (Model): The component's.
    reading (Reading): Of the Docs.
    RETURNS (tuple): Docs, and Int64 of shape (T,).
    """
    if reading.kept is None or not any("listener" in node.name for node in model.layers[0].walk()):
        return reading.read, None
    return list(reading.docs), reading.kept


def loss(
    model: Any,
    reading: Reading,
    lessons: Sequence[Lesson],
    settings: Mapping[str, Any],
    is_train: bool,
    beside: Sequence[Layers] | None = None,
) -> tuple[dict[str, float], Callable[..., Any]]:
    """Losses of the tasks that have targets; the callback goes back to the embeddings.

    The embeddings read the whole batch once; encoders and heads read for each lesson its Docs.

    model (Model): The component's.
    reading (Reading): Of the batch.
    lessons (Sequence): What its Docs teach; each task is in one lesson.
    settings (Mapping): Those of the component.
    is_train (bool): Whether gradients are wanted.
    beside (Sequence, optional): For each Doc what other components have written. It teaches in lessons
        all of whose Docs have some; in others the gold annotation is all there is.
    RETURNS (tuple): Task -> nats per document that teaches it, and the callback.
    """
    hierarchy = model.shims[0].hierarchy
    filled = [lesson for lesson in lessons if lesson.reading.layout.n_tokens]
    empty = dict.fromkeys((task for lesson in lessons for task in lesson.targets), 0.0)
    if not filled:
        return empty, lambda _: list(reading.docs)
    docs, kept = embedded(model, reading)
    frozen = settings.get("frozen") or ()
    learns = is_train and EMBEDDINGS not in frozen
    # Listeners have what another component made for training only in the mode of training.
    listens = any("listener" in node.name for node in model.layers[0].walk())
    arrays, backprop_embed = model.layers[0](docs, learns or (is_train and listens))
    leaf = xp2torch(model.ops.xp.concatenate(arrays), requires_grad=learns, device=get_torch_default_device())
    hierarchy.train(is_train)
    hold(hierarchy, frozen)
    losses: dict[str, torch.Tensor] = {}
    with torch.set_grad_enabled(is_train):
        embeddings = leaf if kept is None else leaf.index_select(0, kept)
        for lesson in filled:
            rows, context = _tokens(reading, lesson.rows), context_of(model, lesson.reading)
            inputs = embeddings if rows is None else embeddings.index_select(0, rows)
            others = _others(hierarchy, lesson, beside)
            losses |= hierarchy.loss(inputs, lesson.reading.layout, lesson.targets, settings, context, others)

    def backprop(_: Any) -> list[Doc]:
        torch.stack(list(losses.values())).sum().backward()
        if not learns:
            return docs
        gradient = leaf.grad if leaf.grad is not None else torch.zeros_like(leaf)
        lengths = model.ops.asarray1i([len(doc) for doc in docs])
        result: list[Doc] = backprop_embed(model.ops.unflatten(torch2xp(gradient), lengths))
        return result

    return empty | {task: float(value.detach()) for task, value in losses.items()}, backprop


def _others(hierarchy: Any, lesson: Lesson, beside: Sequence[Layers] | None) -> dict[str, SpanTensors]:
    """What a lesson's Docs hold already that heads need and no level finds."""
    own = [] if beside is None else [beside[row] for row in lesson.rows]
    if not own or not all(map(is_candidate_source, own)):
        return {}
    return given_needs(hierarchy, among_read(own, lesson.reading), lesson.reading)


def _tokens(reading: Reading, rows: Sequence[int]) -> torch.Tensor | None:
    """Flat offsets of what is read of some Docs of a batch, or None for all of them, shape (T,)."""
    if len(rows) == len(reading.docs):
        return None
    is_in = numpy.zeros(len(reading.docs), dtype=bool)
    is_in[list(rows)] = True
    offsets = numpy.repeat(is_in, list(map(len, reading.read))).nonzero()[0]
    return torch.from_numpy(offsets).to(reading.layout.doc_lengths.device)
