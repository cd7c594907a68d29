"""Random layouts and networks for the tests of the network, and oracles' helpers."""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from spacy_hmtl.nn.encoder import BiLSTMConfig, Encoded
from spacy_hmtl.nn.heads.coref import CorefConfig
from spacy_hmtl.nn.heads.relation import RelationConfig
from spacy_hmtl.nn.heads.tagger import TaggerConfig
from spacy_hmtl.nn.hierarchy import Hierarchy, LabelSets
from spacy_hmtl.nn.layout import Layout

# Documents as lists of segment lengths; a document without segments is empty.
Documents = list[list[int]]
seeds = st.integers(0, 10_000)


def documents(max_segment: int = 5, max_segments: int = 3, max_documents: int = 3) -> st.SearchStrategy[Documents]:
    segment = st.integers(1, max_segment)
    return st.lists(st.lists(segment, max_size=max_segments), min_size=1, max_size=max_documents)


def layout_of(docs: Documents) -> Layout:
    return Layout(
        torch.tensor([length for doc in docs for length in doc], dtype=torch.int64),
        torch.tensor([sum(doc) for doc in docs], dtype=torch.int64),
    )


def segments_of(docs: Documents) -> list[list[tuple[int, int]]]:
    """Flat (start, end) of each segment, per document, by a loop."""
    result, position = [], 0
    for doc in docs:
        own = []
        for length in doc:
            own.append((position, position + length))
            position += length
        result.append(own)
    return result


def encoder_config(hidden_width: int = 3, depth: int = 1) -> BiLSTMConfig:
    return BiLSTMConfig(hidden_width, depth, 0.0, 0.0, 0.0)


def random_encoded(docs: Documents, input_width: int, width: int) -> Encoded:
    """Random inputs and states, drawn from torch's seed."""
    n_tokens = sum(map(sum, docs))
    return Encoded(torch.randn(n_tokens, input_width), torch.randn(n_tokens, width), layout_of(docs))


def part_of(encoded: Encoded, docs: Documents, number: int) -> Encoded:
    """One document of a batch, alone."""
    start = sum(map(sum, docs[:number]))
    end = start + sum(docs[number])
    return Encoded(encoded.inputs[start:end], encoded.states[start:end], layout_of([docs[number]]))


def randomize(module: torch.nn.Module, scale: float = 1.0) -> None:
    """Draw every parameter again, biases included, so that no term is zero by chance."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(std=scale)


# Width of the embeddings that `four_tasks` reads.
INPUT = 4


def four_tasks(candidates: str, top: int, window: int) -> Hierarchy:
    """A small hierarchy with random weights that finds something of all four tasks.

    candidates, top, window: of coreference, see CorefConfig.
    """
    features = ("speaker", "genre")
    configs: dict[str, Any] = {
        "ner": TaggerConfig(encoder_config(2), 1),
        "emd": TaggerConfig(encoder_config(3), 2),
        "relation": RelationConfig(encoder_config(4), 3, "relu", 0.1, 4),
        "coref": CorefConfig(
            encoder_config(5), candidates, "gold", 3, 0.5, window, 4, top, 5, 2, 2, 3, features, 0.0, True
        ),
    }
    labels = LabelSets({"ner": ["A"], "emd": ["B", "C"], "relation": ["R", "S"]})
    hierarchy = Hierarchy(INPUT, [["ner"], ["emd"], ["relation", "coref"]], labels, configs)
    randomize(hierarchy, 0.6)
    return hierarchy.eval()


def close(a: Tensor | float, b: Tensor | float, tolerance: float = 1e-4) -> bool:
    return torch.allclose(torch.as_tensor(a), torch.as_tensor(b), rtol=tolerance, atol=tolerance)
