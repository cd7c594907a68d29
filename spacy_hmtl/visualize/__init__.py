"""Pages that show all four layers of a Doc, and reports of trainings."""

from __future__ import annotations

from .page import Page, render
from .panels import Panel, render_panels

__all__ = ["Page", "Panel", "render", "render_panels"]
