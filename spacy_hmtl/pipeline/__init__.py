"""The component: its settings and defaults, training, prediction, growth, what is saved and loaded.

Read at every start of spaCy, so nothing heavy is imported before it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .component import HMTL

__all__ = ["HMTL"]


def __getattr__(name: str) -> Any:
    if name == "HMTL":
        from .component import HMTL

        return HMTL
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
