"""Each code of an error or a warning is raised by a test: a whole run without one of them fails."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest

from spacy_hmtl.errors import Errors, Warnings, WithCodes

# What is raised in processes of their own, where nothing is recorded; each is still named by a test.
ELSEWHERE = {
    "H543": "tests/annotate: a killed worker",
    "H546": "tests/annotate: Ray's own process",
}
seen: set[str] = set()
_CODE = re.compile(r"[HW]\d{3}")


def pytest_configure(config: pytest.Config) -> None:
    """Record the codes that the package itself asks for; that the tests name one is not enough."""
    plain = WithCodes.__getattribute__

    def recorded(cls: WithCodes, name: str) -> str:
        if _CODE.fullmatch(name) and str(sys._getframe(1).f_globals.get("__name__")).startswith("spacy_hmtl"):
            seen.add(name)
        return plain(cls, name)

    WithCodes.__getattribute__ = recorded  # type: ignore[method-assign]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Join what the processes of pytest-xdist recorded."""
    seen.update(getattr(node, "workeroutput", {}).get("codes", ()))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run of the whole suite in which a code was never raised."""
    config = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput["codes"] = sorted(seen)
        return
    chosen = config.option.keyword or config.option.markexpr or getattr(config.option, "lf", False)
    if exitstatus == 0 and not chosen and config.args_source is not pytest.Config.ArgsSource.ARGS:
        known = {name for kind in (Errors, Warnings) for name in vars(kind) if _CODE.fullmatch(name)}
        missing = sorted(known - seen - set(ELSEWHERE))
        if missing:
            print(f"\nno test raises {', '.join(missing)}: write one, or remove the code")
            session.exitstatus = 1
