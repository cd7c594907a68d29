"""Codes: shown, sorted, and explained in docs/errors.md."""

from __future__ import annotations

import re

import pytest
from scripts_of_docs import script

from spacy_hmtl.errors import Errors, Warnings


def codes(kind: type) -> list[str]:
    return [name for name in vars(kind) if re.fullmatch(r"[HW]\d+", name)]


def test_a_message_begins_with_its_code() -> None:
    assert Errors.H204.startswith("[H204] levels is empty.")
    assert Warnings.W105.format(task="emd", layers=1, kept=1, total=2, keep="innermost", percent=50.0).startswith(
        "[W105] The tagger of 'emd'"
    )


@pytest.mark.parametrize("kind", [Errors, Warnings])
def test_codes_are_sorted(kind: type) -> None:
    assert codes(kind) == sorted(codes(kind))


def test_the_page_explains_every_code() -> None:
    module = script("list_errors.py")
    assert module.PAGE.read_text(encoding="utf8") == module.page(), "run: python docs/list_errors.py"
    without = re.findall(r"^\| `([HW]\d+)` \| .* \|  \|$", module.page(), re.MULTILINE)
    assert without == [], "give these a remedy, in the message or in docs/list_errors.py"
