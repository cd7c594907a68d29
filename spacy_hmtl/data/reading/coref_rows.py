"""The clusters and names of coreference JSON, in the layouts of its systems."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from .coref_words import Words
from .ends import EXCLUSIVE, INCLUSIVE
from .json_records import JsonObject, excerpt
from .span_rows import ENDS, STARTS, TEXTS, first_offset

CLUSTER_KEYS = (
    *("clusters", "span_clusters", "mention_clusters", "coref_chains", "gold_clusters", "coref_clusters"),
    *("coreference_clusters", "coreferences", "corefs", "word_clusters", "predicted_clusters", "pred_clusters"),
)
_SENTENCES = ("sentence", "sent_id", "sent", "sentence_id", "sentence_index", "sent_idx", "sentence_idx")


class Mention(NamedTuple):
    """A span of a cluster, or a name, as its file gives it.

    sentence: the sentence in which `start` and `end` count, from 0; None if they count in the document.
    covered: what the file says it covers, or None.
    is_certain: whether the layout says that `end` is exclusive.
    listed: of a name the sentence it is listed with, or None.
    """

    start: int
    end: int
    label: str = ""
    sentence: int | None = None
    covered: str | None = None
    is_certain: bool = False
    listed: int | None = None

    @property
    def shown(self) -> str:
        """The offsets for a message, with the sentence where there is one."""
        offsets = [self.start, self.end] if self.sentence is None else [self.sentence, self.start, self.end]
        return str(offsets)


def clusters_of(fields: JsonObject, words: Words | None) -> tuple[list[list[Mention | str]] | None, str]:
    """Read the clusters of a document.

    fields (JsonObject): The document.
    words (Words | None): Its tokens.
    RETURNS (tuple): The mentions of each cluster, or what is wrong with one; None if no cluster
        is annotated; and the key they stand at.
    """
    key = next((key for key in CLUSTER_KEYS if isinstance(fields.get(key), (list, dict))), "")
    if not key:
        return None, ""
    if key == "corefs" and isinstance(fields[key], dict):
        return [[_corenlp(mention) for mention in _members(chain)] for chain in fields[key].values()], key
    rows = list(fields[key].values()) if isinstance(fields[key], dict) else fields[key]
    if key == "word_clusters":
        spans = {row[0]: row[1:3] for row in fields.get("head2span") or [] if isinstance(row, list) and len(row) == 3}
        return [[_word(head, spans) for head in _members(row)] for row in rows], key
    return [[_mention(mention) for mention in _members(row)] for row in rows], key


def usual_ends(fields: JsonObject) -> str:
    """What the ends mean in files with these keys, where a system has fixed it: PreCo, wl-coref, e2e-coref."""
    if "mention_clusters" in fields or "cased_words" in fields:
        return EXCLUSIVE
    speakers = fields.get("speakers")
    is_e2e = "doc_key" in fields and isinstance(speakers, list) and speakers and isinstance(speakers[0], list)
    return INCLUSIVE if is_e2e else ""


def names_of(fields: JsonObject) -> list[Mention | str] | None:
    """Read `ner`: rows of [first, last, label], in one list or in one per sentence; None if there is none."""
    rows = fields.get("ner")
    if not isinstance(rows, list):
        return None
    is_nested = any(isinstance(row, list) and (not row or isinstance(row[0], list)) for row in rows)
    if not (is_nested and all(isinstance(row, list) for row in rows)):
        return [_name(row) for row in rows]
    found = [(number, _name(row)) for number, part in enumerate(rows) for row in part]
    return [name if isinstance(name, str) else name._replace(listed=number) for number, name in found]


def _members(row: Any) -> list[Any]:
    """The mentions of a cluster: a list, or an object that holds one."""
    if isinstance(row, dict):
        return next((value for value in row.values() if isinstance(value, list)), [row])
    return row if isinstance(row, list) else [row]


def _name(row: Any) -> Mention | str:
    mention = _mention(row)
    if isinstance(mention, str):
        return mention
    label = row[2] if isinstance(row, list) and len(row) > 2 else row.get("label") if isinstance(row, dict) else None
    if not isinstance(label, str) or not label:
        return f"expected [first, last, label], found {excerpt(row)}"
    return mention._replace(label=label, covered=None)


def _mention(value: Any) -> Mention | str:
    """Read [start, end], [sentence, start, end], either with a text, or an object."""
    if isinstance(value, dict):
        start, end = first_offset(value, STARTS), first_offset(value, ENDS)
        sentence = next((value[key] for key in _SENTENCES if type(value.get(key)) is int), None)
        covered = next((value[key] for key in TEXTS if isinstance(value.get(key), str)), None)
        if start is not None and end is not None:
            return Mention(start, end, sentence=sentence, covered=covered)
    if isinstance(value, list):
        numbers = [item for item in _flat(value) if type(item) is int]
        covered = next((item for item in value if isinstance(item, str)), None)
        if len(numbers) == 2:
            return Mention(numbers[0], numbers[1], covered=covered)
        if len(numbers) == 3:
            return Mention(numbers[1], numbers[2], sentence=numbers[0], covered=covered)
    return f"expected the offsets of a mention, such as [0, 2], found {excerpt(value)}"


def _flat(value: list[Any]) -> Iterator[Any]:
    for item in value:
        yield from item if isinstance(item, list) else (item,)


def _word(head: Any, spans: dict[Any, Any]) -> Mention | str:
    """The mention of a head word, as wl-coref lists them."""
    if head not in spans:
        return f"the head {excerpt(head)} has no span in `head2span`"
    start, end = spans[head]
    return Mention(start, end)


def _corenlp(value: Any) -> Mention | str:
    """A mention of CoreNLP: sentence and tokens count from 1, the end is exclusive."""
    keys = ("sentNum", "startIndex", "endIndex")
    if not isinstance(value, dict) or any(type(value.get(key)) is not int for key in keys):
        return _mention(value)
    sentence, start, end = (value[key] for key in keys)
    covered = value["text"] if isinstance(value.get("text"), str) else None
    return Mention(start - 1, end - 1, sentence=sentence - 1, covered=covered, is_certain=True)
