"""Helpers of the command tests."""

import pytest
from spacy.language import Language
from typer.testing import CliRunner

from spacy_hmtl.cli.app import app

POISON = "poison"


@Language.component("test_fails_on_poison")
def fails_on_poison(doc):
    if POISON in doc.text:
        raise RuntimeError("cannot digest this")
    return doc


@pytest.fixture(scope="session")
def model_path(trained_nlp, tmp_path_factory):
    """The tiny pipeline on disk."""
    path = tmp_path_factory.mktemp("model") / "model"
    trained_nlp.to_disk(path)
    return path


@pytest.fixture(scope="session")
def failing_model_path(trained_nlp, tmp_path_factory):
    """The tiny pipeline before a component that raises on some texts."""
    path = tmp_path_factory.mktemp("model") / "failing"
    trained_nlp.add_pipe("test_fails_on_poison", last=True)
    trained_nlp.to_disk(path)
    trained_nlp.remove_pipe("test_fails_on_poison")
    return path


@pytest.fixture
def run():
    """Run a command: its exit code and what it printed."""

    def run_command(*arguments):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    return run_command
