"""What a text may cost: refused before it is tokenized, or before the model runs, with an error that says why."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..errors import Errors

# Runs up to this length are never looked at: a text of nothing else costs spaCy's tokenizer less than the model.
_SHORT = 30  # characters


class TooMuchWorkError(ValueError):
    """A text that would take too long. The message holds numbers only, nothing of the text."""


class Guard(NamedTuple):
    """Bounds of the work on one text; plain data, so that it can travel to other processes.

    spaCy's tokenizer takes punctuation off a run of characters one by one, and searches the rest each time: a run
    costs its length times its punctuation, and 8,000 brackets several seconds.

    max_run (int): Longest run of characters without white space; 0 for no limit. The runs of a text together may
        cost what one run of as much punctuation does, and 30 times the length of the text.
    max_tokens (int): Of a text; 0 for no limit.
    """

    max_run: int = 1_000
    max_tokens: int = 0

    def check_text(self, text: str) -> None:
        """Look at a text before it is tokenized. It takes a thousandth of what the tokenizer takes.

        text (str): The text.
        RAISES (TooMuchWorkError): H625 for a run that is too long, H626 for too much punctuation in long runs.
        """
        if not self.max_run:
            return
        cost, allowed = 0, self.max_run**2 + _SHORT * len(text)
        for found in re.finditer(rf"\S{{{1 + min(_SHORT, self.max_run)},}}", text):
            run = found.group()
            if len(run) > self.max_run:
                raise TooMuchWorkError(Errors.H625.format(found=len(run), place=found.start() + 1, limit=self.max_run))
            cost += len(run) * (len(run) - sum(map(str.isalnum, run)))
            if cost > allowed:
                raise TooMuchWorkError(Errors.H626.format(place=found.start() + 1, limit=self.max_run))

    def check_tokens(self, n_tokens: int) -> None:
        """Look at the tokens of a text before the model reads them.

        n_tokens (int): Tokens of the text.
        RAISES (TooMuchWorkError): H627.
        """
        if self.max_tokens and n_tokens > self.max_tokens:
            raise TooMuchWorkError(Errors.H627.format(found=n_tokens, limit=self.max_tokens))


DEFAULT = Guard()
UNBOUNDED = Guard(max_run=0)
