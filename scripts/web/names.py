"""Names: gold where a corpus has it, silver for the types that it lacks, open where nobody knows."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from spacy.tokens import Doc, Span
from teacher import Silver, Teacher, strip

from spacy_hmtl.annotations import get_entities, get_mentions, get_meta, set_meta
from spacy_hmtl.types import LabeledSpan

CORE = ("PERSON", "ORG", "GPE", "LOC", "FAC")
QUANTITIES = ("DATE", "TIME", "MONEY", "PERCENT")
OTHERS = ("NORP", "PRODUCT", "EVENT", "WORK_OF_ART")
SCHEME = (*CORE, *OTHERS, *QUANTITIES)
# What label maps leave to be settled here: a place of some kind, and a name of none of these kinds.
PLACE, MISC = "PLACE", "MISC"
_KINDS = {"person": ("PERSON",), "organization": ("ORG",), "place": ("GPE", "LOC", "FAC")}


class NameCorpus(NamedTuple):
    """How the names of a corpus are completed.

    silver: Types that are taken from the teacher, where no gold name is.
    open: Types of which nothing is known.
    """

    silver: Collection[str]
    open: Collection[str] = ()


def complete(doc: Doc, silver: Silver, teacher: Teacher, corpus: NameCorpus) -> None:
    """Give a Doc all names that are known, and leave open what is not.

    doc (Doc): With gold names under the scheme's labels, or PLACE and MISC; changed in place.
    silver (Silver): What the teacher says of it.
    teacher (Teacher): Knows what kind of place a name is.
    corpus (NameCorpus): What to take from where.
    """
    words = [token.text for token in doc]
    gold = [strip(span, words) for span in get_entities(doc) or []]
    names, missing = [], []
    for span in gold:
        settled = _settle(span, silver.names, teacher, words)
        if settled.label in SCHEME:
            names.append(settled)
        else:
            missing.append(span)
    taken = {i for span in (*names, *missing) for i in range(span.start, span.end)}
    for span in silver.names:
        if span.label in corpus.silver and taken.isdisjoint(range(span.start, span.end)):
            names.append(span)
            taken.update(range(span.start, span.end))
    _write(doc, names, missing)
    if corpus.open:
        set_meta(
            doc, {**get_meta(doc), "annotated_labels": {"ner": [name for name in SCHEME if name not in corpus.open]}}
        )


def agreed(doc: Doc, silver: Silver) -> None:
    """Names of a Doc without gold names: of persons, organizations and places those that are also mentions.

    Words that are written like names and stand in no such name are left open.

    doc (Doc): With GUM's mentions; changed in place.
    silver (Silver): What the teacher says of it.
    """
    allowed: dict[tuple[int, int], tuple[str, ...]] = {}
    words = [token.text for token in doc]
    for mention in get_mentions(doc) or []:
        kind = _KINDS.get(mention.label)
        if kind:
            at = strip(mention._replace(label="ORG"), words)
            allowed[at.start, at.end] = kind
    names = [
        span
        for span in silver.names
        if span.label in (*OTHERS, *QUANTITIES) or span.label in allowed.get((span.start, span.end), ())
    ]
    inside = {i for span in names for i in range(span.start, span.end)}
    doubtful = {i for span in silver.names if span.label in CORE for i in range(span.start, span.end)}
    doubtful.update(i for i, is_name in enumerate(silver.is_name) if is_name)
    _write(doc, names, [LabeledSpan(i, i + 1) for i in sorted(doubtful - inside)])


def _settle(span: LabeledSpan, silver: Iterable[LabeledSpan], teacher: Teacher, words: list[str]) -> LabeledSpan:
    """A gold name with a label of the scheme, if it can be told."""
    if span.label in SCHEME:
        return span
    same = [one for one in silver if one.start < span.end and span.start < one.end]
    if span.label == PLACE:
        kinds = [one.label for one in same if one.label in ("GPE", "LOC", "FAC")]
        if any(one[:2] == span[:2] and one.label == "NORP" for one in same):
            return span._replace(label="NORP")
        return span._replace(label=kinds[0] if kinds else teacher.place(words[span.start : span.end]))
    exact = [one.label for one in same if one[:2] == span[:2] and one.label in OTHERS]
    return span._replace(label=exact[0]) if exact else span


def _write(doc: Doc, names: Iterable[LabeledSpan], missing: Iterable[LabeledSpan]) -> None:
    spans = [Span(doc, name.start, name.end, label=name.label) for name in names]
    doc.set_ents(spans, missing=[doc[span.start : span.end] for span in missing], default="outside")
