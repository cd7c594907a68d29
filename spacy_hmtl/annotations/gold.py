"""Gold that contradicts itself is refused with its place, before anything is learnt from it."""

from __future__ import annotations

from collections.abc import Mapping

from spacy.tokens import Doc

from ..errors import Errors
from .entities import get_entities
from .fitting import misfit, name_of, wrong_score
from .groups import coref_rows, get_mentions, relation_objects
from .layers import group_keys, keys_on

_READERS = {"ner": get_entities, "emd": get_mentions, "coref": coref_rows, "relation": relation_objects}


def check_gold(doc: Doc, where: str = "", keys: Mapping[str, str] | None = None) -> None:
    """Fail where a Doc's groups cannot be read as annotation.

    What is only unusual passes: mentions of a cluster that cross, arguments that are no mentions. A pipeline's own
    output has these, and may be learnt from.

    doc (Doc): Annotated by hand, or by a pipeline that is learnt from.
    where (str): Its place in the data, such as "example 3"; its first words are said in any case.
    keys (Mapping, optional): By task, the keys of span groups that are not the usual ones.
    RAISES (ValueError): H645 for attrs of a wrong length, type or range; H109 for a mention of two clusters; H340
        where tokens were merged or split.
    """
    place = place_of(doc, where)
    for task, key in keys_on(doc, keys or group_keys()).items():
        if key not in doc.spans:
            continue
        group = doc.spans[key]
        reason = (misfit(group, task) if task != "ner" else None) or wrong_score(group)
        if reason is not None:
            raise ValueError(Errors.H645.format(where=place, key=key, n=len(group), reason=reason))
        try:
            _READERS[task](doc, key)
        except ValueError as error:  # H109 and H340, which name the Doc
            raise ValueError(str(error).replace(name_of(doc), place)) from error


def place_of(doc: Doc, where: str = "") -> str:
    """How messages call a Doc: by its place in the data, its name or its first words.

    where (str): Such as "example 3".
    """
    return f"{where}, {name_of(doc)}" if where else name_of(doc)
