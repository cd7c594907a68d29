"""Which formats a JSON value can be of, by its keys and by what stands at them."""

from __future__ import annotations

from typing import Any

from .cas_json import is_cas
from .coref_rows import CLUSTER_KEYS
from .coref_words import read_words
from .json_records import JsonObject
from .span_documents import TextRecord, find_documents, span_keys

_TASK_KEYS = ("_input_hash", "_task_hash", "answer", "_view_id", "_session_id")


def json_formats(value: Any) -> dict[str, str]:
    """Say which formats a value of a JSON file can be of.

    value (Any): The value, such as the object on a line.
    RETURNS (dict[str, str]): What tells, by the name of the format. Where one of these fits, a text with
        spans, which most of them are, is not named too.
    """
    found = dict(_by_keys(value)) if isinstance(value, dict) else {}
    if not found and any(isinstance(one, TextRecord) and span_keys(one.fields) for one in find_documents([(0, value)])):
        found = {"spans": "texts with spans"}
    return found


def _by_keys(fields: JsonObject) -> list[tuple[str, str]]:
    tests = (
        ("cas", "feature structures", is_cas(fields)),
        ("bioc", "passages with infons", _is_bioc(fields)),
        ("knowledgenet", "passages with facts", _is_knowledgenet(fields)),
        ("redocred", "the keys sents and vertexSet", _has(fields, sents=list, vertexSet=list)),
        ("labelstudio", "tasks with data and annotations", _is_labelstudio(fields)),
        ("crossre", "the keys sentence and ner", _has(fields, sentence=list, ner=list)),
        ("jsonl", "a text with tokens and layers as `annotate` writes them", _is_ours(fields)),
        ("prodigy", "tasks of Prodigy", _is_prodigy(fields)),
        ("doccano", "entities with start_offset", _is_doccano(fields)),
        ("dygie", "sentences with relations, or with a list of names for each", _is_dygie(fields)),
        ("coref-json", "clusters beside tokens or a text", _is_coreference(fields)),
        ("spert", "tokens with entities", _is_token_json(fields)),
    )
    return [(name, reason) for name, reason, fits in tests if fits]


def _has(fields: JsonObject, **kinds: type) -> bool:
    return all(isinstance(fields.get(key), kind) for key, kind in kinds.items())


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None


def _is_bioc(fields: JsonObject) -> bool:
    document = _first(fields.get("documents")) or _first(fields.get("PubTator3")) or fields
    passage = _first(document.get("passages")) if isinstance(document, dict) else None
    return isinstance(passage, dict) and "offset" in passage


def _is_knowledgenet(fields: JsonObject) -> bool:
    passage = _first(fields.get("passages"))
    return _has(fields, text=str, facts=list) or (isinstance(passage, dict) and "passageText" in passage)


def _is_labelstudio(fields: JsonObject) -> bool:
    return isinstance(fields.get("data"), dict) and any(
        isinstance(fields.get(key), list) for key in ("annotations", "completions", "predictions")
    )


def _is_ours(fields: JsonObject) -> bool:
    token = _first(fields.get("tokens"))
    is_pair = isinstance(token, list) and len(token) == 2 and all(type(place) is int for place in token)
    return _has(fields, text=str) and is_pair and any(key in fields for key in ("ents", "mentions", "clusters"))


def _is_prodigy(fields: JsonObject) -> bool:
    token, span = _first(fields.get("tokens")), _first(fields.get("spans"))
    marked = any(key in fields for key in _TASK_KEYS) or (isinstance(span, dict) and "token_start" in span)
    tokens = isinstance(token, dict) and "ws" in token
    return _has(fields, text=str) and (marked or tokens) and ("spans" in fields or "relations" in fields)


def _is_doccano(fields: JsonObject) -> bool:
    entity = _first(fields.get("entities"))
    return _has(fields, text=str) and isinstance(entity, dict) and "start_offset" in entity


def _is_dygie(fields: JsonObject) -> bool:
    sentences, ner, relations = (fields.get(key) for key in ("sentences", "ner", "relations"))
    if not isinstance(sentences, list) or not isinstance(_first(sentences), list):
        return False
    nested = isinstance(ner, list) and len(ner) == len(sentences) and all(_are_rows(rows) for rows in ner)
    return isinstance(relations, list) or nested


def _are_rows(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(row, list) for row in value)


def _is_coreference(fields: JsonObject) -> bool:
    if _is_ours(fields) or _is_dygie(fields) or not any(isinstance(fields.get(k), (list, dict)) for k in CLUSTER_KEYS):
        return False
    return isinstance(fields.get("text"), str) or read_words(fields) is not None


def _is_token_json(fields: JsonObject) -> bool:
    if isinstance(fields.get("tokenized_text"), list) and isinstance(fields.get("ner"), list):
        return True
    words = next((fields[key] for key in ("tokens", "words", "token") if key in fields), None)
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return False
    rows = [fields.get(key) for key in ("entities", "entity_mentions", "ner")]
    tags = [fields.get(key) for key in ("ner_tags", "tags", "bio_tags", "ner_labels")]
    has_tags = any(isinstance(t, list) and len(t) == len(words) and all(isinstance(x, str) for x in t) for t in tags)
    return has_tags or any(isinstance(r, list) and all(isinstance(x, (list, dict)) for x in r) for r in rows)
