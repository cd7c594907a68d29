"""The coreference head: span ranking, in full as in the paper or from coarse to fine."""

from __future__ import annotations

from .config import CorefConfig
from .head import CorefHead

__all__ = ["CorefConfig", "CorefHead"]
