"""The command `graph`, tables that it wrote, and a text that would do harm in them."""

import csv

from typer.testing import CliRunner

from spacy_hmtl.cli.app import app

# Formulas, markup, control characters and quotes.
EVIL = '=cmd|"/c calc"!A0 <b>&amp;</b> ]]> \x01\x0b\0 \ufffe " \' \u2028'


def graph(*arguments):
    """Exit code and output (its white space folded) of the command."""
    result = CliRunner().invoke(app, ["graph", *(str(argument) for argument in arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
