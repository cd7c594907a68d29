"""A tiny pipeline for the tests: small widths, no dropout, eight documents of the demo corpus."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Adam, fix_random_seed

from spacy_hmtl.annotations import set_tasks

DEMO = Path(__file__).parents[1] / "assets" / "demo"
LEVELS = [["ner"], ["emd"], ["relation", "coref"]]


def _encoder(width: int) -> dict[str, Any]:
    dropouts = {"input_dropout": 0.0, "dropout": 0.0, "output_dropout": 0.0}
    return {"@architectures": "spacy_hmtl.BiLSTM.v1", "hidden_width": width, "depth": 1, **dropouts}


def tiny_config(levels: list[list[str]] | None = None, **settings: Any) -> dict[str, Any]:
    """Settings for `nlp.add_pipe("hmtl", config=...)`: the defaults with small widths and no dropout.

    settings: of the component, such as relation_threshold; "model" is merged into the model's.
    """
    characters = {
        "@architectures": "spacy_hmtl.CharCNN.v1",
        "character_width": 8,
        "n_filters": 16,
        "filter_width": 3,
        "dropout": 0.0,
    }
    embed = {
        "@architectures": "spacy_hmtl.HashEmbedding.v1",
        "width": 48,
        "rows": [1000, 200, 300, 200],
        "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
        "characters": characters,
    }
    heads = {
        "ner": {"@architectures": "spacy_hmtl.CRFTagger.v1", "layers": 1, "encoder": _encoder(32)},
        "emd": {"@architectures": "spacy_hmtl.CRFTagger.v1", "layers": 2, "encoder": _encoder(32)},
        "relation": {
            "@architectures": "spacy_hmtl.MultiHeadSelection.v1",
            "encoder": _encoder(32),
            "hidden_width": 24,
            "activation": "relu",
            "prior": 0.05,
            "max_distance": 8,
        },
        "coref": {
            "@architectures": "spacy_hmtl.SpanRanking.v1",
            "encoder": _encoder(32),
            "candidates": "spans",
            "train_candidates": "predicted",
            "max_span_width": 6,
            "spans_per_token": 0.4,
            "window": 200,
            "max_antecedents": 30,
            "top_antecedents": 0,
            "features": [],
            "hidden_width": 24,
            "depth": 2,
            "feature_width": 8,
            "pair_width": 16,
            "dropout": 0.0,
            "singletons": True,
        },
    }
    model = {
        "@architectures": "spacy_hmtl.HMTL.v1",
        "levels": levels or LEVELS,
        "max_segment": 64,
        "lr_scale": 1.0,
        "embed": embed,
        "heads": heads,
        **settings.pop("model", {}),
    }
    return {"model": model, **settings}


def tiny_nlp(
    examples: Iterable[Example], levels: list[list[str]] | None = None, *, seed: int = 0, **settings: Any
) -> Language:
    """An initialized, untrained pipeline with the tiny component."""
    fix_random_seed(seed)
    nlp = spacy.blank("en")
    nlp.add_pipe("hmtl", config=tiny_config(levels, **settings))
    examples = list(examples)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "\\[W105\\]")
        nlp.initialize(lambda: examples)
    return nlp


def for_task(examples: Iterable[Example], task: str) -> list[Example]:
    """The examples again, each tagged with one task."""
    tagged = []
    for eg in examples:
        reference = eg.reference.copy()
        set_tasks(reference, [task])
        tagged.append(Example(eg.predicted.copy(), reference))
    return tagged


def train(
    nlp: Language, examples: list[Example], n_updates: int, *, learn_rate: float = 0.02
) -> list[dict[str, float]]:
    """Update all tasks together on all examples (untagged ones teach every layer they have); the losses of each."""
    optimizer = Adam(learn_rate)
    return [nlp.update(examples, sgd=optimizer, losses={}) for _ in range(n_updates)]


def weights(pipe: Any) -> dict[str, Any]:
    """Copies of every parameter of the component by name, Thinc's and torch's, as arrays."""
    found = {}
    for i, node in enumerate(pipe.model.walk()):
        for name in node.param_names:
            if node.has_param(name):
                found[f"{i}.{node.name}.{name}"] = node.get_param(name).copy()
        for shim in node.shims:
            for name, value in shim._model.named_parameters():
                found[f"{i}.{node.name}.{name}"] = value.detach().cpu().numpy().copy()
    return found


def snapshot(doc: Doc) -> dict[str, Any]:
    """The span groups of a Doc in full: name, spans, labels and attrs, as plain lists."""
    result: dict[str, Any] = {"ents": [(e.start, e.end, e.label_) for e in doc.ents]}
    for key in doc.spans:
        group = doc.spans[key]
        attrs = {name: value.tolist() if hasattr(value, "tolist") else value for name, value in group.attrs.items()}
        result[key] = (group.name, [(s.start, s.end, s.label_) for s in group], attrs)
    return result


def assert_alike(doc: Doc, other: Doc, tolerance: float = 1e-5) -> None:
    """Fail where two Docs differ in any layer; confidences may differ by `tolerance`."""
    ours, theirs = snapshot(doc), snapshot(other)
    assert [t.text for t in doc] == [t.text for t in other]
    assert ours.keys() == theirs.keys()
    assert ours["ents"] == theirs["ents"]
    for key in doc.spans:
        (name, spans, attrs), (other_name, other_spans, other_attrs) = ours[key], theirs[key]
        assert (name, spans) == (other_name, other_spans)
        assert attrs.keys() == other_attrs.keys()
        for field in attrs:
            if field == "scores":
                assert attrs[field] == pytest.approx(other_attrs[field], abs=tolerance)
            else:
                assert attrs[field] == other_attrs[field]


def make_examples(docs: list[Doc]) -> list[Example]:
    """Examples of gold documents: their tokens and sentences, and nothing else, are given."""
    examples = []
    for doc in docs:
        words, spaces = [t.text for t in doc], [bool(t.whitespace_) for t in doc]
        starts: list[bool | int | None] = [bool(t.is_sent_start) for t in doc]
        examples.append(Example(Doc(doc.vocab, words=words, spaces=spaces, sent_starts=starts), doc))
    return examples
