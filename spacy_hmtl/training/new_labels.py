"""Labels that training data have and a loaded component lacks: found when training begins, whatever reads the data."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from spacy.language import Language
from spacy.util import resolve_dot_names

# Of a corpus without an end (max_epochs = -1): as many as spaCy itself looks at then.
_SAMPLE = 100


def make_new_labels() -> Callable[[Language], None]:
    """A callback for `[initialize.before_init]`: sourced components get the labels that are new in the training corpus.

    `spacy train` shows a sourced component no examples before it trains on them. `spacy_hmtl.MultiTaskCorpus.v1`, and
    `spacy_hmtl.ConsoleLogger.v1` with any reader, look by themselves; this is for other readers with other loggers.

    RETURNS (Callable): Called with the pipeline before it is initialized.
    """
    # Those whose training goes on are switched off while the others are initialized.
    return lambda nlp: add_new_labels(nlp, nlp.components)


def add_new_labels(nlp: Language, components: Iterable[tuple[str, Any]]) -> None:
    """Add the labels of the training corpus that loaded components do not know; what is learnt is kept.

    Of a corpus without an end (max_epochs = -1), the first 100 examples are looked at. Nothing is read where no
    component goes on with its training.

    nlp (Language): A pipeline with a config for training.
    components (list): Those of its components, by name, that may want labels.
    """
    pipes = waiting(nlp, components)
    if not pipes:
        return
    config = nlp.config.interpolate()
    training = config["training"]
    (corpus,) = resolve_dot_names(config, [training["train_corpus"]])
    if getattr(corpus, "finds_new_labels", False):
        return
    most = _SAMPLE if training["max_epochs"] == -1 else None
    for pipe in pipes:
        pipe.add_labels_of(islice(corpus(nlp), most))


def waiting(nlp: Language, components: Iterable[tuple[str, Any]]) -> list[Any]:
    """Loaded components, of these, with which training is about to go on: they must know new labels before it does."""
    frozen = nlp.config["training"].get("frozen_components") or []
    return [pipe for name, pipe in components if name not in frozen and getattr(pipe, "waits_for_labels", False)]
