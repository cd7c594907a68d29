"""What coreference reads of the words of mentions, against loops; thresholds of links; equal names."""

from __future__ import annotations

from typing import Any

import pytest
import spacy
import torch
from nn.strategies import encoder_config, random_encoded, randomize
from spacy.tokens import Doc
from torch import Tensor

from spacy_hmtl.bridge.context import make_context
from spacy_hmtl.bridge.segments import make_layout
from spacy_hmtl.nn.encoder import Encoded
from spacy_hmtl.nn.heads.coref import CorefConfig, CorefHead
from spacy_hmtl.nn.heads.coref.linking import join_by_name, link
from spacy_hmtl.nn.heads.coref.tensors import Candidates, Ranking
from spacy_hmtl.nn.heads.coref.words import matches, name_strings, span_facts
from spacy_hmtl.nn.heads.protocol import Beside, DocContext
from spacy_hmtl.nn.heads.tensors import ClusterTargets
from spacy_hmtl.nn.layout import Layout
from spacy_hmtl.nn.spans import SpanIndex

TEXT = (
    "Mr. Darcy met the old king of Spain in Paris . He told the king that his sister , who lived there , knew "
    "Darcy . The man left her . Mr. Darcy saw the old king of Spain again ."
).split()


def context_of(*texts: list[str]) -> tuple[DocContext, Layout]:
    nlp = spacy.blank("en")
    docs = []
    for words in texts:
        starts: list[bool | int | None] = [i == 0 or words[i - 1] == "." for i in range(len(words))]
        docs.append(Doc(nlp.vocab, words=words, sent_starts=starts))
    layout = make_layout(docs, 100)
    context = make_context(docs, ["words"], layout, None)
    assert context is not None
    return context, layout


def index(*spans: tuple[int, int]) -> SpanIndex:
    return SpanIndex(*torch.tensor(spans, dtype=torch.int64).reshape(-1, 2).unbind(1))


def facts_of(*mentions: str) -> Tensor:
    """Facts of the first span that says each text."""
    context, _ = context_of(TEXT)
    spans = []
    for mention in mentions:
        words = mention.split()
        start = next(i for i in range(len(TEXT)) if TEXT[i : i + len(words)] == words)
        spans.append((start, start + len(words)))
    assert context.words is not None
    return span_facts(context.words, index(*spans))


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ("Mr. Darcy", "Mr. Darcy", "strings"),
        ("the king", "the old king of Spain", "roots"),
        ("Mr. Darcy", "Darcy", "roots"),
        ("his sister , who lived there", "his sister", "roots"),
        ("Spain", "the old king of Spain", "among"),
        ("The man", "the king", "nothing"),
        ("He", "his", "like pronoun"),
        ("He", "her", "nothing"),
        ("her", "her", "same pronoun"),
        ("He", "the king", "nothing"),
    ],
)
def test_how_the_words_of_a_pair_agree(one: str, other: str, kind: str) -> None:
    names = ["nothing", "among", "roots", "strings", "same pronoun", "like pronoun"]
    left, right = facts_of(one, other).split(1)
    assert names[int(matches(left, right))] == names[int(matches(right, left))] == kind


def test_equal_words_are_equal_wherever_they_stand_and_others_are_not() -> None:
    context, _ = context_of(TEXT, TEXT[:12])
    assert context.words is not None
    every = [(i, j) for i in range(len(TEXT)) for j in range(i + 1, min(len(TEXT), i + 6) + 1)]
    every += [(i + len(TEXT), j + len(TEXT)) for i in range(12) for j in range(i + 1, min(12, i + 6) + 1)]
    said = [tuple(word.lower() for word in (TEXT + TEXT[:12])[i:j]) for i, j in every]
    numbers = span_facts(context.words, index(*every))[:, 0].tolist()
    assert len(set(numbers)) == len(set(said)) == len(set(zip(numbers, said)))


def test_names_pronouns_and_places_are_told() -> None:
    context, _ = context_of(["no", "."], TEXT)
    assert context.words is not None
    spans = index((2, 4), (13, 14), (5, 10), (10, 11))
    facts = span_facts(context.words, spans)  # "Mr. Darcy", "He", "the old king of Spain", "in"
    assert (name_strings(facts) != 0).tolist() == [
        True,
        False,
        False,
        False,
    ]
    assert (facts[:, 2] > 0).tolist() == [False, True, False, False]
    assert facts[:, 5].tolist() == [0, 11, 3, 8]
    assert facts[:, 6].tolist() == [0, 1, 0, 0]


def make_head(**settings: Any) -> CorefHead:
    defaults: dict[str, Any] = {
        **{"encoder": encoder_config(3), "candidates": "spans", "train_candidates": "gold", "max_span_width": 4},
        **{"spans_per_token": 0.6, "window": 20, "max_antecedents": 6, "top_antecedents": 3, "hidden_width": 5},
        **{"depth": 2, "feature_width": 2, "pair_width": 3, "features": ("words",), "dropout": 0.0, "singletons": True},
    }
    torch.manual_seed(0)
    head = CorefHead(4, CorefConfig(**{**defaults, **settings}))
    randomize(head, 0.5)
    return head.eval()


def encoded_text(*texts: list[str]) -> tuple[Encoded, Beside]:
    context, layout = context_of(*texts)
    torch.manual_seed(1)
    plain = random_encoded([[layout.n_tokens]], 4, 6)
    return Encoded(plain.inputs, plain.states, layout), Beside(context=context)


def test_pairs_are_scored_by_their_words_too() -> None:
    head = make_head(top_antecedents=0)
    encoded, beside = encoded_text(TEXT)
    again = TEXT.index("Mr.", 1)
    spans = index((0, 2), (TEXT.index("his"), TEXT.index("sister") + 1), (again, again + 2))
    ranking = head.rank(encoded, spans, beside)
    assert ranking is not None
    tables = head.pair.words
    assert tables is not None
    before = ranking.options.clone()
    with torch.no_grad():
        tables.tables["match"].get_parameter("weight")[3] += 5.0  # equal strings
    after = head.rank(encoded, spans, beside)
    assert after is not None
    changed = (after.options - before).abs() > 1e-6
    # The third says what the first said: the second of its antecedents, behind "no mention" and "new".
    assert changed.tolist() == [[False] * 4, [False] * 4, [False, False, False, True]]


def test_a_text_in_parts_is_linked_as_the_whole() -> None:
    """Positions and sentences count in the document, wherever a part begins."""
    head = make_head(spans_per_token=1.0, top_antecedents=0, window=1)
    encoded, beside = encoded_text(TEXT)
    whole = head.rank(encoded, None, beside)
    assert whole is not None
    before: Candidates | None = None
    options = []
    for chunk in encoded.layout.chunks(12, 1):
        part = Encoded(encoded.inputs[chunk.start : chunk.end], encoded.states[chunk.start : chunk.end], chunk.layout)
        own = Beside(windows=chunk.windows(1), context=beside.context.part(chunk) if beside.context else None)
        ranking = head.rank(part, None, own, before, chunk.first_doc)
        assert ranking is not None
        before = (ranking.kept if before is None else before.followed_by(ranking.kept)).last(6)
        options.append(ranking.options)
    assert len(options) > 1
    found = torch.cat([torch.nn.functional.pad(o, (0, 8 - o.shape[1]), value=-1e9) for o in options])
    assert torch.allclose(found, whole.options, atol=1e-4)


def linked(options: list[list[float]], threshold: float | None = None, **settings: Any) -> list[int]:
    """Clusters of three mentions, by their root."""
    head = make_head(**settings)
    n = len(options)
    rows = torch.arange(n)
    facts = torch.zeros((n, 7), dtype=torch.int64)
    kept = Candidates(
        SpanIndex(rows, rows + 1), rows * 0, rows * 0 - 1, rows * 0, torch.zeros(n), torch.zeros(n, 1), facts
    )
    ranking = Ranking(kept, torch.tensor(options), torch.zeros(n, dtype=torch.bool))
    values = {"singleton_threshold": 0.0, "coref_threshold": threshold}
    return link([ranking], head.config, values, torch.device("cpu")).clusters.tolist()


def test_links_need_the_probability_that_is_asked_for() -> None:
    impossible = -1e9
    # The third is new with probability 0.4, and refers to the others with 0.3 each.
    logits = torch.tensor([0.4, 0.3, 0.3]).log().tolist()
    options = [[impossible, 0.0, impossible, impossible]] * 2 + [[impossible, *logits]]
    assert linked(options) == [0, 1, 2]
    assert linked(options, 0.5) == [0, 1, 1]
    assert linked(options, 0.7) == [0, 1, 2]
    assert linked(options, 0.0) == [0, 1, 1]
    assert linked(options, 1.0) == [0, 1, 2]


def test_clusters_that_share_a_name_are_one() -> None:
    roots = torch.tensor([0, 1, 2, 1, 4, 4, 6, 7])
    names = torch.tensor([5, 0, 5, 6, 6, 0, 0, 5])
    docs = torch.tensor([0, 0, 0, 0, 0, 0, 0, 1])
    assert join_by_name(roots, names, docs).tolist() == [0, 1, 0, 1, 1, 1, 6, 7]
    chain = torch.tensor([9, 8, 9, 7, 8, 7]), torch.tensor([3, 2, 1])
    assert len(chain) == 2
    # 2 and 0 share a name, 0 and 1 another one: all three are one.
    assert (
        join_by_name(torch.tensor([0, 1, 2, 0, 1, 2]), torch.tensor([5, 6, 5, 6, 0, 0]), docs[:6]).tolist() == [0] * 6
    )
    assert join_by_name(roots, names * 0, docs).tolist() == roots.tolist()


def test_equal_names_link_beyond_every_window() -> None:
    words = ["Darcy", "sat", "."] + ["Rain", "fell", "."] * 20 + ["Darcy", "left", "."]
    for equal_names in (False, True):
        head = make_head(max_antecedents=2, equal_names=equal_names, top_antecedents=0)
        encoded, beside = encoded_text(words)
        spans = index((0, 1), *((3 + 3 * i, 4 + 3 * i) for i in range(20)), (63, 64))
        with torch.no_grad():
            head.pair.score.output.bias.sub_(300.0)  # nothing links by itself
            head.mention.score.output.bias.add_(100.0)
        ranking = head.rank(encoded, spans, beside)
        assert ranking is not None
        found = link([ranking], head.config, {"singleton_threshold": 0.0}, torch.device("cpu"))
        assert (found.clusters[0] == found.clusters[-1]) == equal_names


def test_a_mention_loss_teaches_spans_that_are_not_kept() -> None:
    encoded, beside = encoded_text(TEXT)
    gold = ClusterTargets(index((0, 2), (18, 20)), torch.tensor([0, 1]))
    plain, own = (make_head(mention_weight=weight, spans_per_token=0.05) for weight in (0.0, 0.5))
    scores = plain.mention.all_scores(encoded)
    ranking = plain.rank(encoded, None, beside)
    assert ranking is not None
    assert ranking.every is not None
    spans = list(zip(*(column.tolist() for column in ranking.every[0])))
    is_mention = torch.tensor([float(span in {(0, 2), (18, 20)}) for span in spans])
    expected = torch.nn.functional.binary_cross_entropy_with_logits(scores, is_mention, reduction="sum")
    difference = own.loss(encoded, gold, beside) - plain.loss(encoded, gold, beside)
    assert torch.allclose(difference, 0.5 * expected, rtol=1e-4)
