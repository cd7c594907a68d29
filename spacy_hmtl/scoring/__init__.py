"""Measures on plain data, and the registered scorer over Docs. Nothing heavy is imported here."""

from __future__ import annotations

from .coref import coref_scores

__all__ = ["coref_scores"]
