"""What of a component is saved: changed settings, and no path of the machine it was trained on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacy.language import Language
from thinc.api import Model

if TYPE_CHECKING:
    from .component import HMTL


# In a saved `cfg`: the config's values of the settings that were changed.
_CHANGED_FROM = "changed_from"


class ChangedSettings:
    """While saving, `cfg` holds only what differs from the config, and from what, so that an override works at load."""

    def __init__(self, pipe: HMTL) -> None:
        self.pipe = pipe

    def __enter__(self) -> None:
        self.full = self.pipe.cfg
        configured = self.pipe._configured
        changed = {key: value for key, value in self.full.items() if configured.get(key) != value}
        self.pipe.cfg = {**changed, _CHANGED_FROM: {key: configured[key] for key in changed if key in configured}}

    def __exit__(self, *error: object) -> None:
        self.pipe.cfg = self.full


def drop_overridden(pipe: HMTL) -> None:
    """A setting that was changed before saving gives way to a config that says something new."""
    for key, value in pipe.cfg.pop(_CHANGED_FROM, {}).items():
        if pipe._configured[key] != value:
            pipe.cfg[key] = pipe._configured[key]


def local_paths(model: Model) -> dict[str, str | None]:
    """Paths of this machine that layers are loaded from, each with what a saved config says in its place.

    A transformer and ELMo travel inside the pipeline, so that a name is enough; the folder of
    a cache is of no use elsewhere.
    """
    paths: dict[str, str | None] = {}
    for node in model.walk():
        if node.name == "transformer" and Path(str(node.attrs.get("name", ""))).is_dir():
            name = str(node.attrs["name"])
            paths[name] = Path(name).name
        for shim in node.shims:
            paths |= shim.local_paths() if hasattr(shim, "local_paths") else {}
    return paths


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
