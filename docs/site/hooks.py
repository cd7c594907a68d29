"""What the site does beyond mkdocs: notebooks become pages, links into the repository work, the version is shown."""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
# Where files of the repository lie on the site.
_FOLDER = "repository"
_LINK = re.compile(r"(\]\()((?:\.\./)+[^)#\s]+)(#[^)]*)?(\))")
_COLOR = re.compile(r"\x1b\[[0-9;]*m")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Show the version in the title; `mike` shows the list of versions beside it where several are kept."""
    source = (ROOT / "spacy_hmtl/__init__.py").read_text(encoding="utf-8")
    version = re.search(r'__version__ = "(.+)"', source)
    assert version is not None
    config.site_name = f"spacy-hmtl {version[1]}"
    config.copyright = f"spacy-hmtl {version[1]}, MIT licence"
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each notebook, and the files of the repository that pages link to."""
    for path in sorted((ROOT / "docs/notebooks").glob("*.ipynb")):
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=notebook_page(path)))
    for path in sorted((ROOT / "docs").rglob("*.md")):
        for found in _LINK.finditer(path.read_text(encoding="utf-8")):
            target = (path.parent / found[2]).resolve()
            name = f"{_FOLDER}/{target.relative_to(ROOT).as_posix()}"
            # A Markdown file would be a page outside the menu: it is shown as text.
            name += ".txt" if target.suffix == ".md" else ""
            if _is_outside(target) and target.is_file() and files.get_file_from_path(name) is None:
                files.append(File.generated(config, name, abs_src_path=str(target)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links that leave docs/ into links to those files, and drop the comments that only tests read."""
    folder = (ROOT / "docs" / page.file.src_uri).parent

    def link(found: re.Match[str]) -> str:
        target = (folder / found[2]).resolve()
        if not _is_outside(target):
            return found[0]
        if target.is_dir():
            return f"{found[1]}{_home(page)}install.md{found[4]}"
        name = f"{_FOLDER}/{target.relative_to(ROOT).as_posix()}" + (".txt" if target.suffix == ".md" else "")
        return f"{found[1]}{_home(page)}{name}{found[4]}"

    markdown = re.sub(r"^<!-- (?:setup|not run:).*?-->\n", "", markdown, flags=re.MULTILINE | re.DOTALL)
    return _LINK.sub(link, markdown)


def _home(page: Page) -> str:
    return "../" * page.file.src_uri.count("/")


def _is_outside(target: Path) -> bool:
    return ROOT / "docs" not in target.parents and ROOT in target.parents


def notebook_page(path: Path) -> str:
    """A notebook as Markdown: its text, its code, and what the code printed when it was run last."""
    parts = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
        elif source.strip():
            parts.append(f"```python\n{source}\n```")
            parts += [_output(output) for output in cell["outputs"]]
    name = posixpath.basename(path.name)
    return "\n\n".join(part for part in [*parts, f"[The notebook]({name})"] if part) + "\n"


def _output(output: dict[str, Any]) -> str:
    text = output.get("text")
    if text is None:
        data = output.get("data", {})
        if "text/html" in data:
            return "".join(data["text/html"])
        text = data.get("text/plain", "")
    plain = _COLOR.sub("", "".join(text)).rstrip()
    return f"```text\n{plain}\n```" if plain else ""
