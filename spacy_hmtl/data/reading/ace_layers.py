"""From ACE annotation in characters to the layers of a document, in tokens."""

from __future__ import annotations

from bisect import bisect_right

from ...annotations.layers import make_clusters
from ...types import Cluster, LabeledSpan, MentionSpan, Triple
from ..faults import FaultLog
from .ace_text import CharSpan, Tokens
from .ace_xml import AceMention, AceRelation
from .brackets import crossing_pairs, document_order

METONYMY = "METONYMY"
LEFT_OUT = "relations METONYMY, left out as in most papers"
MISALIGNED = "mentions with a boundary inside a token, mapped outward to whole tokens"
SAME_MENTION = "mentions of one entity that fall on the same tokens, kept once"
SAME_RELATION = "relations that stand twice between the same tokens, kept once"
NAME_IN_NAME = "names inside names, kept as mentions only (the outermost is in the names layer)"
TWO_SENTENCES = "relations across an automatic sentence boundary, kept"


class LayerBuilder:
    """Collects the layers of one document.

    tokens (Tokens): Its tokens.
    relations (list[Triple]): The relations added so far.
    """

    def __init__(self, tokens: Tokens, faults: FaultLog) -> None:
        self.relations: list[Triple] = []
        self._tokens = tokens
        self._faults = faults
        self._by_id: dict[str, LabeledSpan] = {}
        self._mentions: dict[LabeledSpan, AceMention] = {}
        self._names: dict[LabeledSpan, AceMention] = {}
        self._clusters: dict[str, list[MentionSpan]] = {}
        self._taken: dict[MentionSpan, str] = {}  # mentions of clusters, and their entities

    def add_mention(self, mention_id: str, mention: AceMention) -> None:
        """Add a mention of an entity, a value or a time.

        mention_id (str): Its id, which relations refer to.
        mention (AceMention): The mention.
        """
        if mention_id and mention_id in self._by_id:
            what = f"the id {mention_id} stands twice"
            self._faults.skip(mention.place, what, unit="mention", remedy="Give each mention its own ID.")
            return
        span = self._align(mention.span, mention)
        if span.start >= span.end:
            self._faults.skip(
                mention.place, "the mention holds no token", unit="mention", remedy="Correct the offsets."
            )
            return
        if not self._tokens.is_exact(mention.span):
            self._faults.note(mention.place, MISALIGNED)
        self._by_id[mention_id] = span
        same_entity = self._taken.get(span[:2]) == mention.entity
        if span in self._mentions and not same_entity:
            what = f"another mention {mention.label} falls on the same tokens ({self._text(span)!r})"
            self._faults.skip(mention.place, what, unit="mention", remedy="Keep one of them.")
        elif span in self._mentions:
            self._faults.note(mention.place, SAME_MENTION)
        else:
            self._mentions[span] = mention
        if mention.is_name:
            self._names.setdefault(self._align(mention.head, mention), mention)
        if mention.entity:
            self._add_to_cluster(span, mention)

    def add_relation(self, relation: AceRelation, *, with_subtype: bool) -> None:
        """Add a relation between mentions that were added.

        relation (AceRelation): The relation.
        with_subtype (bool): Label it PHYS.Located, not PHYS.
        """
        if relation.type == METONYMY:
            self._faults.note(relation.place, LEFT_OUT)
            return
        missing = [name for name in (relation.head, relation.tail) if name not in self._by_id]
        if missing:
            what = f"the argument {missing[0]} is no mention of an entity, or one that was skipped"
            remedy = "Correct the REFID or the mention; for values and times, ask for them (--values, --times)."
            self._faults.skip(relation.place, what, unit="relation", remedy=remedy)
            return
        label = f"{relation.type}.{relation.subtype}" if with_subtype and relation.subtype else relation.type
        triple = Triple(self._by_id[relation.head], label, self._by_id[relation.tail])
        if triple.head[:2] == triple.tail[:2]:
            what = f"both arguments fall on the same tokens ({self._text(triple.head)!r})"
            self._faults.skip(relation.place, what, unit="relation", remedy="Correct the arguments.")
        elif triple in self.relations:
            self._faults.note(relation.place, SAME_RELATION)
        else:
            self.relations.append(triple)
            if self._sentence(triple.head.start) != self._sentence(triple.tail.start):
                self._faults.note(relation.place, TWO_SENTENCES)

    def mentions(self) -> list[LabeledSpan]:
        """The mentions, in document order."""
        return sorted(self._mentions, key=lambda span: (*document_order(span[:2]), span.label))

    def names(self) -> list[LabeledSpan]:
        """The names, in document order; of nested ones the outermost."""
        names: list[LabeledSpan] = []
        for span in sorted(self._names, key=lambda span: document_order(span[:2])):
            if names and span.start < names[-1].end:
                self._faults.note(self._names[span].place, NAME_IN_NAME)
            else:
                names.append(span)
        return names

    def clusters(self) -> list[Cluster]:
        """The entities, singletons included, in order of their first mention."""
        return make_clusters(self._clusters.values())

    def _add_to_cluster(self, span: LabeledSpan, mention: AceMention) -> None:
        extent: MentionSpan = (span.start, span.end)
        cluster = self._clusters.get(mention.entity, [])
        what = ""
        if self._taken.get(extent, mention.entity) != mention.entity:
            what = f"a mention of {self._taken[extent]} falls on the same tokens ({self._text(span)!r})"
        elif crossing_pairs([*cluster, extent]):
            what = f"{self._text(span)!r} crosses another mention of the same entity"
        if what:
            self._faults.skip(mention.place, what, unit="coreference mention", remedy="Keep one of them.")
        elif extent not in self._taken:
            self._taken[extent] = mention.entity
            self._clusters.setdefault(mention.entity, []).append(extent)

    def _align(self, span: CharSpan, mention: AceMention) -> LabeledSpan:
        return LabeledSpan(*self._tokens.align(span), mention.label)

    def _sentence(self, token: int) -> int:
        return bisect_right(self._tokens.sent_starts, token)

    def _text(self, span: LabeledSpan) -> str:
        return " ".join(self._tokens.words[span.start : span.end])
