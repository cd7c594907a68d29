"""UIMA CAS JSON to plain feature structures: the format of today (0.4) and the legacy one.

Source of the layouts: apache/uima-uimaj-io-jsoncas, SPECIFICATION.adoc, and the UIMA reference guide.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from .json_records import JsonObject

SOFA = "uima.cas.Sofa"
_REFERENCES = re.compile(r"(?i)(governor|dependent|source|target|first|next|sofa)")


class Structure(NamedTuple):
    """A feature structure. features: its values; references: ids of other structures, by feature."""

    id: str
    type: str
    features: dict[str, Any]
    references: dict[str, str]


def is_cas(value: Any) -> bool:
    """Whether a JSON value is a CAS, of either format."""
    return isinstance(value, dict) and ("%FEATURE_STRUCTURES" in value or "_views" in value)


def read_structures(cas: JsonObject) -> list[Structure]:
    """Read the feature structures of a CAS.

    cas (JsonObject): What `json` made of the file.
    RETURNS (list[Structure]): All that can be read, in the order of the file.
    """
    if "%FEATURE_STRUCTURES" not in cas:
        return _legacy(cas)
    rows = cas["%FEATURE_STRUCTURES"]
    if isinstance(rows, dict):  # early versions: by id
        rows = [{"%ID": id, **row} for id, row in rows.items() if isinstance(row, dict)]
    rows = rows if isinstance(rows, list) else []
    found = [row for row in rows if isinstance(row, dict) and isinstance(row.get("%TYPE"), str)]
    return [_structure(row) for row in found]


def _structure(row: JsonObject) -> Structure:
    features = {name: value for name, value in row.items() if name[:1] not in ("%", "@", "^")}
    references = {name[1:]: str(value) for name, value in row.items() if name[:1] == "@" and _is_id(value)}
    return Structure(str(row.get("%ID", "")), row["%TYPE"], features, references)


def _is_id(value: Any) -> bool:
    return type(value) in (int, str)


def _legacy(cas: JsonObject) -> list[Structure]:
    """The legacy format: structures by type below each view, those that others refer to by id."""
    types, referenced = _object(_object(cas.get("_context")).get("_types")), _object(cas.get("_referenced_fss"))
    found: list[Structure] = []

    def add(type: str, row: JsonObject, id: str) -> None:
        info = _object(types.get(type))
        full, kinds = str(info.get("_id", type)), _object(info.get("_feature_types"))
        references = {
            name: str(value)
            for name, value in row.items()
            if _is_id(value) and (kinds.get(name) == "_ref" or (name not in kinds and _REFERENCES.fullmatch(name)))
        }
        features = {name: value for name, value in row.items() if name not in references and not name.startswith("_")}
        full = SOFA if type == "Sofa" else full
        found.append(Structure(id, full, features, references))

    for id, row in referenced.items():
        if isinstance(row, dict) and isinstance(row.get("_type"), str):
            add(row["_type"], row, id)
    for view in _object(cas["_views"]).values():
        for type, rows in _object(view).items():
            for number, row in enumerate(rows if isinstance(rows, list) else [rows]):
                if isinstance(row, dict):
                    add(type, row, f"{type}#{number}")
    return found


def _object(value: Any) -> JsonObject:
    """A JSON object; an empty one in the place of anything else."""
    return value if isinstance(value, dict) else {}
