"""What of a component is saved: changed settings, and no path of the machine it was trained on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacy.language import Language
from thinc.api import Model

if TYPE_CHECKING:
    from .pipeline import HMTL


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


def local_folders(model: Model) -> set[str]:
    """Folders that transformers below a model are to be loaded from."""
    names = {str(node.attrs["name"]) for node in model.walk() if node.name == "transformer" and "name" in node.attrs}
    return {name for name in names if Path(name).is_dir()}


def forget_folders(nlp: Language, folders: set[str]) -> None:
    """Replace an encoder's folder by its name in the config, since the encoder travels in the pipeline.

    The path of one machine must not be saved with a pipeline; it may stand in a
    component or, where the component refers to it, in [paths].
    """

    def clean(section: dict[str, Any]) -> None:
        for key, value in section.items():
            if isinstance(value, dict):
                clean(value)
            elif isinstance(value, str) and value in folders:
                section[key] = Path(value).name

    clean(nlp._config.get("paths", {}))
    for config in nlp._pipe_configs.values():
        clean(config)
