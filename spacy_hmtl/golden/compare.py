"""What differs between two annotations of the same text, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ..annotations.layers import LAYERS

Json = dict[str, Any]
# Something annotated -> its confidence, and how to show it.
Items = dict[tuple[Any, ...], tuple[float, str]]


class Difference(NamedTuple):
    """Something that is no longer there ("gone"), that was not there ("new"), or that is less or more sure ("moved").

    document (int): Number of the document, from 1.
    before, after (float): Confidences; None where there is nothing.
    """

    document: int
    layer: str
    kind: str
    what: str
    before: float | None = None
    after: float | None = None

    def __str__(self) -> str:
        scores = [f"{score:.4f}" for score in (self.before, self.after) if score is not None]
        return f"document {self.document}: {self.layer}: {self.kind}: {self.what} ({' -> '.join(scores)})"


class Comparison(NamedTuple):
    """Differences beyond the tolerance, how many things were compared, and how far confidences moved at most."""

    differences: list[Difference]
    n_compared: int
    largest_move: float


def compare(expected: Sequence[Json], found: Sequence[Json], *, tolerance: float) -> Comparison:
    """Compare documents as `annotate` writes them.

    expected, found (Sequence): Documents of the same texts in the same order.
    tolerance (float): Confidences may move so far.
    """
    differences: list[Difference] = []
    n_compared, largest = 0, 0.0
    for number, (old, new) in enumerate(zip(expected, found), start=1):
        for layer, (before, after) in _layers(old, new):
            n_compared += len(before.keys() | after.keys())
            for key in sorted(before.keys() | after.keys(), key=lambda key: (*key[:2], str(key))):
                if key not in after:
                    differences.append(Difference(number, layer, "gone", before[key][1], before=before[key][0]))
                elif key not in before:
                    differences.append(Difference(number, layer, "new", after[key][1], after=after[key][0]))
                else:
                    (was, what), (now, _) = before[key], after[key]
                    largest = max(largest, abs(now - was))
                    if abs(now - was) > tolerance:
                        differences.append(Difference(number, layer, "moved", what, was, now))
    return Comparison(differences, n_compared, largest)


def _layers(old: Json, new: Json) -> Iterator[tuple[str, tuple[Items, Items]]]:
    text = old["text"]
    readers = {"ner": _names, "emd": _mentions, "coref": _links, "relation": _relations}
    for name, read in [("tokens", _tokens), *((LAYERS[task].title, read) for task, read in readers.items())]:
        yield name, (read(old, text), read(new, text))


def _tokens(document: Json, text: str) -> Items:
    return {(start, end): (1.0, _show(text, start, end)) for start, end in document["tokens"]}


def _spans(layer: list[Json] | None, text: str) -> Items:
    return {
        (s["start"], s["end"], s["label"]): (s["score"], f"{s['label']} {_show(text, s['start'], s['end'])}")
        for s in layer or []
    }


def _names(document: Json, text: str) -> Items:
    return _spans(document["ents"], text)


def _mentions(document: Json, text: str) -> Items:
    return _spans(document["mentions"], text)


def _links(document: Json, text: str) -> Items:
    """Each mention with the one before it in its cluster: one moved mention changes two links, not whole clusters."""
    items: Items = {}
    for cluster, scores in zip(document["clusters"] or [], document.get("links") or []):
        previous: list[int] | None = None
        for (start, end), score in zip(cluster, scores):
            shown = _show(text, start, end)
            what = f"{shown} begins an entity" if previous is None else f"{shown} = {_show(text, *previous)}"
            items[(start, end, tuple(previous or ()))] = (score, what)
            previous = [start, end]
    return items


def _relations(document: Json, text: str) -> Items:
    return {
        (*r["head"], r["label"], *r["tail"], r.get("head_label"), r.get("tail_label")): (
            r["score"],
            f"{_show(text, *r['head'])} {r['label']} {_show(text, *r['tail'])}",
        )
        for r in document["relations"] or []
    }


def _show(text: str, start: int, end: int) -> str:
    return f'"{" ".join(text[start:end].split())}" [{start}, {end})'
