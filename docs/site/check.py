"""Whether a built site is whole and loads nothing from another host: `python docs/site/check.py site`.

mkdocs checks the links between pages; this checks what pages load, and links to files and anchors in the HTML itself.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from urllib.parse import unquote

# What a browser fetches by itself, as against a link that a reader may follow.
_LOADED = re.compile(
    r"""<(?:script|img|iframe|source|video|audio)\b[^>]*?\ssrc="([^"]+)"
    | <link\b(?=[^>]*rel="(?:stylesheet|icon|preload)")[^>]*?\shref="([^"]+)" """,
    re.VERBOSE,
)
_STYLE = re.compile(r"(?:@import|url\()\s*[\"']?(https?:[^\"')]+|//[^\"')]+)")


def faults(site: Path) -> list[str]:
    """What is wrong, one line each."""
    found: list[str] = []
    for page in sorted(site.rglob("*.html")):
        for match in _LOADED.finditer(page.read_text(encoding="utf-8")):
            target = match[1] or match[2]
            if re.match(r"(?:https?:)?//", target):
                found.append(f"{page}: loads {target}")
            elif not target.startswith("data:") and not _exists(site, page, target):
                found.append(f"{page}: {target} is not there")
    for style in sorted(site.rglob("*.css")):
        found += [f"{style}: loads {match[1]}" for match in _STYLE.finditer(style.read_text(encoding="utf-8"))]
    return found


def _exists(site: Path, page: Path, target: str) -> bool:
    path = unquote(re.split(r"[?#]", target)[0])
    return ((site if path.startswith("/") else page.parent) / path.lstrip("/")).exists()


def main(folder: str) -> None:
    """Print the faults of a built site; status 1 if there are any."""
    site = Path(folder)
    if not (site / "index.html").exists():
        sys.exit(f"{folder}: no site; build one with `make docs`")
    found = faults(site)
    if found:
        sys.exit("\n".join(found))
    print(f"{sum(1 for _ in site.rglob('*.html'))} pages; nothing is loaded from another host")


if __name__ == "__main__":
    main(sys.argv[1])
