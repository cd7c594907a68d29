"""The coreference head against direct summation in plain Python."""

from __future__ import annotations

import nn.coref_oracle as oracle
import pytest
import torch
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from nn.coref_heads import (
    HIDDEN,
    INPUT,
    all_given,
    assert_same,
    candidates,
    expected_clusters,
    grouped,
    index,
    make_head,
    random_clusters,
    targets,
)
from nn.strategies import Documents, close, documents, layout_of, random_encoded, seeds

from spacy_hmtl.nn.heads.protocol import Beside
from spacy_hmtl.nn.heads.tensors import ClusterTargets

quick = settings(deadline=None, max_examples=25)
HALF = {"singleton_threshold": 0.5}


variants = pytest.mark.parametrize("singletons", [True, False])
pair_widths = pytest.mark.parametrize("pair_width", [0, 3])
# The paper's head, and from coarse to fine with fewer and with more antecedents than there may be.
tops = pytest.mark.parametrize("top", [0, 2, 9])


def test_scores_computed_part_by_part_are_those_of_the_concatenated_vector() -> None:
    torch.manual_seed(0)
    for pair_width in (0, 3):
        head, docs = make_head(pair_width=pair_width), [[4, 3]]
        encoded = random_encoded(docs, INPUT, 2 * HIDDEN)
        spans = [(0, 1), (0, 4), (1, 3), (4, 7)]
        vectors = [oracle.span_vector(head, encoded, *span) for span in spans]
        assert close(head.mention.vectors(encoded, index(spans)), torch.stack(vectors))
        mentions = [oracle.feed_forward(head.mention.score, vector) for vector in vectors]
        assert close(head.mention.scores(encoded, index(spans)), torch.tensor(mentions))
        columns = torch.tensor([0, 2, 7])
        found = head.pair(candidates(torch.stack(vectors)), torch.tensor([1, 2, 3]), torch.tensor([0, 0, 2]), columns)
        rows = [(1, 0, 0), (2, 0, 2), (3, 2, 7)]
        expected = [oracle.pair_score(head, vectors[i], vectors[j], column) for i, j, column in rows]
        assert close(found, torch.tensor(expected))


@variants
@pair_widths
@tops
@quick
@given(docs=documents(), seed=seeds)
@example(docs=[[1]], seed=0)
def test_loss_is_the_marginal_likelihood(
    singletons: bool, pair_width: int, top: int, docs: Documents, seed: int
) -> None:
    torch.manual_seed(seed)
    head = make_head(singletons=singletons, pair_width=pair_width, top_antecedents=top)
    encoded = random_encoded(docs, INPUT, 2 * HIDDEN)
    gold = random_clusters(docs, seed)
    expected = 0.0
    filled = [clusters for clusters, doc in zip(gold, docs) if doc]
    for (_, part, segments), clusters in zip(oracle.by_document(encoded, docs), filled):
        expected += oracle.loss(head, oracle.rank(head, part, segments), clusters)
    assert close(head.loss(encoded, targets(docs, gold)), expected)


@variants
@tops
@quick
@given(docs=documents(), seed=seeds, threshold=st.sampled_from([0.2, 0.5]))
@example(docs=[[1]], seed=0, threshold=0.5)
def test_clusters_are_those_of_a_sequential_union_find(
    singletons: bool, top: int, docs: Documents, seed: int, threshold: float
) -> None:
    torch.manual_seed(seed)
    head = make_head(singletons=singletons, top_antecedents=top)
    encoded = random_encoded(docs, INPUT, 2 * HIDDEN)
    found = grouped(head.decode(encoded, {"singleton_threshold": threshold}))
    assert_same(found, expected_clusters(head, encoded, docs, threshold))


def test_long_chains_of_antecedents_end_in_one_cluster() -> None:
    torch.manual_seed(1)
    head = make_head(max_antecedents=1, spans_per_token=1.0, max_span_width=1, singletons=False)
    with torch.no_grad():  # every link is good, whatever the words
        head.pair.score.output.bias.fill_(100.0)
    encoded = random_encoded([[5, 5, 5, 5], [3]], INPUT, 2 * HIDDEN)
    found = grouped(head.decode(encoded, HALF))
    assert list(found) == [tuple((i, i + 1) for i in range(20)), tuple((i, i + 1) for i in range(20, 23))]


@variants
@quick
@given(docs=documents(), seed=seeds)
def test_given_mentions_are_clustered_instead_of_candidates(singletons: bool, docs: Documents, seed: int) -> None:
    torch.manual_seed(seed)
    head = make_head(singletons=singletons)
    encoded = random_encoded(docs, INPUT, 2 * HIDDEN)
    spans, flat, first = [], [], 0
    for doc, clusters in zip(docs, random_clusters(docs, seed)):
        spans.append(sorted(span for cluster in clusters for span in cluster))
        flat += [(start + first, end + first) for start, end in spans[-1]]
        first += sum(doc)
    found = grouped(head.decode(encoded, HALF, all_given(flat, docs)))
    assert_same(found, expected_clusters(head, encoded, docs, 0.5, spans))


def test_given_mentions_are_all_kept_however_wide() -> None:
    torch.manual_seed(0)
    head = make_head(spans_per_token=0.1)
    encoded = random_encoded([[6, 6], [4]], INPUT, 2 * HIDDEN)
    wide = [(0, 1), (0, 12), (2, 9), (3, 4), (12, 16), (13, 14)]
    decoded = head.decode(encoded, {"singleton_threshold": 0.99}, all_given(wide, [[6, 6], [4]]))
    assert list(zip(decoded.spans.starts.tolist(), decoded.spans.ends.tolist())) == wide


def test_nothing_in_nothing_out() -> None:
    head = make_head()
    none: list[Documents] = [[[]], [[], []]]
    for docs in none:
        encoded = random_encoded(docs, INPUT, 2 * HIDDEN)
        assert len(head.decode(encoded, HALF).scores) == 0
        assert head.loss(encoded, targets(docs, [[] for _ in docs])).item() == 0.0
    encoded = random_encoded([[3]], INPUT, 2 * HIDDEN)
    assert len(head.decode(encoded, HALF, all_given([], [[3]])).scores) == 0


@tops
@quick
@given(docs=documents(), seed=seeds)
def test_a_document_in_a_batch_is_as_alone(top: int, docs: Documents, seed: int) -> None:
    torch.manual_seed(seed)
    head = make_head(top_antecedents=top)
    encoded, gold = random_encoded(docs, INPUT, 2 * HIDDEN), random_clusters(docs, seed)
    # Where all units of the tiny scorer are off, spans score the same but for rounding, and which is kept is chance.
    if encoded.layout.n_tokens:
        assume(bool((head.mention.all_scores(encoded).sort().values.diff() > 1e-5).all()))
    together, alone, loss = grouped(head.decode(encoded, HALF)), {}, torch.tensor(0.0)
    filled = [(doc, clusters) for doc, clusters in zip(docs, gold) if doc]
    for (first, part, _), (doc, clusters) in zip(oracle.by_document(encoded, docs), filled):
        assert part.layout.doc_lengths.tolist() == layout_of([doc]).doc_lengths.tolist()
        loss = loss + head.loss(part, targets([doc], [clusters]))
        for cluster, scores in grouped(head.decode(part, HALF)).items():
            alone[tuple((start + first, end + first) for start, end in cluster)] = scores
    assert_same(together, alone)
    assert close(head.loss(encoded, targets(docs, gold)), loss)


@tops
@quick
@given(docs=documents(), seed=seeds)
def test_training_on_given_mentions_ranks_these_alone(top: int, docs: Documents, seed: int) -> None:
    torch.manual_seed(seed)
    head = make_head(top_antecedents=top, candidates="mentions", train_candidates="gold")
    encoded, gold = random_encoded(docs, INPUT, 2 * HIDDEN), random_clusters(docs, seed)
    own = targets(docs, gold)
    expected = 0.0
    filled = [clusters for clusters, doc in zip(gold, docs) if doc]
    for (_, part, segments), clusters in zip(oracle.by_document(encoded, docs), filled):
        mentions = [span for cluster in clusters for span in cluster]
        if mentions:
            expected += oracle.loss(head, oracle.rank(head, part, segments, mentions), clusters)
    assert close(head.loss(encoded, own), expected)


def test_features_tell_speakers_and_genres_apart() -> None:
    torch.manual_seed(0)
    head = make_head(features=("speaker", "genre"))
    docs = [[4, 4]]
    encoded = random_encoded(docs, INPUT, 2 * HIDDEN)
    vectors = head.mention.vectors(encoded, index([(0, 2), (3, 4), (5, 7)]))
    pairs = [torch.tensor(rows) for rows in ([1, 2, 2], [0, 0, 1], [0, 1, 0])]

    def scores(speakers: list[int], genre: int) -> torch.Tensor:
        spans = candidates(vectors)._replace(speakers=torch.tensor(speakers), genres=torch.full((3,), genre))
        return head.pair(spans, *pairs)

    plain = scores([-1, -1, -1], 0)
    assert torch.equal(scores([4, -1, -1], 0), plain)  # one speaker alone says nothing
    same, other = scores([4, 4, 5], 0), scores([7, 7, 9], 0)
    assert torch.equal(same, other)  # only whether they are the same counts
    assert (same - plain).abs().min() > 1e-6
    assert (scores([-1, -1, -1], 3) - plain).abs().min() > 1e-6


def test_a_pair_of_the_same_speaker_is_scored_as_the_whole_vector() -> None:
    torch.manual_seed(0)
    head = make_head(features=("speaker", "genre"))
    encoded = random_encoded([[5]], INPUT, 2 * HIDDEN)
    first, second = head.mention.vectors(encoded, index([(0, 1), (2, 4)]))
    spans = candidates(torch.stack([first, second]))
    spans = spans._replace(speakers=torch.tensor([3, 3]), genres=torch.tensor([2, 2]))
    pair = head.pair
    assert pair.speakers is not None
    assert pair.genres is not None
    whole = [second, first, pair.project(first) * pair.project(second), pair.distances.weight[0]]
    whole += [pair.speakers.weight[1], pair.genres.weight[2]]
    found = pair(spans, torch.tensor([1]), torch.tensor([0]), torch.tensor([0]))
    assert found.item() == pytest.approx(oracle.feed_forward(pair.score, torch.cat(whole)), abs=1e-5)


def known_only(clusters: list[list[tuple[int, int]]], partial: bool) -> ClusterTargets:
    spans = index([span for cluster in clusters for span in cluster])
    numbers = torch.tensor([number for number, cluster in enumerate(clusters) for _ in cluster])
    return ClusterTargets(spans, numbers, spans, torch.tensor([partial]))


def test_where_some_mentions_are_annotated_only_these_choose_among_themselves() -> None:
    torch.manual_seed(1)
    head = make_head(max_antecedents=20, window=20)
    encoded = random_encoded([[9]], INPUT, 2 * HIDDEN)
    clusters = [[(0, 2), (8, 9)], [(4, 5)]]
    targets = known_only(clusters, True)
    assert targets.partial is not None
    ranking = head.rank(encoded, head._with_known(encoded, targets, targets.partial, Beside()))
    assert ranking is not None
    spans = list(zip(ranking.kept.spans.starts.tolist(), ranking.kept.spans.ends.tolist()))
    first, second, third = (spans.index(span) for span in ((0, 2), (4, 5), (8, 9)))
    assert len(spans) > 3

    def scores(row: int, antecedents: list[int]) -> torch.Tensor:
        """Of a new entity, then of antecedents; never of being no mention."""
        return ranking.options[row, [1, *(2 + row - 1 - own for own in antecedents)]]

    expected = -scores(second, [first]).log_softmax(0)[0] - scores(third, [first, second]).log_softmax(0)[1]
    assert float(head.loss(encoded, targets).detach()) == pytest.approx(float(expected.detach()), abs=1e-4)
    # Annotated in full, the other spans are no mentions.
    assert float((head.loss(encoded, known_only(clusters, False)) - expected).detach()) > 0


def test_what_is_not_annotated_gets_no_gradient_from_a_document_annotated_in_part() -> None:
    head = make_head()
    encoded = random_encoded([[6]], INPUT, 2 * HIDDEN)
    head.loss(encoded, known_only([[(0, 1)]], True)).backward()
    # One mention, with nothing to choose: a new entity for sure.
    assert all(p.grad is None or not p.grad.any() for p in head.parameters())
