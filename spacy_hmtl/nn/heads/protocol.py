"""What a head is: settings that build it, a loss, and decoding; so that heads plug in by config.

A head of one's own is a frozen `HeadConfig`, made by a function that is registered as an
architecture, and a `Head`; docs/extending.md shows one. Nothing else has to know it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

from torch import Tensor, nn

from ..encoder import Encoded, EncoderConfig
from ..layout import Chunk
from ..spans import SpanIndex

# What a head finds. The bridge makes targets, and annotation of what was found, by kind:
# "spans": SpanTargets -> SpanTensors; "relations": RelationTargets -> TokenPairs or SpanPairs;
# "clusters": ClusterTargets -> DecodedClusters.
Kind = Literal["spans", "relations", "clusters"]


class HeadLabels(NamedTuple):
    """Label sets that a head is sized for. Numbers in targets and in what is found count in them.

    own (Sequence): Labels of the head's task; none for clusters.
    needed (Mapping): Labels of each level that the head needs, by task.
    arguments (Sequence): Types of the arguments of relations in training, sorted.
    schema (Sequence): Types of arguments that relations had more than once or twice in
        training: (head type, label, tail type).
    """

    own: Sequence[str]
    needed: Mapping[str, Sequence[str]] = {}
    arguments: Sequence[str] = ()
    schema: Sequence[Sequence[str]] = ()


class WordFacts(NamedTuple):
    """Facts about the words of a batch, shape (T,) each.

    forms (Tensor): Int64, a number for the word in lower case.
    pronouns (Tensor): Int64, kind of pronoun, 0 for none.
    is_content, is_name, is_stop (Tensor): Bool, words that say what a mention is about; written
        like a name; at which the words that say it end.
    positions, sentences (Tensor): Int64, number of the token and of the segment in its document.
    """

    forms: Tensor
    pronouns: Tensor
    is_content: Tensor
    is_name: Tensor
    is_stop: Tensor
    positions: Tensor
    sentences: Tensor


class DocContext(NamedTuple):
    """Facts about the documents of a batch that features are made of.

    speakers (Tensor): Int64, shape (T,), number of each token's speaker, -1 where unknown.
    genres (Tensor): Int64, shape (B,), number of each document's genre, 0 where unknown.
    words (WordFacts, optional): For heads with the feature "words".
    """

    speakers: Tensor
    genres: Tensor
    words: WordFacts | None = None

    def part(self, chunk: Chunk) -> DocContext:
        """Those of a part of the batch.

        chunk (Chunk): Where the part lies in the batch.
        RETURNS (DocContext): For the tokens and documents of the part.
        """
        docs = slice(chunk.first_doc, chunk.first_doc + len(chunk.layout.doc_lengths))
        tokens = slice(chunk.start, chunk.end)
        words = None if self.words is None else WordFacts(*(column[tokens] for column in self.words))
        return DocContext(self.speakers[tokens], self.genres[docs], words)


class GivenMentions(NamedTuple):
    """Mentions that are known beforehand, for some documents of a batch.

    spans (SpanIndex): Shape (S,), flat token offsets, distinct, in document order.
    docs (tuple): For each document whether its mentions are given; it may have none.
    labels (tuple): The G types, "" where unknown; empty where no head asks for them.
    """

    spans: SpanIndex
    docs: tuple[bool, ...]
    labels: tuple[str, ...] = ()

    def part(self, chunk: Chunk) -> GivenMentions:
        """Those of a part of the batch.

        chunk (Chunk): Where the part lies in the batch.
        RETURNS (GivenMentions): With offsets in the part.
        """
        inside = (self.spans.starts >= chunk.start) & (self.spans.starts < chunk.end)
        docs = self.docs[chunk.first_doc : chunk.first_doc + len(chunk.layout.doc_lengths)]
        labels = tuple(compress(self.labels, inside.tolist())) if self.labels else ()
        return GivenMentions(self.spans.select(inside).shifted(-chunk.start), docs, labels)


class Beside(NamedTuple):
    """What a head may read beside its own states; all of it about the same tokens.

    found (Mapping): What the head of each needed level found, by task.
    windows (Tensor, optional): Int64, shape (segments,), number of the window of `reach`
        tokens that each segment belongs to, ascending; None for a head without reach.
    context (DocContext, optional): For heads with `context_features`.
    given (GivenMentions, optional): Mentions that are known beforehand.
    """

    found: Mapping[str, Any] = {}
    windows: Tensor | None = None
    context: DocContext | None = None
    given: GivenMentions | None = None


NOTHING = Beside()


class Decoder(Protocol):
    """Decodes one batch, which comes in parts of whole windows and segments, in order."""

    def add(self, encoded: Encoded, chunk: Chunk, beside: Beside) -> Any:
        """Decode the next part.

        encoded (Encoded): Inputs and states of the task's encoder, and their layout.
        chunk (Chunk): Where the part lies in the batch.
        beside (Beside): What else the head may read.
        RETURNS (Any): What was found in it, with offsets in the part, for heads that need
            this level; None where that is known only at the end (clusters).
        """

    def result(self) -> Any:
        """What was found in the batch, with offsets in the batch."""


class Head(nn.Module, ABC):
    """A task's module on top of its encoder.

    argument_labels (Sequence): Of a head that finds `SpanPairs`: what the label numbers of
        its arguments mean.
    """

    argument_labels: Sequence[str] = ()

    @abstractmethod
    def loss(self, encoded: Encoded, targets: Any, beside: Beside = NOTHING) -> Tensor:
        """Loss of a batch, nats summed over it; shape ().

        encoded (Encoded): Inputs and states of the task's encoder; there may be no tokens.
        targets (NamedTuple): Those of the head's kind, see `spacy_hmtl.nn.heads.tensors`.
        beside (Beside): With what the levels of `loss_needs` found, without gradients.
        RETURNS (Tensor): Float32, shape ().
        """

    @abstractmethod
    def decode(self, encoded: Encoded, settings: Mapping[str, Any], beside: Beside = NOTHING) -> Any:
        """What the head finds in whole windows and segments, with their flat offsets.

        encoded (Encoded): Inputs and states of the task's encoder; there may be no tokens.
        settings (Mapping): Those of the component, thresholds among them.
        beside (Beside): With what the levels of `needs` found.
        RETURNS (NamedTuple): Of the head's kind, see `spacy_hmtl.nn.heads.tensors`.
        """

    def hush(self, before: Any) -> None:
        """Set what new labels are scored by so that none is found before it is trained.

        Called when the head was made for more labels. The weights of the known ones are copied: known labels come first
        in every dimension that has a row for each label.

        before (Head): The same head for the known labels.
        """

    def decoder(self, settings: Mapping[str, Any]) -> Decoder:
        """Begin to decode a batch that comes in parts; a head that carries something over has one of its own.

        settings (Mapping): Those of the component, thresholds among them.
        RETURNS (Decoder): For one batch.
        """
        return PartByPart(self, settings)


class PartByPart:
    """Decodes each part alone, which is right for heads that see no farther than a window.

    head (Head): Decodes the parts.
    settings (Mapping): Those of the component, thresholds among them.
    """

    def __init__(self, head: Head, settings: Mapping[str, Any]) -> None:
        self.head, self.settings = head, settings
        self.parts: list[Any] = []

    def add(self, encoded: Encoded, chunk: Chunk, beside: Beside) -> Any:
        """Decode the next part.

        encoded (Encoded): Inputs and states of the task's encoder, and their layout.
        chunk (Chunk): Where the part lies in the batch.
        beside (Beside): What else the head may read.
        RETURNS (NamedTuple): What was found, with offsets in the part.
        """
        found = self.head.decode(encoded, self.settings, beside)
        self.parts.append(found.shifted(chunk.start))
        return found

    def result(self) -> Any:
        """What was found in all parts, of which there must be one."""
        return self.parts[0].joined(self.parts)


@dataclass(frozen=True)
class HeadConfig(ABC):
    """Settings of a head; the module is built once labels and widths are known.

    encoder (EncoderConfig): The task's own encoder, whose states the head reads.
    kind (str): What the head finds; a task takes heads of its kind only.
    """

    encoder: EncoderConfig
    kind: ClassVar[Kind]

    @property
    def needs(self) -> tuple[str, ...]:
        """Tasks whose heads' findings `decode` reads in `beside.found`; in any level, but none that finds clusters."""
        return ()

    @property
    def given_needs(self) -> tuple[str, ...]:
        """Those of `needs` and `loss_needs` that another component may meet, where no level does.

        `beside.found` then holds what the Docs have: SpanTensors whose labels count in the types of
        relation arguments in training, -1 for others. In training it may lack them; the gold
        annotation is all there is then.
        """
        return ()

    @property
    def loss_needs(self) -> tuple[str, ...]:
        """The same for `loss`."""
        return self.needs

    @property
    def tag_layers(self) -> int:
        """Layers of nesting that gold spans (for relations: arguments) are sorted into; 0: no such targets."""
        return 0

    @property
    def context_features(self) -> tuple[str, ...]:
        """Facts about documents that the head reads in `beside.context`: any of "speaker", "genre" and "words"."""
        return ()

    @property
    def reach(self) -> int:
        """Tokens of a document that the head sees together, in windows; 0: no farther than a segment."""
        return 0

    @abstractmethod
    def build(self, input_width: int, labels: HeadLabels) -> Head:
        """Make the module with random weights.

        input_width (int): I, what the task's encoder reads; its states are `encoder.width` wide.
        labels (HeadLabels): Label sets to size the head for.
        RETURNS (Head): On the CPU.
        """
