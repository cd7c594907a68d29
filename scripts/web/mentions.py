"""Mentions and clusters of GUM and LitBank under one scheme: PER, ORG, GPE, LOC, FAC, VEH, and WORK."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from spacy.tokens import Doc
from teacher import Silver, Teacher

from spacy_hmtl.annotations import get_clusters, get_mentions, get_meta, set_clusters, set_mentions, set_meta
from spacy_hmtl.types import LabeledSpan

_GUM = {"person": "PER", "organization": "ORG"}
_PERSONAL = frozenset(
    "i me my mine myself you your yours yourself yourselves he him his himself she her hers herself we us our ours "
    "ourselves who whom".split()
)
_OTHER = frozenset("it its itself they them their theirs themselves this that these those which whose one".split())
_STOPS = frozenset("of in on at by with from for to that which who where and or , ( - : near over under".split())


class Roots:
    """What type the root of a noun phrase speaks for, as LitBank and the embedded corpus have it."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}

    def learn(self, doc: Doc) -> None:
        """Count the roots of typed mentions.

        doc (Doc): With gold mentions.
        """
        for mention in get_mentions(doc) or []:
            self._counts.setdefault(root(doc, mention), Counter())[mention.label] += 1

    def kind(self, doc: Doc, mention: LabeledSpan, among: Iterable[str]) -> str | None:
        """The likeliest of some types, or None for a root that was never seen with one of them."""
        counts = self._counts.get(root(doc, mention), Counter())
        known = {label: counts[label] for label in among if counts[label]}
        return max(known, key=lambda label: known[label]) if known else None


def root(doc: Doc, mention: LabeledSpan) -> str:
    """The last word before what follows the noun, in lower case.

    doc (Doc): Of the mention.
    mention (LabeledSpan): A noun phrase.
    RETURNS (str): "house" of "the old house by the river".
    """
    words = [token.lower_ for token in doc[mention.start : mention.end]]
    stop = next((i for i, word in enumerate(words) if i and word in _STOPS), len(words))
    return words[stop - 1]


def gum(doc: Doc, silver: Silver, teacher: Teacher, roots: Roots) -> None:
    """GUM's persons, organizations and places as mentions; of its clusters what is no lone mention of another type.

    doc (Doc): As converted; changed in place.
    silver (Silver): What the teacher says of it: a name shows what kind of place a mention is.
    teacher (Teacher): Knows places by name.
    roots (Roots): Know places by noun.
    """
    kept: list[LabeledSpan] = []
    for mention in get_mentions(doc) or []:
        label = _GUM.get(mention.label)
        if mention.label == "place":
            label = _place(doc, mention, silver, teacher, roots)
        if label is not None:
            kept.append(mention._replace(label=label))
    places = {mention[:2] for mention in kept}
    clusters = [c for c in get_clusters(doc) or [] if len(c) > 1 or c[0][:2] in places]
    set_mentions(doc, kept)
    set_clusters(doc, clusters)
    labels = ["PER", "ORG", "GPE", "LOC", "FAC"]
    set_meta(doc, {**get_meta(doc), "annotated_labels": {"emd": labels}})


def _place(doc: Doc, mention: LabeledSpan, silver: Silver, teacher: Teacher, roots: Roots) -> str:
    kinds = ("GPE", "LOC", "FAC")
    end = max((i + 1 for i in range(mention.start, mention.end) if silver.is_name[i]), default=mention.end)
    named = [n for n in silver.names if n.label in kinds and mention.start <= n.start and n.end == end == mention.end]
    if named:
        return named[0].label
    words = [token.text for token in doc[mention.start : mention.end]]
    if silver.is_name[mention.end - 1]:
        return teacher.place(words[1:] if words[0].lower() == "the" and len(words) > 1 else words)
    return roots.kind(doc, mention, kinds) or "LOC"


def with_pronouns(doc: Doc) -> None:
    """LitBank's mentions and the pronouns of its clusters, which have the type of their cluster's mentions.

    doc (Doc): As converted; changed in place.
    """
    mentions = list(get_mentions(doc) or [])
    types = {mention[:2]: mention.label for mention in mentions}
    for cluster in get_clusters(doc) or []:
        counts = Counter(types[m[:2]] for m in cluster if m[:2] in types)
        words = [doc[m.start : m.end].text.lower() for m in cluster]
        if not counts and not _PERSONAL.isdisjoint(words):
            counts["PER"] = 1
        for mention, word in zip(cluster, words):
            if mention[:2] not in types and counts and (word in _PERSONAL or word in _OTHER):
                mentions.append(LabeledSpan(mention.start, mention.end, counts.most_common(1)[0][0]))
    set_mentions(doc, mentions)
    labels = ["PER", "ORG", "GPE", "LOC", "FAC", "VEH"]
    set_meta(doc, {**get_meta(doc), "annotated_labels": {"emd": labels}})
