"""Python in the pages: what a reader copies, cut out of Markdown."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_BLOCK = re.compile(
    r"^<!--[ ](?P<kind>setup|not[ ]run:)(?P<hidden>.*?)-->$ | ^```(?:python|py|pycon)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)


class Block(NamedTuple):
    """Code of a page.

    line: where it begins in the page, counted from 1.
    is_session: it shows what is typed at `>>>` and what is printed.
    is_hidden: `<!-- setup ... -->`: it prepares what the blocks after it use, and readers do not see it.
    reason: why it cannot run in a test, from `<!-- not run: REASON -->` before it; else empty.
    """

    line: int
    code: str
    is_session: bool = False
    is_hidden: bool = False
    reason: str = ""


def read_blocks(text: str) -> list[Block]:
    """The blocks of a page in order."""
    blocks: list[Block] = []
    reason = ""
    for found in _BLOCK.finditer(text):
        line = text.count("\n", 0, found.start()) + 2
        if found["kind"] == "setup":
            blocks.append(Block(line, found["hidden"], is_hidden=True))
        elif found["kind"]:
            reason = " ".join(found["hidden"].split())
        else:
            code = found["code"]
            blocks.append(Block(line, code, is_session=code.lstrip().startswith(">>>"), reason=reason))
            reason = ""
    return blocks
