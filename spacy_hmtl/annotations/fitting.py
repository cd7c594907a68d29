"""Whether a span group says something: its attrs must fit its spans, and its spans the tokens of the Doc.

spaCy's own `Doc.from_docs` and `Doc.from_json` keep the spans of a group and lose its
attrs, and `Doc.retokenize` (with it `merge_entities`) leaves spans at their old token
numbers. Neither says so; both are found here, where layers are read.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
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
    return f"Doc {first_words([token.text for token in doc[:7]])!r}"


def first_words(words: Sequence[str]) -> str:
    """The first six words of a text, by which messages call it.

    words (Sequence): Its tokens, or seven of them.
    """
    return " ".join(words[:6]) + (" ..." if len(words) > 6 else "")


def fitting_group(doc: Doc, key: str, task: str) -> SpanGroup | None:
    """The group of a layer, or None if the Doc is not annotated for it.

    A group whose attrs do not fit is not annotated, which is said once for each key (W170).

    task (str): "emd", "coref" or "relation", whose layer the group is.
    """
    if key not in doc.spans:
        return None
    group = doc.spans[key]
    reason = misfit(group, task)
    if reason is None:
        result: SpanGroup | None = group
        return result
    if key not in _warned:
        _warned.add(key)
        warnings.warn(Warnings.W170.format(key=key, n=len(group), reason=reason), stacklevel=5)
    return None


def misfit(group: SpanGroup, task: str) -> str | None:
    """What of a group's attrs does not fit its spans, in length or type; None if all does.

    group (SpanGroup): Of the layer.
    task (str): "emd", "coref" or "relation", whose layer the group is.
    """
    columns, n_spans, attrs = _COLUMNS[task], len(group), group.attrs
    missing = [column for column in columns if attrs.get(column) is None]
    if missing:
        return f"lack {' and '.join(missing)}" if n_spans else None
    pairs = attrs["pairs"] if "pairs" in columns else None
    for column in (*columns, "scores"):
        value = attrs.get(column)
        if value is None:
            continue
        if not isinstance(value, (list, tuple, numpy.ndarray)):
            return f"have {column} of the type {type(value).__name__}, not a list"
        n_rows = n_spans if pairs is None else len(pairs)
        if len(value) != n_rows:
            return f"have {len(value)} {column} for {n_rows} {'spans' if pairs is None else 'pairs'}"
        if (wrong := _strange(value, _KINDS[column])) is not None:
            return f"have {wrong!r} among the {column}"
    if pairs is not None and not all(0 <= number < n_spans for pair in pairs for number in pair):
        return "have pairs of spans that the group does not hold"
    return None


def wrong_score(group: SpanGroup) -> str | None:
    """Which of a group's confidences is no probability; None if all are.

    group (SpanGroup): Of a layer, its attrs of the right types.
    """
    scores = group.attrs.get("scores")
    if scores is None or not isinstance(scores, (list, tuple, numpy.ndarray)):
        return None
    wrong = next((score for score in scores if not (isinstance(score, Real) and 0.0 <= float(score) <= 1.0)), None)
    return None if wrong is None else f"have the score {wrong!r}, which is not within [0, 1]"


def _is_pair(value: Any) -> bool:
    if not isinstance(value, (list, tuple, numpy.ndarray)) or len(value) != 2:
        return False
    return all(isinstance(number, Integral) for number in value)


# What the items of a column are.
_KINDS: dict[str, Callable[[Any], bool]] = {
    "clusters": lambda value: isinstance(value, Integral),
    "labels": lambda value: isinstance(value, str),
    "pairs": _is_pair,
    "scores": lambda value: isinstance(value, Real),
}


def _strange(values: Any, is_right: Callable[[Any], bool]) -> Any:
    """The first item of a column that is of another kind; None where there is none."""
    return next((value if value is not None else "None" for value in values if not is_right(value)), None)


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
