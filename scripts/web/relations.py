"""Relations of KnowledgeNet and of the embedded corpus under KnowledgeNet's names, their arguments typed."""

from __future__ import annotations

from spacy.tokens import Doc
from teacher import Silver

from spacy_hmtl.annotations import (
    get_entities,
    get_mentions,
    get_meta,
    get_relations,
    set_mentions,
    set_meta,
    set_relations,
)
from spacy_hmtl.types import LabeledSpan, Triple

# Types of subject and object.
TYPES = {
    "CEO": ("ORG", "PER"),
    "CHILD_OF": ("PER", "PER"),
    "DATE_FOUNDED": ("ORG", "DATE"),
    "DATE_OF_BIRTH": ("PER", "DATE"),
    "DATE_OF_DEATH": ("PER", "DATE"),
    "EDUCATED_AT": ("PER", "ORG"),
    "EMPLOYEE_OR_MEMBER_OF": ("PER", "ORG"),
    "FOUNDED_BY": ("ORG", "PER"),
    "HEADQUARTERS": ("ORG", "GPE"),
    "NATIONALITY": ("PER", "NORP"),
    "PLACE_OF_BIRTH": ("PER", "GPE"),
    "PLACE_OF_RESIDENCE": ("PER", "GPE"),
    "POLITICAL_AFFILIATION": ("PER", "ORG"),
    "SPOUSE": ("PER", "PER"),
    "SUBSIDIARY_OF": ("ORG", "ORG"),
}
_RENAMED = {"WORKS_FOR": "EMPLOYEE_OR_MEMBER_OF", "LIVES_IN": "PLACE_OF_RESIDENCE"}
_OWN = ("AT", "FAMILY", "LOCATED_IN", "MADE", "OWNS", "PART_OF")
LABELS = (*TYPES, *_OWN)
# What the embedded corpus was annotated for; it does not tell husbands from fathers.
_EMBEDDED = ("EMPLOYEE_OR_MEMBER_OF", "FOUNDED_BY", "PLACE_OF_RESIDENCE", *_OWN)
_MENTION_OF = {"PERSON": "PER", "ORG": "ORG", "GPE": "GPE", "LOC": "LOC", "FAC": "FAC", "NORP": "NORP", "DATE": "DATE"}
# Last digits of the documents (about two fifths of those of the training) that count as annotated for every property.
_TAKEN_AS_COMPLETE = (0, 1, 2)
_PRONOUNS = frozenset("i me my he him his she her hers we us our who whom".split())


def knowledgenet(doc: Doc, silver: Silver) -> None:
    """Type the arguments of facts, and add names and pronouns that are in none, so that there are pairs without a fact.

    doc (Doc): As converted; changed in place.
    silver (Silver): Names of the text.
    """
    named = {(n.start, n.end): _MENTION_OF[n.label] for n in silver.names if n.label in _MENTION_OF}
    relations, types = [], {}
    for triple in get_relations(doc) or []:
        kinds = TYPES[triple.label]
        for span, kind in ((triple.head, kinds[0]), (triple.tail, kinds[1])):
            found = named.get((span.start, span.end))
            types.setdefault(
                (span.start, span.end), found if found in ("GPE", "LOC", "NORP") and kind in ("GPE", "NORP") else kind
            )
        relations.append(triple)
    arguments = {at: LabeledSpan(*at, label) for at, label in types.items()}
    taken = {i for start, end in types for i in range(start, end)}
    for (start, end), label in named.items():
        if taken.isdisjoint(range(start, end)):
            arguments[start, end] = LabeledSpan(start, end, label)
            taken.update(range(start, end))
    for token in doc:
        if token.lower_ in _PRONOUNS and token.i not in taken:
            arguments[token.i, token.i + 1] = LabeledSpan(token.i, token.i + 1, "PER")
    set_mentions(doc, list(arguments.values()))
    typed = [t._replace(head=arguments[t.head[:2]], tail=arguments[t.tail[:2]]) for t in relations]
    set_relations(doc, list(dict.fromkeys(typed)))


def take_as_complete(doc: Doc) -> None:
    """Let a share of the passages say that what was not looked for is not there.

    It is absent more often than not. Without any passage that says so, nearly every pair of a person and an
    organization has all relations of such pairs.

    doc (Doc): Of KnowledgeNet; changed in place.
    """
    meta = get_meta(doc)
    if int(str(meta["name"]).split("-")[0]) % 10 in _TAKEN_AS_COMPLETE:
        set_meta(doc, {**meta, "annotated_labels": {"relation": list(LABELS)}})


def embedded(doc: Doc) -> None:
    """Rename relations; founders stand behind what they founded, and dates and nations are arguments, too.

    doc (Doc): Of the embedded corpus; changed in place.
    """
    relations = []
    for triple in get_relations(doc) or []:
        if triple.label == "FOUNDED":
            relations.append(Triple(triple.tail, "FOUNDED_BY", triple.head))
        else:
            relations.append(triple._replace(label=_RENAMED.get(triple.label, triple.label)))
    mentions = list(get_mentions(doc) or [])
    there = {mention[:2] for mention in mentions}
    names = [LabeledSpan(n.start, n.end, n.label) for n in get_entities(doc) or [] if n.label in ("DATE", "NORP")]
    set_mentions(doc, mentions + [name for name in names if name[:2] not in there])
    set_relations(doc, list(dict.fromkeys(relations)))
    set_meta(doc, {**get_meta(doc), "annotated_labels": {"relation": list(_EMBEDDED)}})
