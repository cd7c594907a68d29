"""White-space tokens are no part of names, mentions and arguments, as spaCy has it for names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..annotations.layers import Layers
from ..types import Cluster, LabeledSpan, MentionSpan, Triple


def trim(prediction: Layers, is_space: Sequence[bool]) -> Layers:
    """Take white space off both ends of every span; spans of nothing else go, and what hangs on them.

    Of spans that become equal the first stays (in clusters: whatever the cluster).

    is_space (Sequence): for each token of the Doc.
    """
    return Layers(
        None if prediction.entities is None else _trim_spans(prediction.entities, is_space),
        None if prediction.mentions is None else _trim_spans(prediction.mentions, is_space),
        None if prediction.clusters is None else _trim_clusters(prediction.clusters, is_space),
        None if prediction.relations is None else list(_trim_relations(prediction.relations, is_space)),
    )


def _ends(start: int, end: int, is_space: Sequence[bool]) -> MentionSpan | None:
    while start < end and is_space[start]:
        start += 1
    while end > start and is_space[end - 1]:
        end -= 1
    return (start, end) if start < end else None


def _trim_spans(spans: Iterable[LabeledSpan], is_space: Sequence[bool]) -> list[LabeledSpan]:
    kept: dict[tuple[int, int, str], LabeledSpan] = {}
    for span in spans:
        ends = _ends(span.start, span.end, is_space)
        if ends is not None:
            kept.setdefault((*ends, span.label), span._replace(start=ends[0], end=ends[1]))
    return sorted(kept.values(), key=lambda span: span[:3])


def _trim_clusters(clusters: Iterable[Cluster], is_space: Sequence[bool]) -> list[Cluster]:
    seen: set[MentionSpan] = set()
    trimmed: list[Cluster] = []
    for cluster in clusters:
        rows: Cluster = []
        for mention in cluster:
            ends = _ends(mention.start, mention.end, is_space)
            if ends is not None and ends not in seen:
                seen.add(ends)
                rows.append(mention._replace(start=ends[0], end=ends[1]))
        # A chain of which one mention is left was no chain; an entity of one mention stays.
        if rows and (len(rows) > 1 or len(cluster) == 1):
            trimmed.append(sorted(rows))
    return sorted(trimmed, key=lambda cluster: cluster[0])


def _trim_relations(relations: Iterable[Triple], is_space: Sequence[bool]) -> Iterable[Triple]:
    for triple in relations:
        head, tail = (_trim_spans([argument], is_space) for argument in (triple.head, triple.tail))
        if head and tail and head[0][:2] != tail[0][:2]:
            yield triple._replace(head=head[0], tail=tail[0])
