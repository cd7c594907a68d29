"""Pages that show all four layers of a Doc. No torch."""

from __future__ import annotations

from .page import Page, render

__all__ = ["Page", "render"]
