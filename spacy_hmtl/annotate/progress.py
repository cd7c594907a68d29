"""How far a run is: documents of documents, words per second without the loading time, the time left."""

from __future__ import annotations

import time
from typing import Any

from ..progress import is_watched, make_bar
from .source import Source
from .worker import Outcome


class Progress:
    """Counts and times the work of a run, and shows it where somebody looks.

    source (Source): The input, whose documents are counted for the bar.
    n_resumed (int): Documents that an earlier run has done.

    n_words (int): Words of this run's documents.
    seconds (float): From when a pipeline was loaded until now.
    """

    def __init__(self, source: Source, n_resumed: int) -> None:
        self.n_words = 0
        self._is_ready = False
        self._began = time.perf_counter()
        # Only for a reader: it takes a pass over the input.
        total = source.n_inputs() if is_watched() else None
        self._bar = make_bar(total, "documents", initial=n_resumed)

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._began

    def ready(self, outcomes: list[Outcome]) -> list[Outcome]:
        """Take the time from here on if these are the first outcomes, and an engine says by none that it is ready."""
        if not self._is_ready:
            self._is_ready = True
            if not outcomes:
                self._began = time.perf_counter()
                self._bar.unpause()
        return outcomes

    def add(self, n_words: int) -> None:
        """Count a document."""
        self.n_words += n_words
        if not self._bar.disable:
            speed = self.n_words / max(self.seconds, 1e-9)
            self._bar.set_postfix_str(f"{speed:,.0f} words/s", refresh=False)
            self._bar.update()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: Any) -> None:
        # A bar draws itself ten times a second at most: what came since the last time is shown, too.
        self._bar.refresh()
        self._bar.close()
