"""Ray: `annotate --engine ray` with the same output as without, through dying workers and faults; `map_batches`."""

import importlib.util
import logging
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import spacy
from cli.lines import read_lines, write_lines
from integrations.annotated import alike

from spacy_hmtl.annotate.run import annotate
from spacy_hmtl.annotations.jsonl import to_line
from spacy_hmtl.integrations import Annotator

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason='needs pip install "spacy-hmtl[ray]"')
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def cluster(poison_package):
    """Ray on this machine, for all tests of this file."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(poison_package), *filter(None, [before])])
    import ray

    ray.init(
        "local",
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        _node_ip_address="127.0.0.1",
    )
    yield
    ray.shutdown()
    os.environ.pop("PYTHONPATH")
    if before is not None:
        os.environ["PYTHONPATH"] = before


def actors():
    """Processes that hold a pipeline."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes()
        except OSError:  # it has ended
            continue
        if b"ray::" in command and b"MapWorker" in command:
            found.append(int(path.parent.name))
    return found


def kill_an_actor_after(path, n_bytes, killed):
    """Kill one as soon as so much is written."""
    while not (path.exists() and path.stat().st_size > n_bytes):
        time.sleep(0.05)
    victim = actors()[0]
    os.kill(victim, signal.SIGKILL)
    killed.append(victim)


@needs_ray
@pytest.mark.skipif(not os.path.exists("/proc/self/cmdline"), reason="looks at processes as Linux shows them")
@pytest.mark.usefixtures("one_thread")
def test_output_is_the_same_though_a_worker_dies(cluster, failing_model_path, texts, tmp_path):
    some = [*texts, "poison", "a" * 1_000_001]
    source = write_lines(tmp_path / "in.jsonl", [{"text": some[i % len(some)], "id": i} for i in range(140)])
    expected, out = tmp_path / "expected.jsonl", tmp_path / "out.jsonl"
    annotate(str(failing_model_path), source, expected, batch_size=2)
    killed: list[Any] = []
    killer = threading.Thread(
        target=kill_an_actor_after, args=(tmp_path / "out.jsonl.partial", 2000, killed), daemon=True
    )
    killer.start()
    report = annotate(str(failing_model_path), source, out, batch_size=2, n_process=2, engine="ray")
    assert killed
    assert (report.n_docs, report.n_failed) == (120, 20)
    assert out.read_bytes() == expected.read_bytes()
    errors = [p.with_name(p.name + ".errors.jsonl").read_bytes() for p in (expected, out)]
    assert errors[0] == errors[1]


@needs_ray
def test_ray_map_batches(cluster, model_path, texts):
    import ray

    rows = ray.data.from_items([{"n": n, "text": text} for n, text in enumerate(texts)])
    found = rows.map_batches(Annotator(str(model_path)), batch_size=4).take_all()
    nlp = spacy.load(model_path)
    alike([row["hmtl"] for row in sorted(found, key=lambda row: row["n"])], [to_line(nlp(text)) for text in texts])


@needs_ray
@pytest.mark.usefixtures("one_thread")
def test_docs_come_back_with_their_tokens(cluster, model_path, demo_path, tmp_path):
    for engine in ("local", "ray"):
        annotate(str(model_path), demo_path, tmp_path / f"{engine}.spacy", batch_size=3, engine=engine)
    assert (tmp_path / "ray.spacy").read_bytes() == (tmp_path / "local.spacy").read_bytes()


@needs_ray
def test_a_fault_in_the_input_ends_the_run_after_what_came_before(cluster, model_path, tmp_path, run):
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"text": "Anna left."}\n{"text": "Ben stayed."}\nno json\n')
    code, output = run("annotate", model_path, source, out, "--engine", "ray", "--batch-size", 1)
    assert code == 1
    assert "in.jsonl:3:notaJSONobject" in "".join(output.split())
    assert [r["text"] for r in read_lines(tmp_path / "out.jsonl.partial")] == ["Anna left.", "Ben stayed."]
    source.write_text(source.read_text().replace("no json", '{"text": "The end."}'))
    report = annotate(str(model_path), source, out, batch_size=1, engine="ray")
    assert (report.n_resumed, report.n_docs) == (2, 3)
    assert [r["text"] for r in read_lines(out)] == ["Anna left.", "Ben stayed.", "The end."]


def test_without_ray_the_command_says_what_to_install(model_path, source, tmp_path, run, monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "ray" else find_spec(name))
    code, output = run("annotate", model_path, source, tmp_path / "out.jsonl", "--engine", "ray")
    assert code == 1
    assert 'pipinstall"spacy-hmtl[ray]"' in "".join(output.split())
    assert not (tmp_path / "out.jsonl.partial").exists()
