"""What all tests share: no network, a tiny pipeline trained once."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator

# Before anything imports a Hugging Face library.
os.environ["HF_HUB_OFFLINE"] = "1"

from collections.abc import Callable
from pathlib import Path

import pytest
import spacy
import torch
from every_code import pytest_configure, pytest_sessionfinish, pytest_testnodedown
from hypothesis import settings
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from tiny import DEMO, make_examples, tiny_nlp, train
from typer.testing import CliRunner

from spacy_hmtl.annotations import slice_doc
from spacy_hmtl.data.convert import convert

__all__ = ["pytest_configure", "pytest_sessionfinish", "pytest_testnodedown"]

# Continuous integration draws the same inputs each time, so that it says the same of the same code; at home hypothesis
# looks further each time.
settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("ci")


# Where tests run in several processes, these share the cores: with more threads than cores all wait for each other.
if workers := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")):
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // workers))


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Sums in one order: two processes with equal numbers of threads give the same to the last digit, others do not."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def unpacked(name: str, target: Path) -> Path:
    """The folder of a pretrained pipeline, unpacked from its wheel in the tree."""
    (wheel,) = (DEMO.parent / "pipelines").glob(f"{name}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return next(path.parent for path in target.rglob("config.cfg"))


@pytest.fixture(scope="session")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of en_hmtl_web_md."""
    return unpacked("en_hmtl_web_md", tmp_path_factory.mktemp("md"))


@pytest.fixture(scope="session")
def pretrained_small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of en_hmtl_web_sm."""
    return unpacked("en_hmtl_web_sm", tmp_path_factory.mktemp("sm"))


@pytest.fixture(scope="session")
def demo_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `.spacy` file: three sentences each of eight documents of the demo corpus, with all four layers."""
    path = tmp_path_factory.mktemp("demo") / "demo.spacy"
    convert("demo", DEMO / "texts" / "biography.txt", path, limit=8)
    docs = DocBin().from_disk(path).get_docs(spacy.blank("en").vocab)
    DocBin(docs=[slice_doc(doc, 0, list(doc.sents)[2].end)[0] for doc in docs]).to_disk(path)
    return path


@pytest.fixture(scope="session")
def _demo_docs(demo_path: Path) -> list[Doc]:
    return list(DocBin().from_disk(demo_path).get_docs(spacy.blank("en").vocab))


@pytest.fixture
def demo_docs(_demo_docs: list[Doc]) -> list[Doc]:
    """The gold Docs, copied for each test."""
    return [doc.copy() for doc in _demo_docs]


@pytest.fixture
def demo_examples(demo_docs: list[Doc]) -> list[Example]:
    """Gold Docs with predicted ones that have the words and the sentence boundaries; not tagged with a task."""
    return make_examples(demo_docs)


@pytest.fixture(scope="session")
def trained_nlp(_demo_docs: list[Doc]) -> Language:
    """The tiny pipeline, overfitted to the demo documents. Shared: leave it as it is."""
    examples = make_examples([doc.copy() for doc in _demo_docs])
    nlp = tiny_nlp(examples)
    train(nlp, examples, 40)
    return nlp


@pytest.fixture(scope="session")
def model_path(trained_nlp: Language, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny pipeline on disk. Shared: leave it as it is."""
    path = tmp_path_factory.mktemp("model") / "model"
    trained_nlp.to_disk(path)
    return path


@pytest.fixture(scope="session")
def texts(_demo_docs: list[Doc]) -> list[str]:
    """Texts of every odd sort, empty ones included, around those the pipeline was trained on."""
    first, second, third = (doc.text for doc in _demo_docs[:3])
    return ["", first, "Dell", " ", second, "", "\n \n", "She said that he left.", third, "a", first[:100], "   \t "]


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny transformer. Shared: leave it as it is."""
    from tiny_encoder import write_encoder

    return write_encoder(tmp_path_factory.mktemp("encoders") / "tiny-bert")


@pytest.fixture
def hmtl_data() -> Path:
    """The folder of the open benchmark data, named by the variable HMTL_DATA."""
    if not os.environ.get("HMTL_DATA"):
        pytest.skip("HMTL_DATA does not name the folder of the open benchmark data")
    return Path(os.environ["HMTL_DATA"])


@pytest.fixture
def run() -> Callable[..., tuple[int, str]]:
    """Run a command in this process: its exit code and what it printed."""
    from spacy_hmtl.cli.app import app

    def run_command(*arguments: object, stdin: bytes | None = None) -> tuple[int, str]:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    return run_command
