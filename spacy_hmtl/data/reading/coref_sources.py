"""The documents of a file of coreference JSON before it is known what their offsets mean, and finding it out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from ..faults import FaultLog, Place
from .coref_rows import Mention
from .coref_words import Words
from .ends import INCLUSIVE, TokenOffsets, TokenSpan, find_ends, find_offsets, shows_ends
from .json_records import JsonObject
from .sentence_offsets import IN_SENTENCE, SENTENCE, Listed, find_frame

SENTENCES_FROM_ONE = "documents whose mentions number the sentences from 1, converted"


class Source(NamedTuple):
    """A document before it is known what its ends mean.

    words: None where offsets count characters.
    layout: what is usual for its keys, and the key of its clusters.
    """

    place: Place
    fields: JsonObject
    words: Words | None
    clusters: list[list[Mention | str]] | None
    names: list[Mention | str] | None
    layout: tuple[str, str] = ("", "")

    def tokens(self, mention: Mention) -> tuple[int, list[str]]:
        """The tokens that the offsets of a mention count, and the place of the first of them."""
        words = self.words
        if words is None or mention.sentence is None:
            return 0, words.raw if words else []
        bounds = [*words.firsts, len(words.raw)]
        if not 0 <= mention.sentence < len(bounds) - 1:
            return 0, []
        return bounds[mention.sentence], words.raw[bounds[mention.sentence] : bounds[mention.sentence + 1]]


def by_sentence(sources: Sequence[Source], path: Path, offsets: str | None, faults: FaultLog) -> list[Source]:
    """Find out whether names count in their sentence, and whether sentences are numbered from 1.

    sources (Sequence[Source]): The documents of a file.
    path (Path): The file, for messages.
    offsets (str | None): What the user says of names: "document" or "sentence".
    faults (FaultLog): Takes notes.
    RETURNS (list[Source]): The documents, with mentions in sentences that count from 0.
    RAISES (ConversionError): H130, H701.
    """
    listed = [
        Listed(*source.tokens(name._replace(sentence=name.listed)), name.start, name.end)
        for source in sources
        for name in source.names or []
        if isinstance(name, Mention) and name.listed is not None
    ]
    is_relative = find_frame(listed, path, offsets) == SENTENCE
    found: list[Source] = []
    from_one = _numbered_from_one(sources)
    for source in sources:
        names, clusters = source.names, source.clusters
        if is_relative and names:
            faults.note(source.place, IN_SENTENCE)
            names = [name if isinstance(name, str) else name._replace(sentence=name.listed) for name in names]
        if clusters and source.layout in from_one:
            faults.note(source.place, SENTENCES_FROM_ONE)
            clusters = [[_one_less(mention) for mention in cluster] for cluster in clusters]
        found.append(source._replace(names=names, clusters=clusters))
    return found


def _numbered_from_one(sources: Sequence[Source]) -> set[tuple[str, str]]:
    """The layouts whose mentions name the last sentence by the number of sentences, and none as 0."""
    numbers: dict[tuple[str, str], set[bool | None]] = {}
    for source in sources:
        for mention in chain(*(source.clusters or [])):
            if source.words is not None and isinstance(mention, Mention) and mention.sentence is not None:
                n_sentences = len(source.words.firsts)
                is_last = mention.sentence == n_sentences
                numbers.setdefault(source.layout, set()).add(is_last if 1 <= mention.sentence <= n_sentences else None)
    return {layout for layout, found in numbers.items() if True in found and None not in found}


def _one_less(mention: Mention | str) -> Mention | str:
    if isinstance(mention, str) or mention.sentence is None:
        return mention
    return mention._replace(sentence=mention.sentence - 1)


def find_meanings(
    sources: Sequence[Source], path: Path, given: str | None
) -> dict[tuple[str, str], tuple[TokenOffsets, TokenOffsets]]:
    """What the token offsets of clusters and of names mean, for each layout of a file.

    sources (Sequence[Source]): Its documents.
    path (Path): The file, for messages.
    given (str | None): What the user says of the ends.
    RETURNS (dict): By layout, those of the clusters and those of the names.
    RAISES (ConversionError): H130, H171, H700.
    """
    found: dict[tuple[str, str], tuple[TokenOffsets, TokenOffsets]] = {}
    for layout in dict.fromkeys(source.layout for source in sources):
        alike = [source for source in sources if source.layout == layout]
        clusters = [span for source in alike for span in _token_spans(source, chain(*(source.clusters or [])))]
        names = [span for source in alike for span in _token_spans(source, source.names or [])]
        # Where the clusters show nothing, the names of the same file may.
        usual = layout[0] or (find_ends(names, path, usual=INCLUSIVE) if shows_ends(names) else "")
        of_clusters = find_offsets(clusters, path, usual=usual, given=given)
        of_names = find_offsets(names, path, usual=of_clusters.ends if clusters else usual, given=given)
        found[layout] = of_clusters, of_names
    return found


def _token_spans(source: Source, mentions: Iterable[Mention | str]) -> Iterator[TokenSpan]:
    """The mentions of a document that count tokens, but those whose layout says what its ends mean."""
    for mention in mentions if source.words is not None else ():
        if isinstance(mention, Mention) and not mention.is_certain:
            yield TokenSpan(source.tokens(mention)[1], mention.start, mention.end, mention.covered)
