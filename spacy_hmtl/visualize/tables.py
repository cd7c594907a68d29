"""Tables below the text: who is mentioned where, and who stands in which relation to whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from spacy.tokens import Doc, Span

from ..annotations.groups import Relation
from ..annotations.resolution import EntityRelation, canonical, entity_relations
from ..types import LabeledSpan, MentionSpan, ScoredClusters, Triple
from .boxes import number_clusters
from .colors import cluster_hue, type_hue


def cluster_names(doc: Doc, scored: ScoredClusters | None, prefix: str) -> dict[str, str]:
    """The key of each cluster with its most informative mention."""
    rows = number_clusters(scored, prefix)
    return {key: one_line(canonical([doc[s:e] for s, e in cluster])) for key, _, cluster, _ in rows}


def chain_keys(scored: ScoredClusters | None, prefix: str) -> dict[MentionSpan, str]:
    """The key of the chain of each mention that is in one."""
    rows = number_clusters(scored, prefix)
    return {m: key for key, number, cluster, _ in rows if number is not None for m in cluster}


def one_line(span: Span) -> str:
    """The words of a span; a visible sign where it is white space."""
    return " ".join(span.text.split()) or "␣"


def clusters_table(
    doc: Doc, scored: ScoredClusters, spans: Sequence[LabeledSpan], prefix: str, names: dict[str, str]
) -> str:
    """Entities that are mentioned more than once; below them, folded, the others.

    spans (Sequence): Mentions, or names where there are none, which tell the types.
    """
    types: dict[MentionSpan, str] = {(span.start, span.end): span.label for span in spans}
    rows, singles = [], []
    for key, number, cluster, scores in number_clusters(scored, prefix):
        label = _commonest(types[m] for m in cluster if m in types)
        badge = _badge(label) if label else ""
        if number is None:
            singles.append(f'<li title="{scores[0]:.2f}">{escape(names[key])} {badge}</li>')
            continue
        mentions = "".join(_mention(doc, m, s) for m, s in zip(cluster, scores))
        rows.append(
            f'<tr data-chain="{key}" tabindex="0" style="--c:{cluster_hue(number)}">'
            f'<td><b class="number">{number}</b></td><th scope="row">{escape(names[key])} {badge}</th>'
            f'<td class="count">{len(cluster)}</td><td class="members">{mentions}</td></tr>'
        )
    head = '<tr><th></th><th>Entity</th><th class="count">Times</th><th>Mentions</th></tr>'
    html = f"<table>{head}{''.join(rows)}</table>" if rows else '<p class="none">No entity is mentioned twice.</p>'
    if singles:
        html += f"<details><summary>{len(singles)} mentioned once</summary><ul>{''.join(singles)}</ul></details>"
    return html


def lift(
    doc: Doc, scored: ScoredClusters | None, relations: Sequence[Triple], spans: Sequence[LabeledSpan] = ()
) -> list[EntityRelation]:
    """Triples between entities, as `doc._.entity_relations`.

    spans (Sequence): Mentions, or names where there are none, which tell the types of entities.
    """
    types: dict[MentionSpan, str] = {(span.start, span.end): span.label for span in spans}

    def span(argument: LabeledSpan) -> Span:
        return Span(doc, argument.start, argument.end, label=argument.label)

    clusters = []
    for cluster in scored.clusters if scored is not None else []:
        label = _commonest(types[mention] for mention in cluster if mention in types)
        clusters.append([Span(doc, start, end, label=label) for start, end in cluster])
    found = [Relation(span(r.head), r.label, span(r.tail), r.score) for r in relations]
    return entity_relations(clusters, found)


def relations_table(lifted: Sequence[EntityRelation]) -> str:
    """Triples between entities, each with the mentions that showed it."""
    rows = []
    for triple in lifted:
        evidence = "".join(f"<li>{_evidence(r)}</li>" for r in triple.evidence)
        rows.append(
            f'<tr><th scope="row">{escape(one_line(triple.head))}</th>'
            f'<td class="relation">{escape(triple.label)}</td><th>{escape(one_line(triple.tail))}</th>'
            f'<td class="count"><i class="bar" style="--part:{100 * triple.score:.0f}%"></i>{triple.score:.2f}</td>'
            f'<td class="members"><ul>{evidence}</ul></td></tr>'
        )
    if not rows:
        return '<p class="none">No relation between two entities.</p>'
    head = '<tr><th>From</th><th>Relation</th><th>To</th><th class="count">Confidence</th><th>Shown by</th></tr>'
    return f"<table>{head}{''.join(rows)}</table>"


def _commonest(labels: Iterable[str]) -> str:
    found = Counter(labels).most_common(1)
    return found[0][0] if found else ""


def legend(labels: Sequence[str]) -> Iterator[str]:
    """Badges of the types on the page, with how often they occur."""
    for label, count in Counter(labels).most_common():
        yield f"{_badge(label)}<i>{count:,}</i>"


def _badge(label: str) -> str:
    return f'<b class="type" style="--t:{type_hue(label)}">{escape(label)}</b>'


def _mention(doc: Doc, mention: MentionSpan, score: float) -> str:
    return f'<span title="{score:.2f}">{escape(one_line(doc[mention[0] : mention[1]]))}</span>'


def _evidence(relation: Relation) -> str:
    head, tail = escape(one_line(relation.head)), escape(one_line(relation.tail))
    return f"{head} → {tail} <i>{relation.score:.2f}</i>"
