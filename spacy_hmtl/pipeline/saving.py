"""What of a component is saved: all settings, and no path of the machine it was trained on."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from spacy.language import Language

# What a saved `cfg` holds, each as a text of JSON: the numbers of spaCy's own JSON come back with other last digits.
_SETTINGS, _CONFIGURED = "settings", "configured"
# In a `cfg` of 0.1.0: the config's values of the settings beside it, which had been changed.
_CHANGED_FROM = "changed_from"
# Keys of a `cfg` that are no settings.
LEGACY = frozenset({_SETTINGS, _CONFIGURED, _CHANGED_FROM})


def packed(settings: Mapping[str, Any], configured: Mapping[str, Any]) -> dict[str, str]:
    """What is saved in place of `cfg`: all settings, and what the config says of them.

    settings (Mapping): The settings as they stand.
    configured (Mapping): Their values in the config: at load an override is known by them.
    RETURNS (dict): Texts of JSON.
    """
    return {_SETTINGS: _dump(settings), _CONFIGURED: _dump(configured)}


def unpacked(saved: Mapping[str, Any], configured: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that were saved, but the config's own where it says something new.

    saved (Mapping): `cfg` as it was loaded, packed or of 0.1.0.
    configured (Mapping): Values of the settings in the config of today.
    """
    settings = {key: value for key, value in saved.items() if key not in (_CHANGED_FROM, _SETTINGS, _CONFIGURED)}
    for key, value in saved.get(_CHANGED_FROM, {}).items():
        if key in configured and not same_setting(configured[key], value):
            settings[key] = configured[key]
    before = json.loads(saved.get(_CONFIGURED, "{}"))
    for key, value in json.loads(saved.get(_SETTINGS, "{}")).items():
        if key not in configured or same_setting(configured[key], before.get(key)):
            settings[key] = value
    return settings


def same_setting(value: Any, other: Any) -> bool:
    """Whether two values are the same but for the digits that a config file loses (it keeps ten decimals)."""
    if isinstance(value, dict) and isinstance(other, dict):
        return value.keys() == other.keys() and all(same_setting(value[key], other[key]) for key in value)
    if isinstance(value, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(value) == len(other) and all(map(same_setting, value, other))
    numbers = (isinstance(one, (int, float)) and not isinstance(one, bool) for one in (value, other))
    if all(numbers):
        return math.isclose(value, other, rel_tol=1e-9, abs_tol=1e-10)
    result: bool = value == other
    return result


def _dump(settings: Mapping[str, Any]) -> str:
    return json.dumps(settings, default=_plain)


def _plain(value: Any) -> Any:
    """A NumPy number or array, a path or a set as JSON can hold it."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return sorted(value) if isinstance(value, (set, frozenset)) else str(value)


def forget_paths(nlp: Language, paths: dict[str, str | None]) -> None:
    """Replace paths in the config, where they may stand in a component or, referred to from there, in [paths]."""

    def clean(section: dict[str, Any]) -> None:
        for key, value in section.items():
            if isinstance(value, dict):
                clean(value)
            elif isinstance(value, str) and value in paths:
                section[key] = paths[value]

    clean(nlp._config.get("paths", {}))
    for config in nlp._pipe_configs.values():
        clean(config)
