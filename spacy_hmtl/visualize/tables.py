"""Tables below the text: who is mentioned where, and who stands in which relation to whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from spacy.tokens import Doc, Span

from ..annotations.groups import Relation
from ..annotations.resolution import EntityRelation, canonical, entity_relations
from ..types import Cluster, LabeledSpan, MentionSpan, Triple
from .boxes import number_clusters
from .colors import cluster_hue, type_hue


def cluster_names(doc: Doc, clusters: Sequence[Cluster], prefix: str) -> dict[str, str]:
    """The key of each cluster with its most informative mention."""
    rows = number_clusters(clusters, prefix)
    return {key: one_line(canonical([doc[m.start : m.end] for m in cluster])) for key, _, cluster in rows}


def chain_keys(clusters: Sequence[Cluster], prefix: str) -> dict[MentionSpan, str]:
    """The key of the chain of each mention that is in one."""
    rows = number_clusters(clusters, prefix)
    return {m[:2]: key for key, number, cluster in rows if number is not None for m in cluster}


def one_line(span: Span) -> str:
    """The words of a span; a visible sign where it is white space."""
    return " ".join(span.text.split()) or "␣"


def clusters_table(
    doc: Doc, clusters: Sequence[Cluster], spans: Sequence[LabeledSpan], prefix: str, names: dict[str, str]
) -> str:
    """Clusters of more than one mention; below them, folded, the others.

    spans (Sequence): Mentions, or names where there are none, which tell the types.
    """
    types: dict[MentionSpan, str] = {(span.start, span.end): span.label for span in spans}
    rows, singles = [], []
    for key, number, cluster in number_clusters(clusters, prefix):
        label = _commonest(types[m[:2]] for m in cluster if m[:2] in types)
        badge = _badge(label) if label else ""
        if number is None:
            singles.append(f'<li title="{cluster[0].score:.2f}">{escape(names[key])} {badge}</li>')
            continue
        mentions = "".join(_mention(doc, mention) for mention in cluster)
        rows.append(
            f'<tr data-chain="{key}" tabindex="0" style="--c:{cluster_hue(number)}">'
            f'<td><b class="number">{number}</b></td><th scope="row">{escape(names[key])} {badge}</th>'
            f'<td class="count">{len(cluster)}</td><td class="members">{mentions}</td></tr>'
        )
    head = '<tr><th></th><th>Cluster</th><th class="count">Times</th><th>Mentions</th></tr>'
    html = f"<table>{head}{''.join(rows)}</table>" if rows else '<p class="none">No cluster has two mentions.</p>'
    if singles:
        html += f"<details><summary>{len(singles)} mentioned once</summary><ul>{''.join(singles)}</ul></details>"
    return html


def lift(
    doc: Doc, clusters: Sequence[Cluster], relations: Sequence[Triple], spans: Sequence[LabeledSpan] = ()
) -> list[EntityRelation]:
    """Triples between entities, as `doc._.entity_relations`.

    spans (Sequence): Mentions, or names where there are none, which tell the types of clusters.
    """
    types: dict[MentionSpan, str] = {(span.start, span.end): span.label for span in spans}

    def span(argument: LabeledSpan) -> Span:
        return Span(doc, argument.start, argument.end, label=argument.label)

    typed = []
    for cluster in clusters:
        label = _commonest(types[mention[:2]] for mention in cluster if mention[:2] in types)
        typed.append([span(mention._replace(label=label)) for mention in cluster])
    found = [Relation(span(r.head), r.label, span(r.tail), r.score) for r in relations]
    return entity_relations(typed, found)


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


def isolated_html(clusters: Sequence[Cluster], relations: Sequence[Triple], names: dict[str, str], prefix: str) -> str:
    """Entities that no relation touches, folded: the graph does not draw them."""
    touched = {argument[:2] for relation in relations for argument in (relation.head, relation.tail)}
    rows = list(number_clusters(clusters, prefix))
    alone = [key for key, _, cluster in rows if not any(mention[:2] in touched for mention in cluster)]
    if not alone:
        return ""
    items = "".join(f"<li>{escape(names[key])}</li>" for key in alone)
    what = "entities" if len(alone) > 1 else "entity"
    return f"<details><summary>{len(alone):,} {what} without a relation</summary><ul>{items}</ul></details>"


def _commonest(labels: Iterable[str]) -> str:
    found = Counter(labels).most_common(1)
    return found[0][0] if found else ""


def legend(labels: Sequence[str]) -> Iterator[str]:
    """Badges of the types on the page, with how often they occur; a click shows where."""
    for label, count in Counter(labels).most_common():
        name = escape(label, quote=True)
        yield f'<button type="button" data-type="{name}" aria-pressed="false">{_badge(label)}<i>{count:,}</i></button>'


def _badge(label: str) -> str:
    return f'<b class="type" style="--t:{type_hue(label)}">{escape(label)}</b>'


def _mention(doc: Doc, mention: LabeledSpan) -> str:
    return f'<span title="{mention.score:.2f}">{escape(one_line(doc[mention.start : mention.end]))}</span>'


def _evidence(relation: Relation) -> str:
    head, tail = escape(one_line(relation.head)), escape(one_line(relation.tail))
    return f"{head} → {tail} <i>{relation.score:.2f}</i>"
