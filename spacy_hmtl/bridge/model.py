"""The Thinc model of the component: embeddings, then the hierarchy in its shim."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from spacy.tokens import Doc
from thinc.api import Model, get_torch_default_device, torch2xp, xp2torch
from thinc.types import Floats2d

from ..annotations.layers import Layers
from ..errors import Errors
from ..nn.decoding import decode
from ..nn.heads.protocol import HeadConfig
from ..nn.hierarchy import Hierarchy, LabelSets, Levels
from ..nn.precision import PRECISIONS
from ..types import LabeledSpan
from .beside import among_read, given_mentions, given_needs
from .calibration import before_tempering, tempered_findings
from .embeddings.concat import width_of
from .embeddings.protocol import hooks_of
from .lessons import Lesson, context_of, embedded, loss
from .levels import check_levels
from .outputs import predictions
from .reading import Reading, read_batch
from .settings import default_heads
from .shim import HierarchyShim

# Thresholds of a model that is called without its component.
_ALONE = {"relation_threshold": 0.5, "coref_threshold": None, "singleton_threshold": 0.5}


@dataclass
class Batch:
    """Input of the model.

    docs (Sequence): Docs, empty ones included.
    lessons (Sequence, optional): With these, the output is the loss of each task in nats per
        document that teaches it. A task is in one lesson.
    settings (Mapping): Those of the component, thresholds of decoding among them.
    given (Sequence, optional): For each Doc mentions to cluster instead of the head's own
        candidates (gold-mention mode), or None.
    beside (Sequence, optional): For each Doc the names and mentions that other components have
        written: arguments of relations, and candidates of coreference, where no level finds them.
    reading (Reading, optional): What is read of the Docs, where it is known already.
    """

    docs: Sequence[Doc]
    lessons: Sequence[Lesson] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    given: Sequence[Sequence[LabeledSpan] | None] | None = None
    beside: Sequence[Layers] | None = None
    reading: Reading | None = None


def make_hmtl(
    *,
    embed: Model[list[Doc], list[Floats2d]],
    levels: list[list[str]],
    heads: dict[str, Any] | None = None,
    max_segment: int = 256,
    lr_scale: float = 1.0,
    precision: str = "float32",
    shortcuts: bool = True,
) -> Model[Batch, Any]:
    """The hierarchical multi-task model.

    embed (Model): Shared embeddings, from Docs to arrays of shape (tokens, E).
    levels (list): Tasks of each level from the bottom, e.g.
        [["ner"], ["emd"], ["relation", "coref"]]. An encoder reads the embeddings and the
        states of the last task of the level below.
    heads (dict, optional): For each task a `HeadConfig` of its kind; those of tasks outside `levels` are not used.
        Left out, each task has a head of its kind with that one's defaults.
    max_segment (int): Longest sequence an encoder runs over, in tokens; sentences where
        the Doc has them are not cut unless they are longer.
    lr_scale (float): Factor on the optimizer's learning rate for encoders and heads.
    precision (str): What a transformer among the embeddings predicts with: "float32",
        "bfloat16", "float16" (on a GPU) or "int8" (on a CPU); "auto" takes bfloat16 where the
        device multiplies it and float32 elsewhere. Training, saved weights and all other
        layers stay in float32.
    shortcuts (bool): Let encoders above the bottom read the embeddings, too, as in the paper;
        if False, they read the states of the level below alone.
    RETURNS (Model): From a Batch to predictions, one per Doc, or to losses.
    RAISES (ValueError): H201 to H205, H210 to H212, H237, H240, H241, before anything is built.

    Source: Sanh, Wolf and Ruder (2019), "A Hierarchical Multi-task Approach for Learning
    Embeddings from Semantic Tasks", section "Model".
    """
    heads = default_heads() if heads is None else heads
    check_levels(levels, heads)
    if max_segment < 1:
        section = "[components.hmtl.model]"
        message = Errors.H205.format(key="max_segment", expected="at least 1", value=max_segment, section=section)
        raise ValueError(message)
    set_precision(embed, precision)
    used = {task: heads[task] for level in levels for task in level}
    shim = HierarchyShim(levels, partial(_build, levels=levels, configs=used, shortcuts=shortcuts), lr_scale)
    return Model(
        "hmtl",
        _forward,
        init=_init,
        layers=[embed],
        shims=[shim],
        attrs={"levels": levels, "max_segment": max_segment, "heads": used},
    )


def set_precision(embed: Model[Any, Any], precision: str) -> None:
    """Say what the encoders among the embeddings predict with.

    embed (Model): The embeddings.
    precision (str): One of `PRECISIONS`.
    RAISES (ValueError): H205; H237 where less precision is asked for and there is nothing to save it on.
    """
    if precision not in PRECISIONS:
        expected, section = " or ".join(PRECISIONS), "[components.hmtl.model]"
        raise ValueError(Errors.H205.format(key="precision", expected=expected, value=precision, section=section))
    able = [hooks.set_precision(precision) for hooks in hooks_of(embed)]
    if precision not in ("float32", "auto") and not any(able):
        raise ValueError(Errors.H237.format(value=precision))


def _build(
    input_width: int, labels: LabelSets, levels: Levels, configs: dict[str, HeadConfig], shortcuts: bool
) -> Hierarchy:
    return Hierarchy(input_width, levels, labels, configs, shortcuts)


def initialize(
    model: Any, docs: list[Doc], labels: dict[str, list[str]], arguments: list[str], schema: list[list[str]]
) -> None:
    """Initialize the embeddings with sample Docs and build the hierarchy for these labels.

    model (Model): Made by `make_hmtl`.
    docs (list): At least one, with tokens.
    labels (dict): Labels of each task.
    arguments (list): Types of the arguments of relations.
    schema (list): Types that arguments of relations have together: [head type, label, tail type].
    """
    embed = model.layers[0]
    embed.initialize(X=docs)
    model.shims[0].build(width_of(embed, docs), LabelSets(labels, arguments, schema))


def _init(model: Model[Batch, Any], X: Any = None, Y: Any = None) -> None:
    model.layers[0].initialize(X=X.docs if isinstance(X, Batch) else X)


def _forward(model: Model[Batch, Any], X: Batch | list[Doc], is_train: bool) -> tuple[Any, Callable[..., Any]]:
    # Plain Docs are what `spacy debug model` gives to any model.
    batch = X if isinstance(X, Batch) else Batch(X, settings=_ALONE)
    docs = list(batch.docs)
    device = get_torch_default_device()
    reading = batch.reading if batch.reading is not None else read_batch(docs, model.attrs["max_segment"], device)
    if batch.lessons is not None:
        return loss(model, reading, batch.lessons, batch.settings, is_train, batch.beside)
    context = context_of(model, reading)
    hierarchy = _eval(model)
    embeddings = _embed(model, reading)
    given = None if batch.given is None else given_mentions(batch.given, reading)
    beside = among_read(batch.beside or [Layers()] * len(docs), reading)
    others = given_needs(hierarchy, beside, reading)
    with torch.inference_mode():
        raw = before_tempering(batch.settings)
        found = decode(hierarchy, embeddings, reading.layout, raw, given=given, context=context, others=others)
        found = tempered_findings(found, batch.settings)
    layers = predictions(found, hierarchy, reading.layout.doc_lengths.tolist(), beside)
    return [own if real is None else own.moved(real.outward) for own, real in zip(layers, reading.real)], lambda _: docs


def _embed(model: Any, reading: Reading) -> torch.Tensor:
    """Embeddings of what is read, without gradients, shape (T, E)."""
    device = get_torch_default_device()
    if reading.layout.n_tokens == 0:
        return torch.zeros((0, model.shims[0].hierarchy.input_width), device=device)
    docs, rows = embedded(model, reading)
    embeddings = xp2torch(model.ops.xp.concatenate(model.layers[0].predict(docs)), device=device)
    return embeddings if rows is None else embeddings.index_select(0, rows)


def _eval(model: Any) -> Hierarchy:
    hierarchy = model.shims[0].hierarchy
    if hierarchy.training:
        hierarchy.eval()
    result: Hierarchy = hierarchy
    return result


def states(model: Any, docs: Sequence[Doc]) -> dict[str, list[Floats2d]]:
    """States of every level, and the embeddings under the key "embeddings".

    model (Model): Initialized.
    docs (Sequence): Docs, which are not changed.
    RETURNS (dict): Task -> one array per Doc, shape (tokens, H of the task's encoder). White
        space, which nothing reads, has zeros.
    """
    docs = list(docs)
    reading = read_batch(docs, model.attrs["max_segment"], get_torch_default_device())
    hierarchy = _eval(model)
    lengths = model.ops.asarray1i([len(doc) for doc in docs])
    with torch.inference_mode():
        embeddings = _embed(model, reading)
        encoded = hierarchy.encode(embeddings, reading.layout, hierarchy.tasks)
        flat = {"embeddings": embeddings, **{task: e.states for task, e in encoded.items()}}
        whole = {name: _spread(values, reading) for name, values in flat.items()}
        return {name: model.ops.unflatten(torch2xp(values), lengths) for name, values in whole.items()}


def _spread(values: torch.Tensor, reading: Reading) -> torch.Tensor:
    """Rows of the tokens that are read, shape (T, width), as rows of all tokens, in memory of their own."""
    if reading.kept is None:
        return values.clone()
    return values.new_zeros((sum(map(len, reading.docs)), values.shape[1])).index_copy_(0, reading.kept, values)
