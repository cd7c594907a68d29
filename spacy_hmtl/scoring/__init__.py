"""Measures on plain data, the registered scorer over Docs, lists of errors, calibration."""

from __future__ import annotations

from .coref import coref_scores

__all__ = ["coref_scores"]
