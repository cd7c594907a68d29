"""Between a Doc and what a converter makes of a document."""

from __future__ import annotations

from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from ..types import AnnotatedDocument, ScoredClusters
from .groups import (
    META,
    get_clusters,
    get_entities,
    get_mentions,
    get_meta,
    get_relations,
    set_clusters,
    set_group,
    set_mentions,
    set_relations,
)
from .validation import check


def to_doc(document: AnnotatedDocument, vocab: Vocab) -> Doc:
    """Make a Doc of a converted document, after checking that its layers make sense.

    RAISES (ValueError): H105 to H109, H111, naming the document.
    """
    check(document)
    sent_starts: list[bool | int | None] | None = None
    if document.sent_starts is not None:
        starts = set(document.sent_starts)
        sent_starts = [i in starts for i in range(len(document.words))]
    # Converters of corpora without spacing say "a space everywhere": spaCy then keeps the tokens as they are.
    spaces = None if all(document.spaces) else document.spaces
    doc = Doc(vocab, words=document.words, spaces=spaces, sent_starts=sent_starts)
    if document.entities is not None:
        doc.set_ents([Span(doc, e.start, e.end, label=e.label) for e in document.entities], default="outside")
    if document.mentions is not None:
        set_mentions(doc, document.mentions)
    if document.clusters is not None:
        set_clusters(doc, ScoredClusters(document.clusters, [[1.0] * len(c) for c in document.clusters]))
    if document.relations is not None:
        set_relations(doc, document.relations)
    set_group(doc, META, [], {"name": document.name, **document.meta})
    return doc


def from_doc(doc: Doc) -> AnnotatedDocument:
    """The opposite of `to_doc`: everything annotated on a Doc, as plain Python."""
    meta = get_meta(doc)
    clusters = get_clusters(doc)
    return AnnotatedDocument(
        name=str(meta.pop("name", "")),
        words=[t.text for t in doc],
        spaces=[bool(t.whitespace_) for t in doc],
        sent_starts=[t.i for t in doc if t.is_sent_start] if doc.has_annotation("SENT_START") else None,
        entities=get_entities(doc),
        mentions=get_mentions(doc),
        clusters=None if clusters is None else clusters.clusters,
        relations=get_relations(doc),
        meta=meta,
    )


def copy_tokens(doc: Doc, vocab: Vocab, *, sentences: bool = True) -> Doc:
    """A Doc with the same tokens and no annotation, to predict on; speakers and genre come along.

    sentences (bool): Keep the sentence borders, where there are any.
    """
    sent_starts: list[bool | int | None] | None = None
    if sentences and doc.has_annotation("SENT_START"):
        sent_starts = [bool(token.is_sent_start) for token in doc]
    words, spaces = [token.text for token in doc], [bool(token.whitespace_) for token in doc]
    copy = Doc(vocab, words=words, spaces=spaces, sent_starts=sent_starts)
    told = {**get_meta(doc), **doc.user_data}
    copy.user_data.update({key: told[key] for key in ("speakers", "genre") if told.get(key)})
    return copy
