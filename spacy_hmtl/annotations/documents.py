"""Between a Doc and what a converter makes of a document."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from spacy.tokens import Doc
from spacy.vocab import Vocab

from . import layers as on_doc
from .fitting import first_words
from .groups import get_meta, set_meta
from .layers import Layers
from .validation import check


@dataclass
class AnnotatedDocument:
    """What a converter makes of one document, and what `to_doc` makes a Doc of.

    name: identifies the document in messages (file name, document id).
    words, spaces: the tokens, and whether a space follows each.
    sent_starts: offsets of the tokens that begin a sentence, or None if unknown.
    layers: what is annotated.
    meta: JSON-able facts about the document (genre, part, speakers per token ...).
    """

    name: str
    words: list[str]
    spaces: list[bool]
    sent_starts: list[int] | None = None
    layers: Layers = field(default_factory=Layers)
    meta: dict[str, Any] = field(default_factory=dict)


def to_doc(document: AnnotatedDocument, vocab: Vocab) -> Doc:
    """Make a Doc of a converted document, after checking that its layers make sense.

    document (AnnotatedDocument): Words and layers.
    vocab (Vocab): Of the Doc.
    RAISES (ValueError): H105 to H109, H111, naming the document.
    """
    check(document.layers, document.words, f"document {document.name or first_words(document.words)!r}")
    sent_starts: list[bool | int | None] | None = None
    if document.sent_starts is not None:
        starts = set(document.sent_starts)
        sent_starts = [i in starts for i in range(len(document.words))]
    # Converters of corpora without spacing say "a space everywhere": spaCy then keeps the tokens as they are.
    spaces = None if all(document.spaces) else document.spaces
    doc = Doc(vocab, words=document.words, spaces=spaces, sent_starts=sent_starts)
    on_doc.write(doc, document.layers, scored_entities=False)
    set_meta(doc, {"name": document.name, **document.meta})
    return doc


def from_doc(doc: Doc) -> AnnotatedDocument:
    """The opposite of `to_doc`: everything annotated on a Doc, as plain Python.

    doc (Doc): Annotated, or not.
    """
    meta = get_meta(doc)
    return AnnotatedDocument(
        name=str(meta.pop("name", "")),
        words=[t.text for t in doc],
        spaces=[bool(t.whitespace_) for t in doc],
        sent_starts=[t.i for t in doc if t.is_sent_start] if doc.has_annotation("SENT_START") else None,
        layers=on_doc.read(doc),
        meta=meta,
    )


def copy_tokens(doc: Doc, vocab: Vocab, *, sentences: bool = True) -> Doc:
    """A Doc with the same tokens and no annotation, to predict on; speakers and genre come along.

    doc (Doc): Its tokens, spacing, speakers and genre are taken.
    vocab (Vocab): Of the copy.
    sentences (bool): Keep the sentence boundaries, where there are any.
    """
    sent_starts: list[bool | int | None] | None = None
    if sentences and doc.has_annotation("SENT_START"):
        sent_starts = [bool(token.is_sent_start) for token in doc]
    words, spaces = [token.text for token in doc], [bool(token.whitespace_) for token in doc]
    copy = Doc(vocab, words=words, spaces=spaces, sent_starts=sent_starts)
    told = {**get_meta(doc), **doc.user_data}
    copy.user_data.update({key: told[key] for key in ("speakers", "genre") if told.get(key)})
    return copy
