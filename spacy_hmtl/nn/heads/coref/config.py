"""Settings of the coreference head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ..protocol import HeadConfig, HeadLabels, Kind

if TYPE_CHECKING:
    from .head import CorefHead

CANDIDATES = ("spans", "mentions")
TRAIN_CANDIDATES = ("gold", "predicted")
FEATURES = ("speaker", "genre", "words")


@dataclass(frozen=True)
class CorefConfig(HeadConfig):
    """Settings of the coreference head.

    candidates: "spans", all spans up to a width; "mentions", those of the EMD head.
    train_candidates: with "mentions": the corpus' mentions ("gold") or the EMD head's ("predicted").
    max_span_width: widest candidate of "spans", in tokens (mentions may be wider).
    spans_per_token: share of tokens that bounds the kept spans of a window.
    window: tokens of a document whose spans compete to be kept; a longer document is
        resolved window by window, and antecedents are carried over.
    max_antecedents: how many kept spans back a mention may refer.
    top_antecedents: of these, how many the feed-forward scorer sees, chosen by a
        bilinear score; 0: all of them, and no bilinear score, as in the paper.
    hidden_width, depth: feed-forward scorers.
    feature_width: embeddings of width, distance, speaker and genre.
    pair_width: width that span vectors are projected to before they are multiplied
        pair by pair; 0 multiplies the full vectors, as the paper does.
    features: any of "speaker" (of the two mentions: same or not), "genre" and "words" (equal
        strings and roots, pronouns, names, distances).
    dropout: in the scorers and on the features.
    singletons: whether the corpus marks entities of one mention. If so, every kept
        span chooses between no mention, a new entity and its antecedents.
    mention_weight: of a loss of their own for the mention scores of all spans; 0: none.
    equal_names: whether entities that are called by one name, letter by letter, are one
        entity, however far apart; needs the feature "words".
    """

    kind: ClassVar[Kind] = "clusters"
    candidates: str
    train_candidates: str
    max_span_width: int
    spans_per_token: float
    window: int
    max_antecedents: int
    top_antecedents: int
    hidden_width: int
    depth: int
    feature_width: int
    pair_width: int
    features: tuple[str, ...]
    dropout: float
    singletons: bool
    mention_weight: float = 0.0
    equal_names: bool = False

    @property
    def n_none(self) -> int:
        """C, how many choices are not an antecedent: no mention and, with singletons, a new entity."""
        return 2 if self.singletons else 1

    @property
    def needs(self) -> tuple[str, ...]:
        """See `HeadConfig`."""
        return ("emd",) if self.candidates == "mentions" else ()

    @property
    def given_needs(self) -> tuple[str, ...]:
        """See `HeadConfig`."""
        return self.needs

    @property
    def loss_needs(self) -> tuple[str, ...]:
        """See `HeadConfig`."""
        return self.needs if self.train_candidates == "predicted" else ()

    @property
    def context_features(self) -> tuple[str, ...]:
        """See `HeadConfig`."""
        return self.features

    @property
    def reach(self) -> int:
        """See `HeadConfig`."""
        return self.window

    def build(self, input_width: int, labels: HeadLabels) -> CorefHead:
        """See `HeadConfig.build`."""
        from .head import CorefHead

        return CorefHead(input_width, self)
