"""The component `hmtl_retokenizer`: merges tokens after `hmtl`, as spaCy's `merge_entities`, and keeps all layers."""

from __future__ import annotations

from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from .retokenizing import retokenize


class Retokenizer:
    """Merges spans of a Doc into a token each, and moves its layers along.

    merge (list): What is merged: "entities" (`doc.ents`), "noun_chunks" (where the Doc has a
        parse), or the key of a span group. Of spans that overlap the longest is merged.
    """

    def __init__(self, merge: list[str]) -> None:
        self.merge = merge

    def __call__(self, doc: Doc) -> Doc:
        """Change the tokens of a Doc. What cannot stay, such as "Lee" of "Ann Lee", is dropped."""
        spans = [span for what in self.merge for span in self._spans(doc, what) if len(span) > 1]
        if spans:
            retokenize(doc, [(span, _attrs(span)) for span in filter_spans(spans)])
        return doc

    def _spans(self, doc: Doc, what: str) -> list[Span]:
        if what == "entities":
            return list(doc.ents)
        if what == "noun_chunks":
            return list(doc.noun_chunks) if doc.has_annotation("DEP") else []
        return list(doc.spans.get(what, []))


def _attrs(span: Span) -> dict[str | int, Any]:
    """What spaCy's own components give a merged token."""
    is_entity = any((ent.start, ent.end) == (span.start, span.end) for ent in span.ents)
    return {"tag": span.root.tag, "dep": span.root.dep, **({"ent_type": span.ents[0].label} if is_entity else {})}


@Language.factory("hmtl_retokenizer", retokenizes=True, default_config={"merge": ["entities"]})
def make_retokenizer(nlp: Language, name: str, merge: list[str]) -> Retokenizer:
    """Build the component; see `Retokenizer` for the setting."""
    return Retokenizer(merge)
