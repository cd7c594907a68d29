"""GraphML: a node per entity, an edge per relation, with offsets as text; read by Gephi, yEd, networkx, igraph."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from xml.sax.saxutils import escape

from .build import Entity, Graph

# Label of the edge from an entity to the name that it shares with entities of other documents.
ALIAS = "ALIAS"

# (key, of what, name, type)
KEYS = (
    ("n0", "node", "label", "string"),
    ("n1", "node", "type", "string"),
    ("n2", "node", "document", "string"),
    ("n3", "node", "times", "int"),
    ("n4", "node", "mentions", "string"),
    ("e0", "edge", "label", "string"),
    ("e1", "edge", "score", "double"),
    ("e2", "edge", "document", "string"),
    ("e3", "edge", "evidence", "string"),
)
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns '
    'http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">\n'
)
# Characters that XML 1.0 forbids, even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_graphml(graphs: Iterable[Graph]) -> Iterator[str]:
    """Yield the file piece by piece.

    Mentions are "start-end", evidence is "start-end>start-end" (head, tail), separated by spaces. An
    alias is a node without document, to which its entities have edges labelled ALIAS.
    """
    yield _HEAD
    for key, of, name, kind in KEYS:
        yield f'<key id="{key}" for="{of}" attr.name="{name}" attr.type="{kind}"/>\n'
    yield '<graph id="G" edgedefault="directed">\n'
    n_edges = 0
    known: set[str] = set()
    for number, graph in enumerate(graphs):
        # Names of documents may hold anything; identifiers of nodes may not.
        prefix = f"d{number}"
        for entity in graph.entities:
            places = " ".join(f"{m.start}-{m.end}" for m in entity.mentions)
            data = _data("n", (entity.name, entity.type, graph.name, len(entity.mentions), places))
            yield f'<node id="{prefix}{entity.key}">{data}</node>\n'
            if entity.alias:
                yield from _alias(entity, f"{prefix}{entity.key}", graph.name, known)
        for edge in graph.edges:
            proof = " ".join(f"{e.head[0]}-{e.head[1]}>{e.tail[0]}-{e.tail[1]}" for e in edge.evidence)
            ends = f'source="{prefix}{edge.head}" target="{prefix}{edge.tail}"'
            data = _data("e", (edge.label, f"{edge.score:.4f}", graph.name, proof))
            yield f'<edge id="r{n_edges}" {ends}>{data}</edge>\n'
            n_edges += 1
    yield "</graph>\n</graphml>\n"


def _alias(entity: Entity, node: str, document: str, known: set[str]) -> Iterator[str]:
    """The node of an alias, where it is new, and the edge to it."""
    # An identifier takes few characters, and is to be the same in every file.
    id = f"a{blake2b(entity.alias.encode('utf-8'), digest_size=8).hexdigest()}"
    if id not in known:
        known.add(id)
        yield f'<node id="{id}">{_data("n", (entity.name, entity.type, "", 0, ""))}</node>\n'
    data = _data("e", (ALIAS, "1.0000", document, ""))
    yield f'<edge id="{node}{id}" source="{node}" target="{id}">{data}</edge>\n'


def _data(kind: str, values: Sequence[object]) -> str:
    return "".join(f'<data key="{kind}{i}">{xml_text(str(value))}</data>' for i, value in enumerate(values))


def xml_text(text: str) -> str:
    """Text between tags: escaped, a carriage return kept, what XML cannot hold replaced by U+FFFD."""
    return escape(_FORBIDDEN.sub("\ufffd", text), {"\r": "&#13;"})
