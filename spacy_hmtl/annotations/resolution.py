"""What clusters are good for: names of entities, resolved text, relations between entities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from spacy.lang.en.stop_words import STOP_WORDS
from spacy.tokens import Doc, Span

from .groups import Relation

# English personal, possessive, reflexive and demonstrative pronouns.
PRONOUNS = frozenset(
    "i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself "
    "she her hers herself it its itself they them their theirs themselves themself one oneself "
    "this that these those who whom whose which someone everyone".split()
)
_POSSESSIVE = frozenset("my our your his her its their mine ours yours hers theirs whose".split())
# Words after which "her" was an object: prepositions, conjunctions, articles, auxiliaries, adverbs.
_AFTER_OBJECT = frozenset(
    "a about after again alone an and as at away back because before but by down for from had has if in into is "
    "it now off on onto or out over she so that the then they though through to today tomorrow too under until up "
    "was well were what when where which while who why with without yesterday".split()
)
# Opens a clause beside its name: "Ann Lee, who left" stays as it is.
_RELATIVE = frozenset("who whom whose which".split())
# "her" and "his" are possessive only before what is owned.
_OBJECT_TOO = frozenset(("her", "his"))


class EntityRelation(NamedTuple):
    """A relation between two entities: their most informative mentions, and the mentions that showed it.

    score (float): highest confidence among the evidence.
    """

    head: Span
    label: str
    tail: Span
    score: float
    evidence: tuple[Relation, ...]


def is_pronoun(span: Span) -> bool:
    """Whether a mention is a single pronoun."""
    return len(span) == 1 and span[0].text.lower() in PRONOUNS


def canonical(cluster: Sequence[Span]) -> Span:
    """The most informative mention: a name before a common noun before a pronoun, then the earliest.

    A mention that is a name of `doc.ents`, or ends in one, counts as a name; without
    names, a mention that ends in a capitalized word does.
    """
    return min(cluster, key=lambda span: (_rank(span), len(span) > 8, span.start, span.end))


def _rank(span: Span) -> int:
    if is_pronoun(span):
        return 4
    boundaries = {(ent.start, ent.end) for ent in span.ents}
    if (span.start, span.end) in boundaries:
        return 0
    if any(end == span.end for _, end in boundaries):
        return 1
    last = span[-1].text
    capital = last[:1].isupper() and not (len(span) == 1 and span[0].is_sent_start)
    return 2 if capital else 3


def resolve_text(doc: Doc, clusters: Sequence[Sequence[Span]]) -> str:
    """The text with each later mention replaced by its cluster's most informative mention.

    Possessive pronouns become possessive names. Of nested mentions the outermost is
    replaced; a mention that holds or lies in its own replacement stays. Never raises.
    """
    chosen: list[tuple[Span, Span]] = []
    for cluster in clusters:
        name = canonical(cluster)
        if is_pronoun(name):
            continue
        first = cluster[0]
        for mention in cluster:
            overlaps = mention.start < name.end and name.start < mention.end
            # Beside its name ("Anna Keller, the mayor,") a mention is an apposition and stays.
            gap = doc[name.end : mention.start].text if mention.start >= name.end else None
            beside = gap in ("", ",", "(", "-", "–", "—", ":") and not is_pronoun(mention)
            beside = beside or mention.text.lower() in _RELATIVE
            if mention is not first and not overlaps and not beside and mention.text != name.text:
                chosen.append((mention, name))
    chosen.sort(key=lambda pair: (pair[0].start, -pair[0].end))
    text, position = [], 0
    for mention, name in chosen:
        if mention.start_char < position:
            continue
        text.append(doc.text[position : mention.start_char])
        text.append(_fit(mention, name))
        position = mention.end_char
    text.append(doc.text[position:])
    return "".join(text)


def _fit(mention: Span, name: Span) -> str:
    """The name, in the possessive if the mention is a possessive pronoun."""
    word = mention.text.lower()
    if not is_pronoun(mention) or word not in _POSSESSIVE:
        return name.text
    if word in _OBJECT_TOO and not _owns(mention):
        return name.text
    return name.text + ("'" if name.text.endswith("s") else "'s")


def _owns(mention: Span) -> bool:
    """Whether something owned follows the pronoun ("her house", not "saw her ." or "saw her in")."""
    if mention.end >= len(mention.doc):
        return False
    # By the text alone: a vocabulary that a Doc was reloaded with may know no lexical attributes.
    following = mention.doc[mention.end].text
    return following.isalpha() and following.lower() not in STOP_WORDS


def entity_relations(clusters: Sequence[Sequence[Span]], relations: Sequence[Relation]) -> list[EntityRelation]:
    """Relations lifted from mentions to entities; duplicates are merged, their evidence kept.

    An argument that is in no cluster stands for itself. A relation of an entity to
    itself (head and tail in one cluster) is left out.
    """
    entity: dict[tuple[int, int], tuple[int, Span]] = {}
    for number, cluster in enumerate(clusters):
        name = canonical(cluster)
        for mention in cluster:
            entity[(mention.start, mention.end)] = (number, name)

    def lift(span: Span) -> tuple[object, Span]:
        return entity.get((span.start, span.end), ((span.start, span.end), span))

    merged: dict[tuple[object, str, object], tuple[Span, Span, list[Relation]]] = {}
    for relation in relations:
        (head_id, head), (tail_id, tail) = lift(relation.head), lift(relation.tail)
        if head_id != tail_id:
            row = merged.setdefault((head_id, relation.label, tail_id), (head, tail, []))
            row[2].append(relation)
    return [
        EntityRelation(head, label, tail, max(r.score for r in evidence), tuple(evidence))
        for (_, label, _), (head, tail, evidence) in merged.items()
    ]
