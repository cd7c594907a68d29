"""Spans, relations and clusters that a format writes as token offsets: rows of JSON to plain annotation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from ...annotations.layers import make_clusters
from ...types import Cluster, LabeledSpan, MentionSpan, Triple
from ..faults import FaultLog, Place
from .brackets import CROSSING, crossing_pairs, document_order
from .json_records import excerpt, misfit

NESTED_NAMES = "names inside or across another name, kept as mentions only"
TWICE = "relations that stand twice, kept"
REPEATED = "mentions that stand twice in their cluster, kept once"
_BRACKETS = re.compile(r"-[LR][RSC]B-")
_BOUNDS = "Offsets count tokens in the document, from 0."


def sentence_starts(sentences: Iterable[Sequence[str]]) -> list[int]:
    """The offset of the first token of each sentence that has one."""
    starts, offset = list[int](), 0
    for sentence in sentences:
        starts += [offset] if sentence else []
        offset += len(sentence)
    return starts


def outermost(spans: Iterable[LabeledSpan], place: Place, faults: FaultLog) -> list[LabeledSpan]:
    """Choose the spans that can be names: of those that overlap, the first and longest.

    spans (Iterable[LabeledSpan]): Spans in any order.
    place (Place): The document.
    faults (FaultLog): Takes a note of each span that is left out.
    RETURNS (list[LabeledSpan]): Spans that do not overlap, in document order.
    """
    names: list[LabeledSpan] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if names and span.start < names[-1].end:
            faults.note(place, NESTED_NAMES)
        else:
            names.append(span)
    return names


def read_spans(rows: Sequence[Any], n_tokens: int, place: Place, faults: FaultLog) -> list[LabeledSpan]:
    """Read rows of [first token, last token, label].

    rows (Sequence[Any]): The rows; what follows the label is not looked at.
    n_tokens (int): Tokens of the document.
    place (Place): The document.
    faults (FaultLog): Takes the rows that are left out.
    RETURNS (list[LabeledSpan]): The spans, in document order.
    """
    spans: list[LabeledSpan] = []
    for row in rows:
        what = misfit(row[:3] if isinstance(row, list) else row, (int, int, str)) or out_of_bounds(row, n_tokens)
        if what:
            faults.skip(place, f"in the mention {excerpt(row)} {what}", unit="mention", remedy=_BOUNDS)
            continue
        spans.append(LabeledSpan(row[0], row[1] + 1, row[2]))
    return sorted(spans, key=lambda span: (*document_order(span[:2]), span.label))


def read_relations(
    rows: Sequence[Any], arguments: Sequence[LabeledSpan] | None, n_tokens: int, place: Place, faults: FaultLog
) -> list[Triple]:
    """Read rows of [first, last token of the head, first, last token of the tail, label].

    rows (Sequence[Any]): The rows; what follows the label is not looked at.
    arguments (Sequence[LabeledSpan] | None): The mentions that can be arguments; None if any span can.
    n_tokens (int): Tokens of the document.
    place (Place): The document.
    faults (FaultLog): Takes the rows that are left out, and notes of rows that stand twice.
    RETURNS (list[Triple]): The relations, in the order of the rows.
    """
    by_extent: dict[MentionSpan, LabeledSpan] = {}
    for span in arguments or []:
        by_extent.setdefault(span[:2], span)
    triples: list[Triple] = []
    seen: set[Triple] = set()
    for row in rows:
        what = misfit(row[:5] if isinstance(row, list) else row, (int, int, int, int, str))
        what = what or out_of_bounds(row, n_tokens) or out_of_bounds(row[2:], n_tokens)
        remedy = _BOUNDS
        if not what:
            ends = [LabeledSpan(row[i], row[i + 1] + 1) for i in (0, 2)]
            unknown = [end for end in ends if arguments is not None and end[:2] not in by_extent]
            if unknown:
                what = f"the argument [{unknown[0].start}, {unknown[0].end - 1}] is no mention of the document"
                remedy = "Add it to the mentions, or correct its offsets."
        if what:
            faults.skip(place, f"in the relation {excerpt(row[:5])} {what}", unit="relation", remedy=remedy)
            continue
        head, tail = (by_extent.get(end[:2], end) for end in ends)
        triple = Triple(head, row[4], tail)
        if triple in seen:
            faults.note(place, TWICE)
        seen.add(triple)
        triples.append(triple)
    return triples


def read_clusters(rows: Sequence[Any], n_tokens: int, place: Place, faults: FaultLog) -> list[Cluster]:
    """Read clusters, each a list of [first token, last token].

    rows (Sequence[Any]): The clusters.
    n_tokens (int): Tokens of the document.
    place (Place): The document.
    faults (FaultLog): Takes the mentions that are left out.
    RETURNS (list[Cluster]): Clusters in order of their first mention.
    """
    clusters: list[list[MentionSpan]] = []
    for row in rows:
        cluster: list[MentionSpan] = []
        for mention in row if isinstance(row, list) else [row]:
            what = misfit(mention, (int, int)) or out_of_bounds(mention, n_tokens)
            if what:
                what = f"in the cluster {excerpt(row)} {what}"
                faults.skip(place, what, unit="cluster mention", remedy=_BOUNDS)
                continue
            cluster.append((mention[0], mention[1] + 1))
        clusters.append(cluster)
    return clean_clusters(clusters, place, faults)


def clean_clusters(clusters: Iterable[Iterable[MentionSpan]], place: Place, faults: FaultLog) -> list[Cluster]:
    """Leave out what clusters cannot hold: a mention of two clusters, mentions of one that cross.

    clusters (Iterable): The mentions of each cluster, in any order.
    place (Place): The document.
    faults (FaultLog): Takes the mentions that are left out; notes those that stand twice in
        their cluster, and those that cross one of another cluster, which are kept.
    RETURNS (list[Cluster]): Clusters in order of their first mention, without empty ones.
    """
    taken: set[MentionSpan] = set()
    cleaned: list[list[MentionSpan]] = []
    for mentions in clusters:
        cluster: list[MentionSpan] = []
        for mention in sorted(mentions, key=document_order):
            if cluster and mention == cluster[-1]:
                faults.note(place, REPEATED)
                continue
            what = ""
            if mention in taken:
                what = f"the mention [{mention[0]}, {mention[1]}) is in another cluster already"
            elif any(other[0] < mention[0] < other[1] < mention[1] for other in cluster):
                what = f"the mention [{mention[0]}, {mention[1]}) crosses another one of its cluster"
            if what:
                remedy = "A mention has one cluster, whose mentions may nest but not cross."
                faults.skip(place, what, unit="cluster mention", remedy=remedy)
                continue
            taken.add(mention)
            cluster.append(mention)
        cleaned.append(cluster)
    for _ in crossing_pairs(list(taken)):
        faults.note(place, CROSSING)
    return make_clusters(cleaned)


def misfit_of_span(words: Sequence[str], start: int, end: int, covered: str | None, shown: str) -> str:
    """Say what is wrong with a span of tokens, or "".

    words (Sequence[str]): The tokens that it counts.
    start, end (int): Where it stands, from 0, end exclusive.
    covered (str | None): What the file says it covers. If that stands elsewhere in the tokens, the offsets are wrong.
    shown (str): The offsets for a message.
    """
    if not 0 <= start < end <= len(words):
        return f"the span {shown} is empty, reversed or ends after the last of {len(words)} tokens"
    covered = covered or ""
    found, said = " ".join(words[start:end]), _letters(covered)
    if said and said != _letters(found) and said in _letters(" ".join(words)):
        return f"the span {shown} is {found[:60]!r} in the tokens, but the file says {covered[:60]!r}"
    return ""


def _letters(text: str) -> str:
    """A text without what tokenizers change: white space, marks, brackets as -LRB-, upper and lower case."""
    return "".join(filter(str.isalnum, _BRACKETS.sub("", text))).casefold()


def out_of_bounds(row: Sequence[int], n_tokens: int) -> str:
    """Say what is wrong with a first and a last token, or "" if they span tokens of the document."""
    first, last = row[:2]
    if first > last:
        return f"the first token {first} comes after the last token {last}"
    if first < 0 or last >= n_tokens:
        return f"the span [{first}, {last}] lies outside the document of {n_tokens} tokens"
    return ""
