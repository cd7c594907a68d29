"""Gold data as Examples, and their predicted sides annotated in place."""

from __future__ import annotations

from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from ..annotations.documents import copy_tokens
from ..annotations.groups import get_clusters, is_annotated, set_mentions
from ..annotations.layers import TASKS
from ..errors import Errors
from .arguments import Given
from .documents import read_annotated

GOLD_MENTIONS = "hmtl_gold_mentions"


def make_examples(nlp: Language, data: Given) -> list[Example]:
    """An Example for each Doc that has tokens, its predicted side with the gold tokens and sentence boundaries.

    RAISES (ValueError): H104, H592, and those of `read_annotated`.
    """
    return [Example(copy_tokens(reference, nlp.vocab), reference) for reference in read_gold(nlp, data)]


def read_gold(nlp: Language, data: Given) -> list[Doc]:
    """The Docs that have tokens, of which at least one is annotated.

    RAISES (ValueError): H104, H592, and those of `read_annotated`.
    """
    references = [doc for doc in read_annotated(data, nlp.vocab) if len(doc)]
    if not references:
        raise ValueError(Errors.H104.format(path=data.name))
    if not any(is_annotated(doc, task) for doc in references for task in TASKS):
        raise ValueError(Errors.H592.format(path=data.name))
    return references


def give_gold_mentions(pipes: list[Any], examples: list[Example]) -> None:
    """Let the coreference heads cluster the gold mentions instead of their own candidates."""
    for eg in examples:
        clusters = get_clusters(eg.reference)
        if clusters is not None:
            set_mentions(eg.predicted, [mention for cluster in clusters for mention in cluster], key=GOLD_MENTIONS)
    for pipe in pipes:
        pipe.cfg["gold_mentions_key"] = GOLD_MENTIONS


def annotate_examples(nlp: Language, examples: list[Example], *, batch_size: int) -> None:
    """Annotate the predicted sides, as `nlp.evaluate` does, but keep them."""
    docs: list[Doc] = list(nlp.pipe((eg.predicted for eg in examples), batch_size=batch_size))
    for eg, doc in zip(examples, docs):
        eg.predicted = doc
