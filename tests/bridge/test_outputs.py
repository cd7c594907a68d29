"""What heads find as annotation of documents: relations are attached to spans, by the types seen in training."""

from __future__ import annotations

from typing import Any

import spacy
import torch
from spacy.training import Example
from tiny import tiny_config, tiny_nlp

from spacy_hmtl.bridge.outputs import predictions, split_relations, split_span_pairs
from spacy_hmtl.nn.encoder import BiLSTMConfig
from spacy_hmtl.nn.heads.protocol import HeadConfig
from spacy_hmtl.nn.heads.relation import RelationConfig
from spacy_hmtl.nn.heads.tagger import TaggerConfig
from spacy_hmtl.nn.heads.tensors import SpanPairs, SpanTensors, TokenPairs
from spacy_hmtl.nn.hierarchy import Hierarchy, LabelSets
from spacy_hmtl.types import LabeledSpan, Triple

# "the office in Lisbon" and "Lisbon" end at the same token.
WHOLE, CITY, PERSON = LabeledSpan(2, 6, "ORG"), LabeledSpan(5, 6, "GPE"), LabeledSpan(0, 1, "PER")


def pairs(*rows: tuple[int, int, int]) -> TokenPairs:
    first, second, labels = torch.tensor(rows, dtype=torch.int64).reshape(-1, 3).unbind(1)
    return TokenPairs(first, second, labels, torch.full((len(rows),), 0.5))


def attached(schema: set[tuple[str, str, str]], *rows: tuple[int, int, int]) -> list[Triple]:
    mentions = [[PERSON, WHOLE, CITY]]
    (triples,) = split_relations(pairs(*rows), ["LIVES_IN", "WORKS_FOR"], [8], mentions, [[]], schema)
    return triples


def test_of_spans_that_end_together_the_types_of_the_schema_choose() -> None:
    schema = {("PER", "LIVES_IN", "GPE"), ("PER", "WORKS_FOR", "ORG")}
    found = attached(schema, (0, 5, 0), (0, 5, 1))
    assert [(triple.label, triple.tail) for triple in found] == [("LIVES_IN", CITY), ("WORKS_FOR", WHOLE)]
    # As head, too.
    assert attached({("GPE", "LIVES_IN", "PER")}, (5, 0, 0))[0].head == CITY


def test_without_types_that_fit_the_longest_span_is_taken() -> None:
    for schema in (set(), {("PER", "WORKS_FOR", "GPE")}, {("GPE", "LIVES_IN", "PER")}):
        assert attached(schema, (0, 5, 0))[0].tail == WHOLE


def test_the_schema_of_the_network_chooses() -> None:
    encoder = BiLSTMConfig(2, 1, 0.0, 0.0, 0.0)
    configs: dict[str, HeadConfig] = {
        "emd": TaggerConfig(encoder, 1),
        "relation": RelationConfig(encoder, 3, "relu", 0.1, 0),
    }
    labels = {"emd": ["GPE", "ORG", "PER"], "relation": ["LIVES_IN"]}
    starts, ends, types = torch.tensor([(0, 1, 2), (2, 6, 1), (5, 6, 0)]).unbind(1)
    found = {"emd": SpanTensors(starts, ends, types, torch.ones(3)), "relation": pairs((0, 5, 0))}
    for schema, tail in (([], WHOLE), ([["PER", "LIVES_IN", "GPE"]], CITY)):
        hierarchy = Hierarchy(4, [["emd"], ["relation"]], LabelSets(labels, [], schema), configs)
        (layers,) = predictions(found, hierarchy, [8])
        assert layers.relations is not None
        assert [triple.tail for triple in layers.relations] == [tail]


def test_the_schema_is_learnt_and_saved(demo_examples: list[Example]) -> None:
    nlp = tiny_nlp(demo_examples)
    schema = schema_of(nlp)
    assert schema
    assert all(len(types) == 3 for types in schema)
    other = spacy.blank("en")
    other.add_pipe("hmtl", config=tiny_config())
    assert schema_of(other.from_bytes(nlp.to_bytes())) == schema


def schema_of(nlp: Any) -> list[list[str]]:
    schema: list[list[str]] = nlp.get_pipe("hmtl").model.shims[0].hierarchy.schema
    return schema


def test_a_token_may_stand_for_two_spans_but_never_for_one_twice() -> None:
    assert {span[:2] for span in attached(set(), (5, 5, 0))[0][::2]} == {WHOLE[:2], CITY[:2]}
    assert attached(set(), (0, 0, 0)) == []


def test_spans_that_begin_together_may_be_related() -> None:
    firm, boss = LabeledSpan(0, 1, "ORG"), LabeledSpan(0, 3, "PER")  # "Dell" in "Dell's boss"
    (found,) = split_relations(pairs((2, 0, 0)), ["WORKS_FOR"], [8], [[firm, boss]], [[]], set())
    assert [(triple.head, triple.tail) for triple in found] == [(boss, firm)]


def test_names_stand_in_where_no_mention_ends_and_tokens_where_no_name_does() -> None:
    name = LabeledSpan(6, 7, "DATE")
    (found,) = split_relations(pairs((0, 6, 0), (0, 7, 0)), ["SINCE"], [8], [[PERSON]], [[name]], set())
    assert [triple.tail for triple in found] == [name, LabeledSpan(7, 8)]


def test_spans_that_the_head_found_are_the_arguments_document_by_document() -> None:
    starts, ends, types = torch.tensor([[0, 1, 0], [2, 4, 1], [5, 7, 1]]).unbind(1)
    arguments = SpanTensors(starts, ends, types, torch.tensor([0.9, 0.8, 0.7]))
    found = SpanPairs(
        arguments, torch.tensor([1, 2]), torch.tensor([0, 2]), torch.tensor([0, 1]), torch.tensor([0.6, 0.5])
    )
    first, second, third = split_span_pairs(found, ["R", "S"], ["A", "B"], [4, 0, 4])
    scores = torch.tensor([0.9, 0.8, 0.7]).tolist()
    assert first == [Triple(LabeledSpan(2, 4, "B", scores[1]), "R", LabeledSpan(0, 1, "A", scores[0]), first[0].score)]
    assert second == []
    assert [(triple.head[:3], triple.label) for triple in third] == [((1, 3, "B"), "S")]
