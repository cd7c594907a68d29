"""Python in README and docs runs, and prints what the pages say."""

from __future__ import annotations

import doctest
import os
from pathlib import Path
from typing import Any

import pytest
import spacy
from docs.blocks import PAGES, ROOT, Block, read_blocks
from spacy.language import Language

WITH_CODE = [page for page in PAGES if read_blocks(page.read_text(encoding="utf8"))]
# What the pages call a trained pipeline: the tests' own stands for it, so what a page shows of its output is not
# compared; pages that compare prepare their Docs in a setup block.
TRAINED = ("en_hmtl_demo", "training/model-best")
# The wheel in the tree is read where it lies: what a page shows of it is its real output.
PRETRAINED = "en_hmtl_web_md"


def names(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", WITH_CODE, ids=names)
def test_python_blocks_run_and_print_what_they_show(
    page: Path, trained_nlp: Language, pretrained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = spacy.load

    def load_ours(name: Any, **settings: Any) -> Language:
        if name == PRETRAINED:
            return load(pretrained, **settings)
        if name not in TRAINED:
            return load(name, **settings)
        return load(tmp_path / "model", **settings)

    trained_nlp.to_disk(tmp_path / "model")
    monkeypatch.setattr(spacy, "load", load_ours)
    monkeypatch.chdir(tmp_path)
    os.symlink(ROOT / "assets", tmp_path / "assets")
    namespace: dict[str, Any] = {}
    for block in read_blocks(page.read_text(encoding="utf8")):
        if not block.reason:
            run(block, page, namespace)


def run(block: Block, page: Path, namespace: dict[str, Any]) -> None:
    if not block.is_session:
        exec(compile("\n" * (block.line - 1) + block.code, names(page), "exec"), namespace)
        return
    test = doctest.DocTestParser().get_doctest(block.code, namespace, names(page), str(page), block.line - 1)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    said: list[str] = []
    runner.run(test, out=said.append, clear_globs=False)
    namespace.update(test.globs)
    assert runner.failures == 0, "".join(said)


def test_blocks_are_found_and_a_wrong_output_is_noticed() -> None:
    text = "x\n<!-- setup\na = 2\n-->\n```python\n>>> a + 1\n3\n```\n<!-- not run: a cluster -->\n```python\nb\n```\n"
    setup, session, left = read_blocks(text)
    assert (setup.is_hidden, session.is_session, session.line, left.reason) == (True, True, 6, "a cluster")
    namespace: dict[str, Any] = {}
    run(setup, ROOT / "README.md", namespace)
    run(session, ROOT / "README.md", namespace)
    with pytest.raises(AssertionError, match="Expected"):
        run(session._replace(code=">>> a + 1\n4\n"), ROOT / "README.md", namespace)
