"""What other components would have written, and pipelines of one layer that read it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from tiny import tiny_config, train

from spacy_hmtl.annotations import get_mentions
from spacy_hmtl.annotations.groups import get_entities, set_entities, set_mentions

Writer = Callable[[Doc, Doc], None]


def coref_config(levels: list[list[str]], **settings: Any) -> dict[str, Any]:
    config = tiny_config(levels, **settings)
    config["model"]["heads"]["coref"] |= {"candidates": "mentions", "train_candidates": "gold"}
    return config


def make(examples: list[Example], config: dict[str, Any], n_updates: int) -> Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("hmtl", config=config)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*cannot hold all nested spans")
        nlp.initialize(lambda: examples)
    train(nlp, examples, n_updates)
    return nlp


def with_names(doc: Doc, gold: Doc) -> None:
    """What another component would have written: the gold names."""
    set_entities(doc, get_entities(gold) or [])


def with_mentions(doc: Doc, gold: Doc) -> None:
    set_mentions(doc, get_mentions(gold) or [])
