"""JSON-LD: documents with their entities, mentions and relations. The context stands in the file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from .build import Entity, Graph

# Names, not addresses: nothing has to be fetched to read the file. Offsets as in the NLP Interchange Format.
_NIF = "http://persistence.uni-leipzig.org/nlp2rdf/ontologies/nif-core#"
_OWN = "urn:spacy-hmtl:"
CONTEXT: dict[str, Any] = {
    "@version": 1.1,
    "@vocab": _OWN,
    "type": f"{_OWN}type:",
    "relation": f"{_OWN}relation:",
    "name": "http://schema.org/name",
    "identifier": "http://schema.org/identifier",
    "beginIndex": f"{_NIF}beginIndex",
    "endIndex": f"{_NIF}endIndex",
    "anchorOf": f"{_NIF}anchorOf",
    "sameAs": {"@id": "http://schema.org/sameAs", "@type": "@id"},
    "head": {"@type": "@id"},
    "tail": {"@type": "@id"},
}
_DECIMALS = 4


def write_jsonld(graphs: Iterable[Graph]) -> Iterator[str]:
    """Yield the file piece by piece: one line per document."""
    yield f'{{"@context": {json.dumps(CONTEXT)},\n"@graph": ['
    for number, graph in enumerate(graphs):
        yield (",\n" if number else "\n") + json.dumps(_document(graph), ensure_ascii=False)
    yield "\n]}\n"


def _document(graph: Graph) -> dict[str, Any]:
    """A document. Its identifier in the graph is relative, so that files can be put together under any base."""
    place = f"doc/{quote(_clean(graph.name), safe='')}"
    outgoing: dict[str, dict[str, list[dict[str, str]]]] = {}
    for edge in graph.edges:
        # The plain triple, for those who ask for neighbours; the node below has its evidence.
        outgoing.setdefault(edge.head, {}).setdefault(f"relation:{_term(edge.label)}", []).append(
            {"@id": f"{place}#{edge.tail}"}
        )
    return {
        "@id": place,
        "@type": "Document",
        "identifier": _clean(graph.name),
        "entities": [{**_entity(place, entity), **outgoing.get(entity.key, {})} for entity in graph.entities],
        "relations": [
            {
                "@id": f"{place}#r{number}",
                "@type": "Relation",
                "label": _clean(edge.label),
                "head": f"{place}#{edge.head}",
                "tail": f"{place}#{edge.tail}",
                "confidence": round(edge.score, _DECIMALS),
                "evidence": [
                    {
                        "head": f"{place}#char={item.head[0]},{item.head[1]}",
                        "tail": f"{place}#char={item.tail[0]},{item.tail[1]}",
                        "confidence": round(item.score, _DECIMALS),
                    }
                    for item in edge.evidence
                ],
            }
            for number, edge in enumerate(graph.edges)
        ],
    }


def _entity(place: str, entity: Entity) -> dict[str, Any]:
    # Relative, as the documents: the same in every file that is loaded under one base.
    alias = {"sameAs": f"alias/{entity.alias}"} if entity.alias else {}
    return {
        "@id": f"{place}#{entity.key}",
        "@type": ["Entity", f"type:{_term(entity.type)}"] if entity.type else ["Entity"],
        "name": _clean(entity.name),
        **alias,
        "mentions": [
            {
                "@id": f"{place}#char={mention.start},{mention.end}",
                "@type": "Mention",
                "beginIndex": mention.start,
                "endIndex": mention.end,
                "anchorOf": _clean(mention.text),
                "confidence": round(mention.score, _DECIMALS),
            }
            for mention in entity.mentions
        ],
    }


def _term(label: str) -> str:
    return quote(_clean(label), safe="")


def _clean(text: str) -> str:
    """Halves of surrogate pairs cannot be written in UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")
