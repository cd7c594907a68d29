"""The documented name of `spacy_hmtl.annotations.jsonl`: Docs as JSON lines, and back."""

from .annotations.jsonl import doc_to_json, json_to_doc

__all__ = ["doc_to_json", "json_to_doc"]
