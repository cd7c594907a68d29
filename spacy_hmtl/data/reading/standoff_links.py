"""The links and groups of a document of an annotation tool: relations and clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...types import Cluster, LabeledSpan, MentionSpan, Triple
from ..faults import FaultLog, Place
from .standoff import COREFERENCE, Link, Standoff
from .token_rows import clean_clusters

LINK_TWICE = "relations that stand twice, kept once"
SELF = "relations of a span with itself or with one of the same words, kept"
SINGLETONS = "mentions without a coreference link, each a cluster of one"
COLLAPSED = "coreference groups whose spans cover the same words, of which a cluster of one is left"


class LinkReader:
    """Resolves the links of a document; what has no span is a fault, once for each link.

    spans (Mapping): The spans by id; None for one that was skipped.
    """

    def __init__(self, document: Standoff, spans: Mapping[str, LabeledSpan | None], faults: FaultLog) -> None:
        self._document = document
        self._spans = spans
        self._faults = faults
        self._lost: set[tuple[int, str, frozenset[str]]] = set()  # links that were reported
        self._cut_off: set[MentionSpan] = set()  # spans with such a link, of which nothing else is known

    def relations(self) -> list[Triple]:
        """The links that do not say "the same entity"."""
        triples: list[Triple] = []
        seen: set[Triple] = set()
        for link in self._document.links or []:
            if self._is_coreference(link):
                continue
            head, tail = self._ends(link, "relation")
            if head is None or tail is None:
                continue
            if head[:2] == tail[:2] and not self._document.is_exact:
                if link.head != link.tail and head.label == tail.label:
                    what = f"both arguments of {link.label}, {link.head} and {link.tail}, cover the same words"
                    self._skip(link.line, what, "relation", "Give the relation two different spans.")
                    continue
                self._faults.note(self._at(link.line), SELF)
            triple = Triple(head, link.label, tail)
            if triple in seen and not self._document.is_exact:
                self._faults.note(self._at(link.line), LINK_TWICE)
                continue
            seen.add(triple)
            triples.append(triple)
        return triples

    def clusters(self, alone: Sequence[LabeledSpan]) -> list[Cluster]:
        """Join what is linked or grouped, directly or not.

        alone (Sequence[LabeledSpan]): Mentions that are clusters of one where nothing joins them to others.
        """
        groups: list[list[MentionSpan]] = []
        for link in self._document.links or []:
            if self._is_coreference(link):
                self._add_group(groups, self._ends(link, "coreference link"), link.line)
        for ids, line in self._document.groups or []:
            found = [self._find(id, Link(id, "a group", id, line), "cluster mention") for id in dict.fromkeys(ids)]
            self._add_group(groups, found, line)
        linked = {mention for group in groups for mention in group} | self._cut_off
        singletons = [span for span in dict.fromkeys(span[:2] for span in alone) if span not in linked]
        for _ in singletons:
            self._faults.note(self._document.place, SINGLETONS)
        groups += [[span] for span in singletons]
        return clean_clusters(_joined(groups), self._document.place, self._faults)

    def _add_group(self, groups: list[list[MentionSpan]], spans: Sequence[LabeledSpan | None], line: int) -> None:
        """Add the spans of a link or a group, those that are not None."""
        mentions = list(dict.fromkeys(span[:2] for span in spans if span is not None))
        if len(mentions) == 1 and len([span for span in spans if span is not None]) > 1:
            self._faults.note(self._at(line), COLLAPSED)
        groups.append(mentions)

    def _is_coreference(self, link: Link) -> bool:
        return not self._document.is_exact and COREFERENCE.fullmatch(link.label) is not None

    def _ends(self, link: Link, unit: str) -> tuple[LabeledSpan | None, LabeledSpan | None]:
        """Both arguments of a link; None and None, with one fault, if one of them cannot be used."""
        lost = (link.line, link.label, frozenset((link.head, link.tail)))
        if lost in self._lost:  # the other direction of an arrow
            return None, None
        found = [self._find(id, link, unit) for id in (link.head, link.tail)[: 1 if self._is_lost(link.head) else 2]]
        if None in found:
            self._lost.add(lost)
            ends = (self._spans.get(id) for id in (link.head, link.tail))
            self._cut_off.update(end[:2] for end in ends if end is not None)
            return None, None
        return found[0], found[1]

    def _is_lost(self, id: str) -> bool:
        return self._spans.get(id) is None

    def _find(self, id: str, link: Link, unit: str) -> LabeledSpan | None:
        """The span of an id; None, with a fault, if there is none that can be used."""
        if id not in self._spans:
            what = f"{link.label} has the argument {id}, but no span has this id"
            self._skip(link.line, what, unit, "Correct the id, or add the span.")
            return None
        if self._spans[id] is None:
            what = f"{link.label} has the argument {id}, which was skipped"
            self._skip(link.line, what, unit, "Correct the span first.")
        return self._spans[id]

    def _at(self, line: int) -> Place:
        return self._document.place._replace(line=line)

    def _skip(self, line: int, what: str, unit: str, remedy: str) -> None:
        self._faults.skip(self._at(line), what, unit=unit, remedy=remedy)


def _joined(groups: Sequence[Sequence[MentionSpan]]) -> list[list[MentionSpan]]:
    """Join the groups that have a mention in common."""
    parents: dict[MentionSpan, MentionSpan] = {}

    def root(mention: MentionSpan) -> MentionSpan:
        while parents[mention] != mention:
            parents[mention] = mention = parents[parents[mention]]
        return mention

    for group in groups:
        for mention in group:
            parents.setdefault(mention, mention)
            parents[root(mention)] = root(group[0])
    joined: dict[MentionSpan, list[MentionSpan]] = {}
    for mention in parents:
        joined.setdefault(root(mention), []).append(mention)
    return list(joined.values())
