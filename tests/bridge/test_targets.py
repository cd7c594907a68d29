"""Gold annotation as targets: alignment, segments, nesting, numbers of clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Adam
from tiny import for_task, tiny_nlp

from spacy_hmtl.annotations import AnnotatedDocument, Layers, set_meta, to_doc
from spacy_hmtl.annotations.layers import make_clusters
from spacy_hmtl.bridge.places import aligner
from spacy_hmtl.bridge.reading import read_batch
from spacy_hmtl.bridge.segments import make_layout, segment_starts
from spacy_hmtl.bridge.targets import ARGUMENTS, TargetBuilder
from spacy_hmtl.nn.encoder import BiLSTMConfig
from spacy_hmtl.nn.heads.coref import CorefConfig
from spacy_hmtl.nn.heads.protocol import HeadConfig
from spacy_hmtl.nn.heads.relation import RelationConfig
from spacy_hmtl.nn.heads.tagger import TaggerConfig
from spacy_hmtl.nn.hierarchy import LabelSets
from spacy_hmtl.types import LabeledSpan, Triple

VOCAB = spacy.blank("en").vocab
WORDS = ["Ann", "Lee", "left", ".", "She", "won", "."]
TASKS = {"ner": ["ORG", "PER"], "emd": ["ORG", "PER"], "relation": ["KNOWS", "LEFT"], "coref": []}
LABELS = LabelSets(TASKS, ["", "ORG", "PER"])


def gold(**layers: Any) -> Doc:
    spaces = [True, True, False, True, True, False, False]
    return to_doc(AnnotatedDocument("d", WORDS, spaces, [0, 4], Layers(**layers)), VOCAB)


def example(words: list[str], spaces: list[bool] | None = None, **layers: Any) -> Example:
    return Example(Doc(VOCAB, words=words, spaces=spaces), gold(**layers))


@dataclass(frozen=True)
class TypedRelations(RelationConfig):
    """Relations between typed spans: the same network, other targets."""

    layers: int = 0
    window: int = 0

    @property
    def tag_layers(self) -> int:
        return self.layers

    @property
    def reach(self) -> int:
        return self.window


def make_configs(layers: int, reach: int) -> dict[str, HeadConfig]:
    encoder = BiLSTMConfig(2, 1, 0.0, 0.0, 0.0)
    coref = CorefConfig(encoder, "spans", "gold", 3, 0.5, 9, 4, 0, 5, 1, 2, 0, (), 0.0, True)
    return {
        "ner": TaggerConfig(encoder, 1),
        "emd": TaggerConfig(encoder, layers),
        "relation": TypedRelations(encoder, 3, "relu", 0.1, 0, layers if reach else 0, reach),
        "coref": coref,
    }


def build(
    task: str, *examples: Example, layers: int = 1, max_segment: int = 100, reach: int = 0
) -> tuple[Any, TargetBuilder]:
    builder = TargetBuilder(LABELS, "innermost", make_configs(layers, reach))
    reading = read_batch([eg.predicted for eg in examples], max_segment)
    return builder.build(list(examples), task, reading), builder


def rows(targets: Any) -> list[tuple[int, ...]]:
    return list(zip(*(column.tolist() for column in targets if column is not None)))


PERSON, PRONOUN = LabeledSpan(0, 2, "PER"), LabeledSpan(4, 5, "PER")


def test_spans_are_numbered_and_shifted_to_the_batch() -> None:
    egs = [example(WORDS, entities=[PERSON]), example(WORDS, entities=[]), example(WORDS, entities=[PERSON, PRONOUN])]
    targets, builder = build("ner", *egs)
    assert rows(targets) == [(0, 2, 1, 0), (14, 16, 1, 0), (18, 19, 1, 0)]
    assert builder.missed["ner"] == 0
    assert builder.total["ner"] == 3


def test_nested_mentions_go_to_layers_from_the_innermost() -> None:
    mentions = [LabeledSpan(0, 3, "ORG"), PERSON, LabeledSpan(1, 2, "ORG")]
    for layers, expected in ((1, [(1, 2, 0, 0)]), (3, [(0, 2, 1, 1), (0, 3, 0, 2), (1, 2, 0, 0)])):
        targets, _ = build("emd", example(WORDS, mentions=mentions), layers=layers)
        assert rows(targets) == expected


def test_documents_of_a_batch_cannot_corefer() -> None:
    clusters = make_clusters([[(0, 2), (4, 5)], [(1, 2)]])
    targets, _ = build("coref", example(WORDS, clusters=clusters), example(WORDS, clusters=clusters))
    assert targets.spans.starts.tolist() == [0, 1, 4, 7, 8, 11]
    numbers = targets.clusters.tolist()
    assert numbers[0] == numbers[2] != numbers[1]
    assert numbers[3] == numbers[5] != numbers[4]
    assert set(numbers[:3]).isdisjoint(numbers[3:])


def test_relations_join_the_last_tokens_of_their_arguments() -> None:
    left = Triple(PERSON, "LEFT", LabeledSpan(2, 3, ""))
    targets, _ = build("relation", example(WORDS, relations=[left]), example(WORDS, relations=[left]))
    assert targets.arg1.ends.tolist() == [2, 9]
    assert targets.arg2.ends.tolist() == [3, 10]
    assert targets.labels.tolist() == [1, 1]
    assert targets.arguments is None


def test_relations_across_sentences_are_counted_and_left_out() -> None:
    across = Triple(PERSON, "KNOWS", PRONOUN)
    targets, builder = build("relation", example(WORDS, relations=[across]))
    assert len(targets.labels) == 0
    assert builder.missed["relation"] == 1


def test_a_relation_is_counted_once_and_what_it_may_join_apart() -> None:
    left = LabeledSpan(2, 3, "")
    relations = [Triple(PERSON, "KNOWS", PRONOUN), Triple(PERSON, "LEFT", left), Triple(left, "LEFT", PERSON)]
    for reach in (4, 0):
        eg = example(WORDS, mentions=[PERSON, left, PRONOUN], relations=relations)
        _, builder = build("relation", eg, reach=reach)
        assert (builder.missed["relation"], builder.total["relation"]) == (1, 3)
        assert (builder.missed[ARGUMENTS], builder.total[ARGUMENTS]) == ((0, 3) if reach else (0, 0))


def test_relations_of_a_head_that_sees_a_window_may_cross_sentences_in_it() -> None:
    across = Triple(PERSON, "KNOWS", PRONOUN)
    for reach, n_relations in ((4, 0), (7, 1)):
        targets, builder = build("relation", example(WORDS, relations=[across]), reach=reach)
        assert len(targets.labels) == n_relations
        assert builder.missed["relation"] == 1 - n_relations


def test_arguments_are_typed_and_sorted_into_layers_for_heads_that_find_them() -> None:
    whole, left = LabeledSpan(0, 3, "ORG"), LabeledSpan(2, 3, "")
    relations = [Triple(PERSON, "LEFT", left), Triple(PERSON, "KNOWS", left)]
    eg = example(WORDS, mentions=[PERSON, whole, left], relations=relations)
    targets, _ = build("relation", eg, reach=7, layers=2)
    assert rows(targets.arguments) == [(0, 2, 2, 0), (0, 3, 1, 1), (2, 3, 0, 0)]
    assert rows(targets.arg1) == [(0, 2), (0, 2)]
    assert rows(targets.arg2) == [(2, 3), (2, 3)]
    assert (targets.types1.tolist(), targets.types2.tolist()) == ([2, 2], [0, 0])
    assert targets.labels.tolist() == [0, 1]


def test_an_argument_whose_start_does_not_align_keeps_its_last_token() -> None:
    words, spaces = ["AnnLee", "left", ".", "She", "won", "."], [True, False, True, True, False, False]
    eg = Example(
        Doc(VOCAB, words=words, spaces=spaces),
        to_doc(
            AnnotatedDocument(
                "d",
                ["Ann", "Lee", "left", ".", "She", "won", "."],
                [False, True, False, True, True, False, False],
                [0, 4],
                layers=Layers(relations=[Triple(LabeledSpan(1, 3, "ORG"), "LEFT", LabeledSpan(3, 4, "PER"))]),
            ),
            VOCAB,
        ),
    )
    targets, _ = build("relation", eg)
    assert rows(targets.arg1) == [(-1, 2)]
    assert rows(targets.arg2) == [(2, 3)]


def test_a_token_cut_in_pieces_stands_at_its_last_piece() -> None:
    words = ["Ann", "Le", "e", "left", ".", "She", "won", "."]
    spaces = [True, False, True, False, True, True, False, False]
    eg = example(words, spaces, relations=[Triple(PERSON, "LEFT", LabeledSpan(2, 3, ""))])
    targets, _ = build("relation", eg)
    assert rows(targets.arg1) == [(0, 3)]
    assert rows(targets.arg2) == [(3, 4)]


@pytest.mark.parametrize(
    ("words", "spaces", "expected"),
    [
        (WORDS, [True, True, False, True, True, False, False], [(0, 2), (4, 5)]),
        # Split in two: the boundaries still agree.
        (
            ["An", "n", "Lee", "left", ".", "She", "won", "."],
            [False] + [True] * 2 + [False, True, True] + [False] * 2,
            [(0, 3), (5, 6)],
        ),
        # Joined with a neighbour: "Lee left" is one token, and the name's end is gone.
        (["Ann", "Lee left", ".", "She", "won", "."], [True, False, True, True, False, False], [None, (3, 4)]),
    ],
)
def test_boundaries_are_found_in_another_tokenization_or_given_up(
    words: list[str], spaces: list[bool], expected: list[tuple[int, int] | None]
) -> None:
    align = aligner(example(words, spaces))
    assert [align(0, 2), align(4, 5)] == expected


@given(st.lists(st.booleans(), min_size=11, max_size=11), st.lists(st.booleans(), min_size=11, max_size=11))
def test_aligned_spans_cover_the_same_characters(cuts: list[bool], other_cuts: list[bool]) -> None:
    def doc(boundaries: list[bool]) -> Doc:
        words, text = [""], "abcdefghijkl"
        for character, cut in zip(text, [*boundaries, False]):
            words[-1] += character
            if cut:
                words.append("")
        return Doc(VOCAB, words=words, spaces=[False] * len(words))

    eg = Example(doc(cuts), doc(other_cuts))
    align, boundaries = aligner(eg), {token.idx for token in eg.x} | {12}
    for start in range(len(eg.y)):
        for end in range(start + 1, len(eg.y) + 1):
            span, aligned = eg.y[start:end], align(start, end)
            assert (aligned is not None) == (span.start_char in boundaries and span.end_char in boundaries)
            if aligned is not None:
                assert eg.x[slice(*aligned)].text == span.text


def test_what_does_not_align_is_reported_once(demo_examples: list[Example]) -> None:
    nlp = tiny_nlp(demo_examples[:3], [["ner"]])
    doc = Doc(nlp.vocab, words=["Ann", "Lee", "left"], ents=["B-PERSON", "I-PERSON", "O"])
    odd = Example(Doc(nlp.vocab, words=["Ann", "Lee left"]), doc)
    with pytest.warns(UserWarning, match="1 of 1 gold spans for the task 'ner' do not align"):
        nlp.update(for_task([odd], "ner"), sgd=Adam(0.01))
    nlp.update(for_task([odd], "ner"), sgd=Adam(0.01))


# --- segments ---


def test_sentences_are_segments_and_long_ones_are_cut() -> None:
    doc = Doc(VOCAB, words=["w"] * 10, sent_starts=[i in (0, 3) for i in range(10)])
    assert segment_starts(doc, 100).tolist() == [0, 3]
    assert segment_starts(doc, 3).tolist() == [0, 3, 6, 9]
    assert segment_starts(doc, 1).tolist() == list(range(10))
    assert segment_starts(Doc(VOCAB, words=[]), 5).tolist() == []


def test_without_boundaries_punctuation_decides_and_the_doc_stays_as_it_was() -> None:
    doc = Doc(VOCAB, words=["Go", "!", "No", ".", "\n"])
    assert segment_starts(doc, 100).tolist()[:2] == [0, 2]
    assert not doc.has_annotation("SENT_START")


def test_a_doc_that_does_not_begin_with_a_sentence_start_is_covered_all_the_same() -> None:
    doc = Doc(VOCAB, words=["a", "b", "c"], sent_starts=[False, True, False])
    assert segment_starts(doc, 100).tolist()[0] == 0
    layout = make_layout([Doc(VOCAB, words=[]), doc, Doc(VOCAB, words=["x"])], 2)
    assert layout.doc_lengths.tolist() == [0, 3, 1]
    assert int(layout.segment_lengths.sum()) == 4


def test_labels_that_a_doc_was_not_annotated_with_are_possible_anywhere() -> None:
    whole, part = (example(WORDS, entities=[LabeledSpan(0, 2, "PER")]) for _ in range(2))
    set_meta(part.reference, {"annotated_labels": {"ner": ["PER"]}})
    targets, _ = build("ner", whole, part)
    assert targets.possible.tolist() == [[False, False]] * 7 + [[True, False]] * 7
    assert build("ner", whole)[0].possible is None


def test_types_of_arguments_that_a_doc_was_not_annotated_with_are_possible_anywhere() -> None:
    mentions = [PERSON, LabeledSpan(2, 3, "PER")]
    relation = Triple(mentions[0], "LEFT", mentions[1])
    whole, part = (example(WORDS, mentions=mentions, relations=[relation]) for _ in range(2))
    set_meta(part.reference, {"annotated_labels": {"emd": ["PER"], "relation": ["LEFT"]}})
    targets, _ = build("relation", whole, part, reach=7)
    # Of the types "", ORG and PER.
    assert targets.arguments.possible.tolist() == [[False] * 3] * 7 + [[True, True, False]] * 7
    assert build("relation", whole, reach=7)[0].arguments.possible is None
    # Names that were annotated with every label leave no type open.
    names = example(WORDS, entities=[], mentions=mentions, relations=[relation])
    set_meta(names.reference, {"annotated_labels": {"emd": ["PER"]}})
    assert build("relation", names, reach=7)[0].arguments.possible is None
