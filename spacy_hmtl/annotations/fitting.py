"""Whether a span group says something: its attrs must fit its spans, and its spans the tokens of the Doc.

spaCy's own `Doc.from_docs` and `Doc.from_json` keep the spans of a group and lose its
attrs, and `Doc.retokenize` (with it `merge_entities`) leaves spans at their old token
numbers. Neither says so; both are found here, where layers are read.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy
from spacy.tokens import Doc, Span, SpanGroup

from ..errors import Errors, Warnings

META = "hmtl_meta"
# By task, the attrs that a group with spans must have, equally many items in each: one for each span, or, of `pairs`,
# two numbers of spans. Confidences may be missing: human annotation has none.
_COLUMNS: dict[str, tuple[str, ...]] = {"emd": (), "coref": ("clusters",), "relation": ("pairs", "labels")}
# Keys whose groups were found not to fit.
_warned: set[str] = set()


def name_of(doc: Doc) -> str:
    """How messages call a Doc: by the name that a converter stored, else by its first words."""
    name = doc.spans[META].attrs.get("name") if META in doc.spans else None
    if name:
        return f"document {name!r}"
    words = " ".join(token.text for token in doc[:6])
    return f"Doc {words + (' ...' if len(doc) > 6 else '')!r}"


def fitting_group(doc: Doc, key: str, task: str) -> SpanGroup | None:
    """The group of a layer, or None if the Doc is not annotated for it.

    A group whose attrs do not fit is not annotated, which is said once for each key (W170).

    task (str): "emd", "coref" or "relation", whose layer the group is.
    """
    if key not in doc.spans:
        return None
    group = doc.spans[key]
    reason = _misfit(group, _COLUMNS[task])
    if reason is None:
        result: SpanGroup | None = group
        return result
    if key not in _warned:
        _warned.add(key)
        warnings.warn(Warnings.W170.format(key=key, n=len(group), reason=reason), stacklevel=5)
    return None


def _misfit(group: SpanGroup, columns: Sequence[str]) -> str | None:
    """What does not fit; None if all does."""
    n_spans, attrs = len(group), group.attrs
    missing = [column for column in columns if attrs.get(column) is None]
    if missing:
        return f"lack {' and '.join(missing)}" if n_spans else None
    pairs = attrs["pairs"] if "pairs" in columns else None
    n_rows = n_spans if pairs is None else len(pairs)
    for column in (*columns, "scores"):
        if attrs.get(column) is not None and len(attrs[column]) != n_rows:
            return f"have {len(attrs[column])} {column} for {n_rows} {'spans' if pairs is None else 'pairs'}"
    if pairs is not None and not all(len(pair) == 2 and all(0 <= n < n_spans for n in pair) for pair in pairs):
        return "have pairs of spans that the group does not hold"
    return None


def attrs_of(attrs: Mapping[str, Any], n_spans: int, kept: Sequence[int]) -> dict[str, Any]:
    """The attrs of a group of which only some spans are left: of columns that have an item for each span, these items.

    attrs (Mapping): Of the whole group; `pairs` of spans, with all columns beside it, lose those without both.
    n_spans (int): How many spans it had.
    kept (Sequence): Numbers of the spans that are left, ascending.
    """
    new_number = {number: i for i, number in enumerate(kept)}
    pairs = attrs.get("pairs")
    rows, n_rows = list(kept), n_spans
    if pairs is not None:
        rows, n_rows = [i for i, pair in enumerate(pairs) if all(n in new_number for n in pair)], len(pairs)
    made = {key: _rows(value, rows) if _is_column(value, n_rows) else value for key, value in attrs.items()}
    if pairs is not None:
        made["pairs"] = [[new_number[number] for number in pair] for pair in made["pairs"]]
    return made


def _is_column(value: Any, length: int) -> bool:
    return isinstance(value, (list, tuple, numpy.ndarray)) and len(value) == length


def _rows(column: Any, rows: Sequence[int]) -> Any:
    return column[list(rows)] if isinstance(column, numpy.ndarray) else [column[row] for row in rows]


def spans_of(doc: Doc, group: SpanGroup, key: str) -> list[Span]:
    """The spans of a group, after checking that they begin and end where they did.

    RAISES (ValueError): H340, if tokens were merged or split since the group was written.
    """
    try:
        spans = list(group)
    except IndexError:  # spaCy makes no Span beyond the last token, and has no way to ask
        raise _stale(doc, key) from None
    # A span knows its characters, which do not change with the tokens.
    for span in spans:
        if span.end > span.start and (
            span.start_char != doc[span.start].idx or span.end_char != doc[span.end - 1].idx + len(doc[span.end - 1])
        ):
            raise _stale(doc, key)
    return spans


def _stale(doc: Doc, key: str) -> ValueError:
    return ValueError(Errors.H340.format(where=name_of(doc), key=key))
