"""A stream that says it is a terminal, for what is drawn on terminals only."""

from __future__ import annotations

import io

import pytest


class Terminal(io.StringIO):
    """Keeps what is written to it."""

    def isatty(self) -> bool:
        return True

    def last_lines(self) -> list[str]:
        """All that a line has shown, drawn over itself or not."""
        return [line.strip() for line in self.getvalue().replace("\r", "\n").split("\n") if line.strip()]


def watched(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard error as a terminal on somebody's desk."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    return stream
