"""Silver names: what spaCy's English pipeline says of a text, where its corpus says nothing.

Used in training only. The pipeline is en_core_web_md 3.8 (MIT), of which the tagger and the names are run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import spacy
from spacy.tokens import Doc

from spacy_hmtl.types import LabeledSpan

_UNUSED = ("parser", "lemmatizer", "senter")
_PLACES = ("GPE", "LOC", "FAC")
_FACILITIES = frozenset(
    "airport arena avenue boulevard bridge building cathedral center centre church college highway hall hospital hotel "
    "house lane library mall museum palace park pub restaurant road school square stadium station street temple "
    "theater theatre tower university".split()
)
_LANDSCAPES = frozenset(
    "bay beach canyon cape channel coast creek desert earth falls forest gulf hills island islands lake mountain "
    "mountains ocean peninsula river sea valley".split()
)
_LANDSCAPES_FIRST = frozenset("cape gulf lake mount river".split())
# Some corpora count titles as part of a person's name and some do not; "St" is, in names of saints and their kin.
_TITLES = frozenset(
    "mr mrs ms miss dr sir madam president king queen prince princess pope lord lady professor prof captain general "
    "judge senator sen minister emperor chancellor mayor sheikh coach bishop detective officer sgt lieutenant colonel "
    "major reverend duke count earl baron governor gov secretary commissioner commander sultan".split()
)


class Silver(NamedTuple):
    """What the teacher says of a Doc.

    names: Its names, without "the" in front of persons, organizations and places.
    is_name: For each token whether it is written like a part of a name (a proper noun).
    is_noun: For each token whether it is a noun.
    """

    names: list[LabeledSpan]
    is_name: list[bool]
    is_noun: list[bool]


class Teacher:
    """Annotates Docs, whose tokens stay as they are.

    path (Path): Folder of the pipeline.
    """

    def __init__(self, path: Path) -> None:
        self.nlp = spacy.load(path, exclude=_UNUSED)
        self.kinds: dict[str, Counter[str]] = {}

    def read(self, docs: Iterable[Doc]) -> Iterator[Silver]:
        """What it says of each Doc; counts by the way what kind of place each name is.

        docs (Iterable): Of any vocabulary.
        YIELDS (Silver): In order.
        """
        copies = (
            Doc(self.nlp.vocab, words=[t.text for t in doc], spaces=[bool(t.whitespace_) for t in doc]) for doc in docs
        )
        for doc in self.nlp.pipe(copies, batch_size=256):
            names = [strip(LabeledSpan(ent.start, ent.end, ent.label_), [t.text for t in doc]) for ent in doc.ents]
            for name in names:
                if name.label in _PLACES:
                    self.kinds.setdefault(doc[name.start : name.end].text.lower(), Counter())[name.label] += 1
            yield Silver(names, [t.pos_ == "PROPN" for t in doc], [t.pos_ in ("NOUN", "PROPN") for t in doc])

    def place(self, words: list[str]) -> str:
        """GPE, LOC or FAC: as most often elsewhere, else by the words of the name.

        words (list): Of the name.
        RETURNS (str): The label.
        """
        lower = [word.lower() for word in words]
        if lower[-1] in _FACILITIES:
            return "FAC"
        if lower[-1] in _LANDSCAPES or lower[0] in _LANDSCAPES_FIRST:
            return "LOC"
        counts = self.kinds.get(" ".join(lower))
        return counts.most_common(1)[0][0] if counts else "GPE"


def strip(span: LabeledSpan, words: list[str]) -> LabeledSpan:
    """A name without an article or titles in front and a genitive behind, as most corpora other than OntoNotes have it.

    span (LabeledSpan): Offsets in `words`.
    words (list): Of the document.
    RETURNS (LabeledSpan): At least one token of it.
    """
    start, end = span.start, span.end
    if span.label in ("PERSON", "ORG", *_PLACES, "NORP"):
        if end - start > 1 and words[start].lower() in ("the", "a", "an"):
            start += 1
        if end - start > 1 and words[end - 1] in ("'s", "’s", "'"):
            end -= 1
    while span.label == "PERSON" and end - start > 1 and words[start].lower().rstrip(".") in _TITLES:
        start += 1
    return span._replace(start=start, end=end)
