"""Weights of a pipeline, before and after it has grown, and examples that make it grow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import spacy
import torch
from spacy.language import Language
from spacy.tokens import Span
from spacy.training import Example
from thinc.api import Config
from tiny import _encoder

from spacy_hmtl.annotations import get_relations, set_relations
from spacy_hmtl.types import LabeledSpan, Triple

SPAN_PAIRS = {
    **{"@architectures": "spacy_hmtl.SpanPairs.v1", "encoder": _encoder(32), "arguments": "own", "layers": 2},
    **{"hidden_width": 32, "feature_width": 8, "context": True, "dropout": 0.0, "prior": 0.05, "window": 0},
    **{"warmup_updates": 5, "seen_types": True},
}


def pipe_of(nlp: Language) -> Any:
    return nlp.get_pipe("hmtl")


def weights(nlp: Language) -> dict[str, torch.Tensor]:
    state = pipe_of(nlp).model.shims[0].hierarchy.state_dict()
    return {name: value.clone() for name, value in state.items()}


def embeddings(nlp: Language) -> dict[str, Any]:
    """All weights of the embeddings, as bytes."""
    found: dict[str, Any] = {}
    for number, node in enumerate(pipe_of(nlp).model.layers[0].walk()):
        found |= {f"{number}.{name}": node.get_param(name).tobytes() for name in node.param_names}
        for shim in node.shims:
            found |= {f"{number}.{name}": v.numpy().tobytes() for name, v in shim._model.state_dict().items()}
    return found


def assert_kept(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor]) -> None:
    """Every weight stands, bit for bit, at the beginning of what may be larger now."""
    assert before.keys() == after.keys()
    for name, value in before.items():
        assert torch.equal(value, after[name][tuple(slice(0, n) for n in value.shape)]), name


def same_numbers(nlp: Language, examples: list[Example]) -> dict[str, Any]:
    return nlp.evaluate([Example(eg.predicted.copy(), eg.reference) for eg in examples])


def with_employers(examples: list[Example]) -> list[Example]:
    """The examples with one more label in each labelled task, and one more type of argument."""
    grown = []
    for eg in examples:
        gold = eg.reference.copy()
        gold.set_ents([*(ent for ent in gold.ents if ent.start > 0), Span(gold, 0, 1, "ZZZ_NAME")])
        first = [Span(gold, start, start + 1, "ZZZ_MENTION") for start in (0, 1)]
        gold.spans["mentions"] = [*first, *(m for m in gold.spans["mentions"] if m.start > 1)]
        new = Triple(LabeledSpan(0, 1, "ZZZ_MENTION"), "ZZZ_RELATION", LabeledSpan(1, 2, "ZZZ_MENTION"), 1.0)
        set_relations(gold, [*(r for r in get_relations(gold) or [] if min(r.head.start, r.tail.start) > 1), new])
        grown.append(Example(eg.predicted.copy(), gold))
    return grown


def training_config(levels: list[list[str]], path: Path, component: dict[str, Any], n_steps: int = 4) -> Config:
    block = {"path": str(path)}
    corpus = {"@readers": "spacy_hmtl.MultiTaskCorpus.v1", **{task: block for level in levels for task in level}}
    nlp = spacy.blank("en")
    config = nlp.config.copy()
    config["nlp"]["pipeline"] = ["hmtl"]
    config["components"] = {"hmtl": component}
    config["corpora"] = {"train": corpus, "dev": corpus}
    sizes = dict.fromkeys([task for level in levels for task in level], 4)
    config["training"] |= {"max_steps": n_steps, "eval_frequency": n_steps, "max_epochs": 0}
    config["training"]["batcher"] = {
        "@batchers": "spacy_hmtl.TaskBatcher.v1",
        "sampling": "uniform",
        "size": sizes,
        "seed": 0,
    }
    return Config(config)


def level(nlp: Language, task: str) -> dict[str, torch.Tensor]:
    return {name: value for name, value in weights(nlp).items() if name.split(".")[1] == task}


def same_weights(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(value, other[name]) for name, value in one.items())
