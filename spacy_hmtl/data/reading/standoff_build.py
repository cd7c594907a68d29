"""Documents of annotation tools to `AnnotatedDocument`s."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...annotations import AnnotatedDocument, Layers
from ..faults import FaultLog
from .standoff import CorpusLayers, Standoff, layers_of
from .standoff_links import LinkReader
from .standoff_spans import SpanReader
from .token_rows import outermost
from .tokens import tokenize


def build(document: Standoff, layers: CorpusLayers, tokenizer: str, faults: FaultLog) -> AnnotatedDocument | None:
    """Make tokens, mentions, clusters and relations of one document.

    document (Standoff): The document.
    layers (CorpusLayers): What its corpus has.
    tokenizer (str): See `tokenize`; not used where the document has tokens.
    faults (FaultLog): Takes what is wrong.
    RETURNS (AnnotatedDocument | None): The document; None, with a fault, if it has no tokens.
    """
    tokens = document.tokens or tokenize(document.text, tokenizer)
    if not tokens.starts:
        what = "the document has no tokens"
        faults.skip(document.place, what, unit="document", remedy="Write some text, or remove it.")
        return None
    spans = SpanReader(document, tokens, layers.names, faults)
    tokens, says = spans.tokens, document.layers
    links = LinkReader(document, spans.by_id, faults)
    has_singletons = layers.singletons and not document.is_exact
    relations, clusters = links.relations(), links.clusters(spans.unsaid if has_singletons else [])
    has_relations = document.links is not None and layers.relations
    has_clusters = layers.clusters and (document.links is not None or document.groups is not None)
    has_names = layers.names or any(span.layer in ("name", "both") for span in document.spans)
    names = outermost(spans.names, document.place, faults)
    return AnnotatedDocument(
        name=document.place.document,
        words=[document.text[start:end] for start, end in zip(tokens.starts, tokens.ends)],
        spaces=tokens.spaces if document.is_exact else [*tokens.spaces[:-1], False],
        sent_starts=spans.sent_starts(),
        layers=Layers(
            entities=names if (has_names if says is None else "entities" in says) else None,
            mentions=spans.mentions if says is None or "mentions" in says else None,
            clusters=clusters if (has_clusters if says is None else "clusters" in says) else None,
            relations=relations if (has_relations if says is None else "relations" in says) else None,
        ),
        meta=document.meta,
    )


def build_all(
    documents: Sequence[Standoff], names: bool, tokenizer: str, faults: FaultLog
) -> Iterator[AnnotatedDocument]:
    """Make the documents of one file.

    documents (Sequence[Standoff]): All its documents.
    names (bool): Take the spans as names too; of nested ones the outermost.
    tokenizer (str): See `tokenize`.
    faults (FaultLog): Takes what is wrong.
    YIELDS (AnnotatedDocument): Those that have tokens.
    """
    layers = layers_of(documents, names)
    for document in documents:
        made = build(document, layers, tokenizer, faults)
        if made is not None:
            yield made
