"""The four layers of a document as one plain value, and the one table of what is known about each.

A fifth task has a row in the table and a field of `Layers`; all that reads, writes, moves,
counts and shows layers follows them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from spacy.tokens import Doc

from ..errors import Errors
from ..types import Cluster, LabeledSpan, MentionSpan, Triple
from .groups import (
    COREF,
    ENTITIES,
    MENTIONS,
    META,
    RELATIONS,
    get_clusters,
    get_entities,
    get_mentions,
    get_relations,
    set_clusters,
    set_entities,
    set_mentions,
    set_relations,
)

# Where a span comes to stand, or None if it cannot stay.
Place = Callable[[int, int], MentionSpan | None]


class Layer(NamedTuple):
    """What is known about a layer.

    task (str): Who finds it: the name in `levels` and in a corpus's settings.
    kind (str): What its rows are: "spans", "clusters" or "relations"; its head must find that.
    field (str): What it is called in `Layers` and in reports on corpora.
    group (str): Key of its span group, where the pipe has no other. Names sit in `doc.ents`, their confidences in it.
    scores (str): Prefix of its scores.
    title (str): What it is called on pages and in tables.
    read (Callable): From a Doc and the key of the group to its rows; None if it is not annotated.
    write (Callable): To a Doc, given the rows and the key of the group.
    """

    task: str
    kind: str
    field: str
    group: str
    scores: str
    title: str
    read: Callable[[Doc, str], list[Any] | None]
    write: Callable[[Doc, list[Any], str], None]

    @property
    def is_labelled(self) -> bool:
        """Whether its rows have labels."""
        return self.kind != "clusters"

    @property
    def place(self) -> str:
        """Where it sits on a Doc, for messages."""
        return "doc.ents" if self.group == ENTITIES else f'doc.spans["{self.group}"]'


LAYERS = {
    layer.task: layer
    for layer in (
        Layer("ner", "spans", "entities", ENTITIES, "ents", "names", get_entities, set_entities),
        Layer("emd", "spans", "mentions", MENTIONS, "mentions", "mentions", get_mentions, set_mentions),
        Layer("coref", "clusters", "clusters", COREF, "coref", "clusters", get_clusters, set_clusters),
        Layer("relation", "relations", "relations", RELATIONS, "relations", "relations", get_relations, set_relations),
    )
}
TASKS = tuple(LAYERS)
# A layer may be called by its task, by what it is called in reports, and by its usual group.
_TASK_OF = {name: layer.task for layer in LAYERS.values() for name in (layer.task, layer.field, layer.group)}


def group_keys(named: Mapping[str, str] | None = None) -> dict[str, str]:
    """Keys of the span groups of all layers, by task.

    named (Mapping, optional): The setting `spans_keys`: a key for some layers, each named by its task ("emd"),
        by what it is called ("mentions") or by its usual group. The others have their usual groups.
    RAISES (ValueError): H344, for a layer that does not exist, a key that is no text, and one key for two layers.
    """
    keys = {task: layer.group for task, layer in LAYERS.items()}
    for name, key in (named or {}).items():
        if name not in _TASK_OF:
            raise ValueError(Errors.H344.format(fault=f"no layer is called {name!r}", known=", ".join(LAYERS)))
        if not isinstance(key, str) or not key:
            raise ValueError(Errors.H344.format(fault=f"the key {key!r} is no text", known=", ".join(LAYERS)))
        # The config adds all layers under their usual keys: one that is named twice has the unusual one.
        if key != LAYERS[_TASK_OF[name]].group:
            keys[_TASK_OF[name]] = key
    if len({*keys.values(), META}) <= len(keys):
        raise ValueError(Errors.H344.format(fault=f"two layers share a group: {keys}", known=", ".join(LAYERS)))
    return keys


def keys_on(doc: Doc, keys: Mapping[str, str]) -> dict[str, str]:
    """Where gold annotation for these keys sits on a Doc: under them, else in the usual groups.

    keys (Mapping): By task, made by `group_keys`.
    """
    return {task: key if key in doc.spans else LAYERS[task].group for task, key in keys.items()}


@dataclass
class Layers:
    """What is annotated. A layer that is None was not annotated; an empty one was, and holds nothing.

    entities: names; they do not overlap.
    mentions: mentions; they may nest.
    clusters: what coreference makes of mentions; singletons allowed. The score of a mention is the
        confidence of what put it there: its link to an antecedent, or being the first of its cluster.
    relations: directed triples.
    """

    entities: list[LabeledSpan] | None = None
    mentions: list[LabeledSpan] | None = None
    clusters: list[Cluster] | None = None
    relations: list[Triple] | None = None

    def of(self, task: str) -> list[Any] | None:
        """The layer of a task.

        task (str): A task of the table.
        """
        rows: list[Any] | None = getattr(self, LAYERS[task].field)
        return rows

    def keep(self, tasks: Collection[str]) -> Layers:
        """The layers of some tasks; the others are None.

        tasks (Iterable): Tasks whose layers are kept; the others become None.
        """
        return self._made(lambda task, rows: rows if task in tasks else None)

    def moved(self, place: Place) -> Layers:
        """The layers with each span where `place` puts it.

        place (Callable): From a span's start and end to the new ones, or to None if it cannot stay.
        RETURNS (Layers): Clusters with the mentions that are left, relations with both arguments.
            Of names and mentions that were put on top of each other the first of each label
            stays, of mentions of clusters the first; relations of a span with itself do not.
        """
        return self._made(lambda _, rows: list(_moved(rows, place, {})))

    def shifted(self, offset: int) -> Layers:
        """The layers with every span moved by a number of tokens.

        offset (int): Added to all token offsets.
        """
        return self.moved(lambda start, end: (start + offset, end + offset))

    def less(self, other: Layers) -> Layers:
        """What these layers hold and others do not; of clusters, the mentions that others have in none.

        other (Layers): Counted as empty where it is None.
        """
        return self._made(lambda task, rows: _difference(rows, other.of(task) or []))

    def counts(self) -> dict[str, int]:
        """How much each annotated layer holds, by field."""
        return {layer.field: len(rows) for task, layer in LAYERS.items() if (rows := self.of(task)) is not None}

    def labels(self) -> dict[str, Counter[str]]:
        """How often each label occurs, by field, in the layers that are annotated and have labels."""
        rows = {layer.field: self.of(task) for task, layer in LAYERS.items() if layer.is_labelled}
        return {name: Counter(row.label for row in own) for name, own in rows.items() if own is not None}

    def spans(self) -> Iterator[LabeledSpan]:
        """Every span: names, mentions, mentions of clusters, arguments."""
        yield from self.entities or []
        yield from self.mentions or []
        for cluster in self.clusters or []:
            yield from cluster
        for relation in self.relations or []:
            yield from (relation.head, relation.tail)

    def _made(self, make: Callable[[str, list[Any]], list[Any] | None]) -> Layers:
        """Layers whose rows are made of the rows of these."""
        rows = {task: self.of(task) for task in TASKS}
        return Layers(**{LAYERS[task].field: None if own is None else make(task, own) for task, own in rows.items()})


def read(doc: Doc, keys: Mapping[str, str] | None = None, tasks: Collection[str] = TASKS) -> Layers:
    """The layers of a Doc.

    doc (Doc): A Doc.
    keys (Mapping, optional): By task, the keys of span groups that are not the usual ones.
    tasks (Collection): Whose layers to read; the others are None.
    """
    groups = {task: (keys or {}).get(task, row.group) for task, row in LAYERS.items() if task in tasks}
    # spaCy says that a Doc without tokens has every annotation: only a group says that names were looked for in it.
    if not len(doc) and groups.get("ner") not in doc.spans:
        groups.pop("ner", None)
    return Layers(**{LAYERS[task].field: LAYERS[task].read(doc, group) for task, group in groups.items()})


def write(doc: Doc, layers: Layers, keys: Mapping[str, str] | None = None, *, scored_entities: bool = True) -> None:
    """Write the layers that are not None to a Doc; the others stay what they are there.

    keys (Mapping, optional): By task, the keys of span groups that are not the usual ones.
    scored_entities (bool): Whether the names have confidences of their own, in a group beside `doc.ents`.
    """
    for task, layer in LAYERS.items():
        rows = layers.of(task)
        if rows is not None:
            layer.write(doc, rows, (keys or {}).get(task, layer.group))
    if layers.entities is not None and not scored_entities:
        doc.spans.pop(ENTITIES)


def replace(doc: Doc, layers: Layers, *, scored_entities: bool) -> None:
    """Write layers, and take away those that are None; names stay in `doc.ents`, which cannot be without.

    scored_entities (bool): As for `write`.
    """
    for layer in LAYERS.values():
        doc.spans.pop(layer.group, None)
    write(doc, layers, scored_entities=scored_entities)


def make_clusters(mentions: Iterable[Iterable[LabeledSpan | MentionSpan]]) -> list[Cluster]:
    """Clusters of gold mentions: each in document order, in the order of their first mentions; empty ones are left out.

    mentions (Iterable): For each cluster (start, end) of its mentions; labelled spans will do.
    """
    clusters = [sorted((LabeledSpan(m[0], m[1]) for m in cluster), key=_document_order) for cluster in mentions]
    return sorted(filter(None, clusters), key=lambda cluster: _document_order(cluster[0]))


def extents(clusters: Iterable[Cluster] | None) -> list[list[MentionSpan]]:
    """Clusters as (start, end) of their mentions, without confidences."""
    return [[mention[:2] for mention in cluster] for cluster in clusters or []]


def _document_order(span: LabeledSpan) -> tuple[int, int]:
    return span.start, -span.end


def _moved(rows: Iterable[Any], place: Place, taken: dict[tuple[Any, ...], MentionSpan]) -> Iterator[Any]:
    """Labelled spans, clusters or triples, as far as they can stay.

    taken: by where a span was put and by its label, where it was before.
    """
    for row in rows:
        moved: Any
        if isinstance(row, LabeledSpan):
            extent = place(row.start, row.end)
            is_first = extent is not None and taken.setdefault((*extent, row.label), row[:2]) == row[:2]
            moved = row._replace(start=extent[0], end=extent[1]) if extent is not None and is_first else None
        elif isinstance(row, Triple):
            head, tail = (next(_moved([argument], place, {}), None) for argument in (row.head, row.tail))
            fell_together = head and tail and head[:2] == tail[:2] and row.head[:2] != row.tail[:2]
            moved = row._replace(head=head, tail=tail) if head and tail and not fell_together else None
        else:
            moved = list(_moved(row, place, taken)) or None
        if moved is not None:
            yield moved


def _difference(rows: list[Any], others: list[Any]) -> list[Any]:
    if rows and isinstance(rows[0], list):
        kept = {mention for cluster in others for mention in cluster}
        left = ([mention for mention in cluster if mention not in kept] for cluster in rows)
        return [cluster for cluster in left if cluster]
    return list((Counter(rows) - Counter(others)).elements())
