"""The relation head that reads spans: its own typed arguments, and every ordered pair of them."""

from __future__ import annotations

from .config import SOURCES, SpanPairConfig
from .head import SpanPairHead
from .rules import RelationRule

__all__ = ["SOURCES", "RelationRule", "SpanPairConfig", "SpanPairHead"]
