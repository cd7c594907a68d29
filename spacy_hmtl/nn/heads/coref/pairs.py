"""Scores of pairs of mentions: a bilinear one for all at once, a feed-forward one pair by pair."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...feedforward import FeedForward, init_linear
from .config import CorefConfig
from .tensors import Candidates
from .words import N_MATCHES, WordFeatures, matches

# Semi-logarithmic buckets of distances, counted in kept spans: 0, 1, 2, 3, 4, 5-7, 8-15, 16-31, 32-63, 64+.
N_DISTANCES = 10
# Speakers of a pair: one of them unknown, the same, another.
_N_SPEAKERS = 3
# Genres are told apart by a hash; a corpus has a few.
N_GENRES = 64
# Cells of pairwise products computed at a time: small enough for the cache, which is several times faster.
_CELLS = 1_000_000


def distance_bucket(distance: Tensor) -> Tensor:
    """Semi-logarithmic bucket of a distance of at least 0, as in Lee et al. (2017), section 4.

    distance (Tensor): Int64, counted in mentions.
    RETURNS (Tensor): Int64, of the same shape.
    """
    logarithm = torch.log2(distance.clamp(min=1).float()).floor().long() + 3
    return torch.where(distance <= 4, distance, logarithm).clamp(max=N_DISTANCES - 1)


class PairScorer(nn.Module):
    """A feed-forward network over [mention ; antecedent ; their product ; distance ; features].

    span_width (int): Width of a span vector.
    config (CorefConfig): Settings.

    Source: Lee et al. (2017), section 4.2.
    """

    def __init__(self, span_width: int, config: CorefConfig) -> None:
        super().__init__()
        features = config.feature_width
        self.distances = nn.Embedding(N_DISTANCES, features)
        nn.init.xavier_normal_(self.distances.weight)
        self.project = nn.Linear(span_width, config.pair_width) if config.pair_width else nn.Identity()
        parts = {
            "mention": span_width,
            "antecedent": span_width,
            "product": config.pair_width or span_width,
            "distance": features,
        }
        self.speakers = nn.Embedding(_N_SPEAKERS, features) if "speaker" in config.features else None
        self.genres = nn.Embedding(N_GENRES, features) if "genre" in config.features else None
        for name, table in (("speaker", self.speakers), ("genre", self.genres)):
            if table is not None:
                parts[name] = features
                nn.init.xavier_normal_(table.weight)
        self.words = WordFeatures(features) if "words" in config.features else None
        if self.words is not None:
            parts |= dict.fromkeys(self.words.tables, features)
        self.feature_dropout = nn.Dropout(config.dropout)
        self.score = FeedForward(parts, config.hidden_width, config.depth, config.dropout)

    def forward(self, spans: Candidates, mention: Tensor, antecedent: Tensor, column: Tensor) -> Tensor:
        """Scores of pairs, shape (P,), in chunks that bound the memory of the products.

        spans (Candidates): M of them.
        mention, antecedent (Tensor): Int64, shape (P,), rows of `spans`.
        column (Tensor): Int64, shape (P,), spans between the two.
        RETURNS (Tensor): Float32, shape (P,).
        """
        if len(mention) == 0:
            return spans.scores.new_zeros(0)
        part = self.score.part
        as_mention, as_antecedent = part("mention", spans.vectors), part("antecedent", spans.vectors)  # (M, K)
        if self.genres is not None:
            as_mention = as_mention + part("genre", self.feature_dropout(self.genres(spans.genres)))
        projected = self.project(spans.vectors)
        distance = part("distance", self.feature_dropout(self.distances.weight))  # (buckets, K)
        same = None
        if self.speakers is not None:
            same = part("speaker", self.feature_dropout(self.speakers.weight))  # (3, K)
        tables: dict[str, Tensor] = {}
        if self.words is not None:
            tables = {name: part(name, self.feature_dropout(table.weight)) for name, table in self.words.tables.items()}
        scores = []
        size = max(1, _CELLS // projected.shape[1])
        for i, j, bucket in zip(*(t.split(size) for t in (mention, antecedent, distance_bucket(column)))):
            product = projected.index_select(0, i) * projected.index_select(0, j)
            first = as_mention.index_select(0, i) + as_antecedent.index_select(0, j) + distance.index_select(0, bucket)
            if same is not None:
                first = first + same.index_select(0, _speaker_pair(spans.speakers[i], spans.speakers[j]))
            if self.words is not None:
                for name, rows in self.words.rows(spans.facts[i], spans.facts[j]):
                    first += tables[name].index_select(0, rows)
            scores.append(self.score.score(first + part("product", product)))
        return torch.cat(scores)


def _speaker_pair(first: Tensor, second: Tensor) -> Tensor:
    known = (first >= 0) & (second >= 0)
    return torch.where(known, torch.where(first == second, 1, 2), 0)


class CoarseScorer(nn.Module):
    """A bilinear score of each mention with all its antecedents: q(mention) . k(antecedent) + distance.

    span_width (int): Width of a span vector.
    config (CorefConfig): Settings.

    Source: Lee et al. (2018), "Higher-order Coreference Resolution with Coarse-to-fine
    Inference", section 4.1, here of low rank; the score of the distance is as in their code.
    """

    def __init__(self, span_width: int, config: CorefConfig) -> None:
        super().__init__()
        width = config.pair_width or config.hidden_width
        self.query = nn.Linear(span_width, width)
        self.key = nn.Linear(span_width, width)
        self.distance = nn.Parameter(torch.zeros(N_DISTANCES))
        self.match = nn.Parameter(torch.zeros(N_MATCHES)) if "words" in config.features else None
        self.scale = width**-0.5
        for layer in (self.query, self.key):
            init_linear(layer)

    def words(self, facts: Tensor, mention: Tensor, antecedent: Tensor) -> Tensor | float:
        """What the words of pairs add, shape (P,); nothing without the feature "words".

        facts (Tensor): Int64, shape (M, facts). mention, antecedent (Tensor): Int64, shape (P,), rows.
        RETURNS (Tensor): Float32, shape (P,).
        """
        return 0.0 if self.match is None else self.match[matches(facts[mention], facts[antecedent])]

    def forward(self, vectors: Tensor, first: int, n_columns: int) -> Tensor:
        """Scores of the rows from `first` with the rows before each, nearest first, shape (M - first, n_columns).

        `first` is at most `n_columns`. Where no row is so far back the score means nothing.
        Works on blocks of rows, each against the band of rows before it, so that cost is
        linear in the number of rows.

        vectors (Tensor): Float32, shape (M, span_width).
        first (int): Row of the first mention that is scored.
        n_columns (int): How many rows before each.
        RETURNS (Tensor): Float32, shape (M - first, n_columns).
        """
        query, key = self.query(vectors[first:]) * self.scale, self.key(vectors)
        n_rows = len(query)
        size = max(1, min(n_columns, n_rows))  # rows in a block
        n_blocks = -(-n_rows // size)
        # Block b holds rows first + b * size ...; its band begins n_columns rows earlier.
        before, after = n_columns - first, n_blocks * size - n_rows
        # (blocks, K, size + columns)
        bands = functional.pad(key, (0, 0, before, after)).unfold(0, size + n_columns, size)
        blocks = functional.pad(query, (0, 0, 0, after)).view(n_blocks, size, -1)
        products = torch.bmm(blocks, bands)  # (blocks, size, size + columns)
        columns = torch.arange(n_columns, device=key.device)
        nearest = torch.arange(size, device=key.device).unsqueeze(1) + n_columns - 1
        index = (nearest - columns).expand(n_blocks, -1, -1)  # (blocks, size, columns)
        scores = products.gather(2, index).reshape(-1, n_columns)[:n_rows]
        return scores + self.distance[distance_bucket(columns)]
