"""KnowledgeNet (Mesquita et al. 2019): facts about people and companies, passage by passage.

Lines with `text`, `facts` ([subject start, end, property, object start, end], in characters
of the text) and `none` (properties that were looked for and not found); or the lines of the
published corpus, with `documentText` and `passages`. A passage is annotated property by
property: of those in neither list nothing is known, which `annotated_labels` keeps.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...annotations import AnnotatedDocument
from ...errors import Errors
from ..faults import ConversionError, FaultLog, Place
from ..reading.json_records import JsonObject, excerpt, misfit, note_unread, read_values
from ..reading.standoff import CharSpan, CorpusLayers, Link, Standoff
from ..reading.standoff_build import build
from ..reading.standoff_place import place_spans

NOTHING_ASKED = "passages for which no property was looked for, taken as not annotated"
SHAPE = {"text": str, "facts": list, "none?": [str]}
FACT = (int, int, str, int, int)
PASSAGE = {"passageText": str, "facts": [dict], "exhaustivelyAnnotatedProperties?": [dict]}
# Keys that are read, and those that say nothing of facts.
KNOWN = {"doc", "fold", "start", "text", "facts", "none"}
KNOWN_PUBLISHED = {"fold", "documentId", "source", "documentText", "passages"}
KNOWN_PASSAGE = {"passageId", "passageStart", "passageEnd", "passageText", "facts", "exhaustivelyAnnotatedProperties"}
_OFFSETS = ("subjectStart", "subjectEnd", "objectStart", "objectEnd")
_REMEDY = "A fact is [subject start, end, property, object start, end], in characters of the text, from 0."


class _Passage(NamedTuple):
    """A passage: its name, text, facts (rows as in `facts`), and the properties that were looked for."""

    name: str
    line: int
    text: str
    facts: list[Any]
    asked: list[str]


def read(
    path: Path, *, faults: FaultLog, ids: Container[str] | None = None, tokenizer: str = "en"
) -> Iterator[AnnotatedDocument]:
    """Read a file of KnowledgeNet. A document is a passage; the arguments of its facts are no complete mentions.

    path (Path): The file, such as `train.jsonl`.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only; an id is the number of the document,
        a hyphen and where the passage starts in it.
    tokenizer (str): A language of spaCy or "whitespace".
    YIELDS (AnnotatedDocument): The passages, with `relations`, from subject to object;
        `meta["annotated_labels"]["relation"]` lists the properties that were looked for.
    RAISES (ConversionError): H102, if the file is of another format; H140.
    """
    documents = [
        _document(passage, Place(path, passage.line, passage.name), faults)
        for passage in _passages(path, faults)
        if ids is None or passage.name in ids
    ]
    place_spans(documents, faults)
    for document in documents:
        made = build(document, CorpusLayers(True, False, False), tokenizer, faults)
        if made is not None:
            yield made


def _passages(path: Path, faults: FaultLog) -> Iterator[_Passage]:
    """The passages of a file of either layout."""
    is_first = True
    for line, value in read_values(path, "knowledgenet", faults):
        is_published = isinstance(value, dict) and isinstance(value.get("passages"), list)
        what = misfit(value, {"passages": [PASSAGE]} if is_published else SHAPE)
        if what and is_first:
            reason = f"in line {line}, {what}"
            raise ConversionError(Errors.H102.format(path=path, format="knowledgenet", reason=reason), faults)
        is_first = False
        if what:
            faults.skip(Place(path, line), what, unit="document", remedy="Correct the line.")
        elif is_published:
            note_unread(value, KNOWN_PUBLISHED, Place(path, line), faults)
            yield from _published(value, line, Place(path, line), faults)
        else:
            name = f"{value.get('doc', line)}-{value.get('start', line)}"
            note_unread(value, KNOWN, Place(path, line, name), faults)
            properties = [fact[2] for fact in value["facts"] if not misfit(fact, FACT)]
            asked = sorted({*properties, *(value.get("none") or [])})
            yield _Passage(name, line, value["text"], value["facts"], asked)


def _published(document: JsonObject, line: int, place: Place, faults: FaultLog) -> Iterator[_Passage]:
    """The passages of a document of the published corpus, whose offsets count in the document or in the passage."""
    for number, passage in enumerate(document["passages"], start=1):
        text, start = passage["passageText"], passage.get("passageStart", 0)
        name = f"{document.get('documentId', line)}-{start if type(start) is int else number}"
        note_unread(passage, KNOWN_PASSAGE, place._replace(document=name), faults)
        facts: list[list[Any]] = []
        for fact in passage["facts"]:
            label = _property(fact)
            offsets = [fact.get(key) for key in _OFFSETS]
            if not label or not all(type(offset) is int for offset in offsets):
                what = f"expected a fact with a property and four offsets, found {excerpt(fact)}"
                faults.skip(place._replace(document=name), what, unit="relation", remedy="Correct the fact.")
                continue
            base = _base(fact, text, start if type(start) is int else 0)
            first = [offset - base for offset in offsets if isinstance(offset, int)]
            wrong = _wrong_text(fact, text, first)
            if wrong:
                faults.skip(
                    place._replace(document=name),
                    f"in the fact {excerpt(fact)} {wrong}",
                    unit="relation",
                    remedy=_REMEDY,
                )
                continue
            facts.append([*first[:2], label, *first[2:]])
        asked = {_property(row) for row in passage.get("exhaustivelyAnnotatedProperties") or []}
        yield _Passage(name, line, text, facts, sorted(({fact[2] for fact in facts} | asked) - {""}))


def _property(fields: JsonObject) -> str:
    """The name of a property, such as DATE_OF_BIRTH."""
    names = (fields.get(key) for key in ("propertyName", "humanReadable", "propertyId"))
    found = next((name for name in names if isinstance(name, str) and name), "")
    # "<Ann Lee> <DATE_OF_BIRTH> <1960>"
    return found.split("> <")[1] if found.count("> <") == 2 else found


def _wrong_text(fact: JsonObject, text: str, offsets: Sequence[int]) -> str:
    """Say which argument of a fact is not what the fact says it is, or ""."""
    for key, first in (("subjectText", 0), ("objectText", 2)):
        start, end = offsets[first : first + 2]
        said, found = fact.get(key), text[max(start, 0) : max(end, 0)]
        if isinstance(said, str) and said.split() != found.split():
            return f"the characters [{start}, {end}) of the passage are {found[:60]!r}, but {key} is {said[:60]!r}"
    return ""


def _base(fact: JsonObject, text: str, start: int) -> int:
    """Where the offsets of a fact count from: as its subject shows, the passage's place in the document, or 0."""
    subject = fact.get("subjectText")
    first, last = fact["subjectStart"], fact["subjectEnd"]
    in_passage = text[first:last] == subject if isinstance(subject, str) else last <= start
    return 0 if in_passage else start


def _document(passage: _Passage, place: Place, faults: FaultLog) -> Standoff:
    """A passage with its facts, before it is known what their offsets count."""
    document = Standoff(place, passage.text, [], links=[], layers=["relations"])
    for fact in passage.facts:
        what = misfit(fact, FACT)
        if what:
            faults.skip(place, f"in the fact {excerpt(fact)} {what}", unit="relation", remedy=_REMEDY)
            continue
        head, tail = f"{fact[0]}-{fact[1]}", f"{fact[3]}-{fact[4]}"
        known = {span.id for span in document.spans}
        for id, start, end in dict.fromkeys(((head, fact[0], fact[1]), (tail, fact[3], fact[4]))):
            if id not in known:
                document.spans.append(CharSpan(id, start, end, "", place.line, layer="argument"))
        document.links = [*(document.links or []), Link(head, fact[2], tail, place.line)]
    if not passage.asked:
        faults.note(place, NOTHING_ASKED)
        document.layers = []
    elif passage.facts and not document.links:  # none could be read, which is not "nothing there"
        document.layers = []
    document.meta = {"annotated_labels": {"relation": passage.asked}} if passage.asked else {}
    return document
