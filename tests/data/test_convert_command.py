import inspect

import pytest
import typer
from typer.testing import CliRunner

from spacy_hmtl.cli.convert import N_LISTED, convert_cli
from spacy_hmtl.data.formats import FORMATS, get_reader

IOB = "Ann\tB-per\nran\tO\n\nTo\tO\nRome\tI-loc\n"


@pytest.fixture
def run(tmp_path):
    """Write a corpus and run the command on it: the result, its output as one line, and the path written to."""

    def run_convert(format, text, *arguments):
        corpus, output = tmp_path / "corpus.txt", tmp_path / "corpus.spacy"
        corpus.write_text(text, encoding="utf-8")
        app = typer.Typer()
        app.command("convert")(convert_cli)
        result = CliRunner().invoke(app, [format, str(corpus), str(output), *arguments])
        return result, " ".join(result.output.split()), output

    return run_convert


def test_convert_prints_counts_and_notes_and_succeeds(run):
    result, text, output = run("iob", IOB)
    assert result.exit_code == 0
    assert output.exists()
    for part in (
        "Documents 2",
        "Tokens 4",
        "per 1",
        "loc 1",
        "mentions not annotated",
        "1 loc spans that begin with I-",
    ):
        assert part in text


def test_convert_passes_its_options_on(run):
    assert "Documents 1" in run("iob", IOB, "--sents-per-doc", "2")[1]
    assert "Documents 1" in run("iob", IOB, "--limit", "1")[1]


def test_convert_lists_the_first_faults_and_counts_the_rest(run):
    faulty = "bad\n\n" * (N_LISTED + 5)
    result, text, _ = run("iob", (IOB + "\n") * 10 + faulty)
    assert result.exit_code == 0
    assert text.count("expected 2 columns") == N_LISTED
    assert "and 5 more faults" in text
    assert "25 faults; skipped: 25 sentences" in text


def test_convert_strict_fails_at_the_first_fault_and_writes_nothing(run):
    result, text, output = run("iob", IOB + "\nbad\n", "--strict")
    assert result.exit_code == 1
    assert "corpus.txt:7" in text.replace(" ", "")
    assert not output.exists()


@pytest.mark.parametrize(
    ("format", "text", "arguments", "message"),
    [
        ("demo", IOB, (), "not a demo file"),
        ("iob", "", (), "found no documents"),
        ("unknown", IOB, (), "Unknown format 'unknown'"),
        ("demo", IOB, ("--sents-per-doc", "2"), "takes no option 'sents_per_doc'"),
    ],
)
def test_convert_fails_without_a_traceback(run, format, text, arguments, message):
    result, printed, output = run(format, text, *arguments)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert message in printed
    assert not output.exists()


def test_convert_help_has_examples():
    app = typer.Typer()
    app.command("convert")(convert_cli)
    result = CliRunner().invoke(app, ["--help"])
    assert "convert demo assets/demo/texts" in " ".join(result.output.split())


@pytest.mark.parametrize("name", FORMATS)
def test_the_options_of_a_format_are_those_of_its_reader(name):
    parameters = inspect.signature(get_reader(name)).parameters
    own = {key: parameter.default for key, parameter in parameters.items() if key not in ("path", "faults", "ids")}
    assert own == {key: option.default for key, option in FORMATS[name].options.items()}


def test_an_option_of_several_formats_is_the_same_everywhere():
    options = [pair for info in FORMATS.values() for pair in info.options.items()]
    assert len(dict(options)) == len(set(options))


def test_convert_offers_every_option_of_every_format():
    parameters = inspect.signature(convert_cli).parameters
    assert {key for info in FORMATS.values() for key in info.options} < set(parameters)
    assert "given" not in parameters
