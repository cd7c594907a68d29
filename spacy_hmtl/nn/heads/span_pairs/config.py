"""Settings of the relation head that reads spans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from ..protocol import HeadConfig, HeadLabels, Kind
from .rules import RelationRule

if TYPE_CHECKING:
    from .head import SpanPairHead

# Where arguments come from: a tagger of the head's own, or the head of another task.
SOURCES = ("own", "emd", "ner")


@dataclass(frozen=True)
class SpanPairConfig(HeadConfig):
    """Settings of the relation head that reads spans.

    arguments: "own", a CRF tagger with the argument types of the relation corpus; "emd" or "ner",
        what that task's head finds, where the label sets agree, or what the Docs have where no level is that task's.
    layers: levels of nesting that the head's own tagger finds.
    hidden_width: of the vectors of arguments and of pairs.
    feature_width: embeddings of types and of distances.
    context: whether the words between two arguments are pooled into their pair.
    dropout: on arguments and pairs.
    prior: probability of a relation that the output bias starts from.
    window: tokens of a document within which arguments are paired; 0: within their sentence.
    warmup_updates: updates after which wrongly found arguments are negative examples, too.
    seen_types: whether only argument types that a label had in training are allowed.
    schema: rules of single labels, by label.
    """

    kind: ClassVar[Kind] = "relations"
    arguments: str
    layers: int
    hidden_width: int
    feature_width: int
    context: bool
    dropout: float
    prior: float
    window: int
    warmup_updates: int
    seen_types: bool
    schema: Mapping[str, RelationRule] = field(default_factory=dict)

    @property
    def needs(self) -> tuple[str, ...]:
        """See `HeadConfig`."""
        return () if self.arguments == "own" else (self.arguments,)

    @property
    def given_needs(self) -> tuple[str, ...]:
        """See `HeadConfig`."""
        return self.needs

    @property
    def tag_layers(self) -> int:
        """See `HeadConfig`. Gold arguments of any source are negative examples for each other."""
        return self.layers

    @property
    def reach(self) -> int:
        """See `HeadConfig`."""
        return self.window

    def build(self, input_width: int, labels: HeadLabels) -> SpanPairHead:
        """See `HeadConfig.build`. RAISES (ValueError): H261, H262, H263."""
        from .head import SpanPairHead

        return SpanPairHead(self.encoder.width, labels, self)
