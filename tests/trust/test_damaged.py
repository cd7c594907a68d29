"""A saved pipeline that was damaged, anywhere and in any way, is refused by name, or is the pipeline that was saved."""

from __future__ import annotations

import gc
import json
import random
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import spacy
import srsly
import torch
from spacy.language import Language
from spacy.training import Example
from tiny import tiny_config, tiny_nlp, weights

from spacy_hmtl.annotate.pipelines import load_pipeline

FIRST_RELEASE = Path(__file__).parents[1] / "fixtures" / "pipeline-0.1.0" / "pipeline"
CODED = re.compile(r"\[H\d+\] ")


@pytest.fixture(scope="module")
def saved(trained_nlp: Language, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a saved component."""
    path = tmp_path_factory.mktemp("saved") / "hmtl"
    trained_nlp.get_pipe("hmtl").to_disk(path, exclude=["vocab"])  # type: ignore[attr-defined]
    return {file.name: file.read_bytes() for file in path.iterdir()}


def write(files: dict[str, bytes], folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for file in folder.iterdir():
        file.unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def component() -> Any:
    return spacy.blank("en").add_pipe("hmtl", config=tiny_config())


def fault(load: Callable[[], Any]) -> str:
    """What loading says; fails where that is no message of ours."""
    with pytest.raises(ValueError, match=CODED) as caught:
        load()
    return str(caught.value)


def said(load: Callable[[], Any]) -> str | None:
    """What loading says, None if it loads; any other kind of error is raised."""
    try:
        load()
    except ValueError as error:
        return str(error)
    return None


def damages(data: bytes, n: int, seed: int) -> list[bytes]:
    """A flipped bit, a cut, an overwritten or a repeated stretch, each at random places."""
    rng, found = random.Random(seed), []
    for number in range(n):
        place, bit = rng.randrange(len(data)), 1 << rng.randrange(8)
        changed = bytearray(data)
        if number % 4 == 0:
            changed[place] ^= bit
        elif number % 4 == 1:
            del changed[place:]
        elif number % 4 == 2:
            changed[place : place + 8] = rng.randbytes(min(8, len(data) - place))
        else:
            changed[place:place] = data[place : place + 64]
        if changed != data:
            found.append(bytes(changed))
    return found


@pytest.mark.parametrize(("name", "n"), [("model", 60), ("cfg", 120)])
def test_a_damaged_file_is_refused_by_name(saved: dict[str, bytes], tmp_path: Path, name: str, n: int) -> None:
    assert set(saved) == {"model", "cfg"}
    pipe = component()
    for data in damages(saved[name], n, seed=1):
        folder = write({**saved, name: data}, tmp_path / "hmtl")
        if name == "cfg" and _says_the_same(data, saved["cfg"]):
            continue
        message = fault(partial(pipe.from_disk, folder, exclude=["vocab"]))
        assert str(folder / name) in message


def _says_the_same(data: bytes, other: bytes) -> bool:
    try:
        return json.loads(data) == json.loads(other)
    except ValueError:
        return False


@pytest.mark.parametrize("name", ["model", "cfg"])
def test_a_missing_file_is_named(saved: dict[str, bytes], tmp_path: Path, name: str) -> None:
    folder = write({key: data for key, data in saved.items() if key != name}, tmp_path / "hmtl")
    message = fault(lambda: component().from_disk(folder, exclude=["vocab"]))
    assert message.startswith(f"[H642] {folder / name}: is missing.")


def test_damaged_bytes_are_refused(trained_nlp: Language) -> None:
    pipe: Any = trained_nlp.get_pipe("hmtl")
    data, other = pipe.to_bytes(exclude=["vocab"]), component()
    for changed in damages(data, 40, seed=2):
        fault(partial(other.from_bytes, changed, exclude=["vocab"]))
    assert gc.isenabled()
    other.from_bytes(data, exclude=["vocab"])


def without_checksums(saved: dict[str, bytes]) -> dict[str, bytes]:
    cfg = json.loads(saved["cfg"])
    del cfg["checksums"]
    return {**saved, "cfg": json.dumps(cfg).encode()}


def test_a_pipeline_without_checksums_loads(saved: dict[str, bytes], tmp_path: Path, trained_nlp: Language) -> None:
    pipe = component().from_disk(write(without_checksums(saved), tmp_path / "hmtl"), exclude=["vocab"])
    ours, theirs = weights(pipe), weights(trained_nlp.get_pipe("hmtl"))
    assert all((ours[name] == theirs[name]).all() for name in theirs)


def test_damage_without_checksums_is_an_error_of_ours_or_none(tmp_path: Path) -> None:
    """The first release wrote none: what does not parse is said, by name; one bit of a weight cannot be seen."""
    files = {file.name: file.read_bytes() for file in (FIRST_RELEASE / "hmtl").iterdir()}
    nlp = spacy.load(FIRST_RELEASE)
    pipe: Any = nlp.get_pipe("hmtl")
    n_said = 0
    for name, n in (("model", 40), ("cfg", 40)):
        for data in damages(files[name], n, seed=3):
            folder = write({**files, name: data}, tmp_path / "hmtl")
            message = said(partial(pipe.from_disk, folder, exclude=["vocab"]))
            if message is not None:
                assert CODED.match(message)
                assert str(folder / name) in message
                n_said += 1
    assert n_said > 40
    assert gc.isenabled()


def change_head(saved: dict[str, bytes], **values: Any) -> dict[str, bytes]:
    """Files without checksums whose description of the network says something else."""
    message = srsly.msgpack_loads(saved["model"])
    shim = srsly.msgpack_loads(message["shims"][0][0])
    shim["head"] = json.dumps({**json.loads(shim["head"]), **values})
    message["shims"][0][0] = srsly.msgpack_dumps(shim)
    return {**without_checksums(saved), "model": srsly.msgpack_dumps(message)}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"schema": [["PER", "AT"]]}, r"\[H644\] .*the schema of relations is"),
        ({"schema": None}, r"\[H644\] .*the schema of relations is None"),
        ({"schema": [["PER", "NO_SUCH", "PER"]]}, r"\[H644\] .*names \['NO_SUCH'\], which no task has"),
        ({"labels": {"ner": ["A", "A"]}}, r"\[H644\] .*labels of \['ner'\], with the levels"),
        ({"labels": 3}, r"\[H644\] .*labels of 3"),
        ({"levels": "ner"}, r"\[H644\] .*levels are 'ner'"),
        ({"input_width": -4}, r"\[H644\] .*width of the embeddings is -4"),
        # No memory is taken for it: this would be terabytes.
        ({"input_width": 10**11}, r"\[H209\] .*the width of the embeddings is 100,000,000,000, but no weight"),
    ],
)
def test_a_damaged_description_of_the_network_is_found_at_load(
    saved: dict[str, bytes], tmp_path: Path, values: dict[str, Any], expected: str
) -> None:
    folder = write(change_head(saved, **values), tmp_path / "hmtl")
    with pytest.raises(ValueError, match=expected) as caught:
        component().from_disk(folder, exclude=["vocab"])
    assert str(folder / "model") in str(caught.value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("where", ["torch", "thinc"])
def test_weights_that_are_no_numbers_are_said_and_refused(
    demo_examples: list[Example], tmp_path: Path, value: float, where: str
) -> None:
    nlp = tiny_nlp(demo_examples[:2], [["ner"]])
    pipe: Any = nlp.get_pipe("hmtl")
    if where == "torch":
        with torch.no_grad():
            next(pipe.model.shims[0]._model.parameters())[0, 0] = value
    else:
        node = next(node for node in pipe.model.walk() if node.has_param("E"))
        node.get_param("E")[0, 0] = value
    with pytest.warns(UserWarning, match=r"\[W194\] 'hmtl' is saved with weights that are not finite numbers \(1 "):
        nlp.to_disk(tmp_path / "model")
    with pytest.raises(ValueError, match=r"\[H643\] .*hmtl/model: holds weights that are not finite numbers"):
        spacy.load(tmp_path / "model")


@pytest.fixture(scope="module")
def pipeline(trained_nlp: Language, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "model"
    trained_nlp.to_disk(path)
    return path


def test_every_file_of_a_pipeline_that_is_deleted_or_cut_is_named_by_our_commands(pipeline: Path) -> None:
    """Those that spaCy reads, too; it can do without some."""
    messages = {}
    for file in sorted(path for path in pipeline.rglob("*") if path.is_file()):
        data = file.read_bytes()
        for changed in (None, data[: len(data) // 2]):
            file.unlink() if changed is None else file.write_bytes(changed)
            message = said(lambda: load_pipeline(str(pipeline)))
            file.write_bytes(data)
            if message is not None:
                messages[file.name] = message
                assert CODED.match(message), (file, message)
                # A config that was cut may be one of another network, which the weights do not fit.
                is_misfit = file.name == "config.cfg" and "do not fit the config" in message
                assert file.name in message or is_misfit, (file, message)
    assert {"config.cfg", "meta.json", "tokenizer", "cfg", "model", "strings.json"} <= messages.keys()
    load_pipeline(str(pipeline))
