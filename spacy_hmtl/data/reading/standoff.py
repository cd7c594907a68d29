"""Annotation over running text, as annotation tools hold it: characters in, tokens out.

brat, Prodigy, Label Studio and doccano differ in their files, not in what they say:
spans with ids, links between them, groups of spans that corefer. A reader makes a
`Standoff` of each document; `standoff_build` makes `AnnotatedDocument`s of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..faults import Place
from .tokens import Tokens

# Labels of links that say "the same entity", in any case.
COREFERENCE = re.compile(r"(?i)coref(erence)?([-_]\w+)?|ident(ity)?|same[-_ ]?as|anaphor[a-z]*|equiv(alent)?")


class CharSpan(NamedTuple):
    """A span of characters, end exclusive.

    id: what links call it.
    text: what the file says it covers; None if it does not say.
    layer: "name", "mention", "both", "argument" (of relations and clusters only), or "": not said.
    fault, remedy: why it cannot be used, and what to do, or "".
    """

    id: str
    start: int
    end: int
    label: str
    line: int
    text: str | None = None
    layer: str = ""
    fault: str = ""
    remedy: str = ""


class Link(NamedTuple):
    """A relation, or a coreference link, between two spans."""

    head: str
    label: str
    tail: str
    line: int


@dataclass
class Standoff:
    """One document of an annotation tool. A layer that is None is not annotated in this document.

    links: relations and coreference links.
    groups: spans that corefer, each with its line.
    tokens: where the file has tokens of its own.
    layers: the layers that are annotated, where the file says so.
    is_exact: whether the file was made from a Doc, so that nothing in it is a slip of an annotator.
    meta: facts about the document.
    """

    place: Place
    text: str
    spans: list[CharSpan]
    links: list[Link] | None = None
    groups: list[tuple[list[str], int]] | None = None
    tokens: Tokens | None = None
    layers: list[str] | None = None
    is_exact: bool = False
    meta: dict[str, Any] = field(default_factory=dict)


class CorpusLayers(NamedTuple):
    """Which layers a corpus of a tool has: a document without links is annotated if others have some.

    singletons: whether a mention that is in no cluster is a cluster of one. So it is where coreference
        was annotated by links between mentions; groups say only what they hold.
    """

    relations: bool
    clusters: bool
    names: bool
    singletons: bool = False


def layers_of(documents: Sequence[Standoff], names: bool) -> CorpusLayers:
    """Find out what the links of a corpus say.

    documents (Sequence[Standoff]): All documents.
    names (bool): Take the spans as names too.
    RETURNS (CorpusLayers): Clusters are annotated if there is a coreference link or a group;
        relations if there is another link, or if no link says what was asked for.
    """
    labels = {link.label for document in documents for link in document.links or []}
    has_coreference = any(map(COREFERENCE.fullmatch, labels))
    has_groups = any(document.groups for document in documents)
    has_relations = any(not COREFERENCE.fullmatch(label) for label in labels) or not has_coreference
    return CorpusLayers(has_relations, has_coreference or has_groups, names, has_coreference)
