"""`serve` on the command line: clear errors, loopback, no texts in the log, and an end on Ctrl-C."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import spacy
from serve.odd import end_at_load
from typer.testing import CliRunner

from spacy_hmtl.annotate import pipelines
from spacy_hmtl.cli import serve as command
from spacy_hmtl.cli.app import app
from spacy_hmtl.serve import models
from spacy_hmtl.serve import run as server
from spacy_hmtl.serve.models import short_names
from spacy_hmtl.serve.schema import Limits


def run(*arguments):
    result = CliRunner().invoke(app, ["serve", *(str(argument) for argument in arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


def test_without_the_extra_the_command_says_what_to_install(monkeypatch):
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    code, output = run("model")
    assert code == 1
    assert 'pip install "spacy-hmtl[serve]"' in output


def test_a_port_that_is_taken_is_named(served_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, output = run(served_path, "--port", port)
    assert code == 1
    assert f"127.0.0.1, port {port}: Address already in use" in output
    assert "--port 0" in output


def test_a_model_that_cannot_be_served_is_named(tmp_path):
    code, output = run(tmp_path / "nothing", "--port", 0)
    assert (code, "could not load this pipeline" in output) == (1, True)
    spacy.blank("en").to_disk(tmp_path / "blank")
    code, output = run(tmp_path / "blank", "--port", 0)
    assert (code, "no component hmtl" in output) == (1, True)
    (tmp_path / "blank" / "config.cfg").write_text("[nlp]\nlang = 1\n", encoding="utf8")
    assert run(tmp_path / "blank", "--port", 0)[0] == 1


def test_without_a_model_the_pretrained_pipeline_is_served(monkeypatch):
    given = []
    monkeypatch.setattr(pipelines, "is_package", lambda name: name == "en_hmtl_web_md")
    monkeypatch.setattr(server, "serve", lambda models, **options: given.extend(models))
    assert run("--port", 0)[0] == 0
    assert given == ["en_hmtl_web_md"]


def test_without_a_model_and_without_the_pretrained_one_a_line_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(pipelines, "is_package", lambda name: False)
    code, output = run("--port", 0)
    assert code == 1
    assert "[H686]" in output
    (wheel,) = (Path(__file__).parents[2] / "assets" / "pipelines").glob("en_hmtl_web_md-*.whl")
    assert f"pip install --no-deps assets/pipelines/{wheel.name}" in output


def test_a_server_of_nothing_does_not_start(monkeypatch):
    monkeypatch.setattr(models, "installed_models", lambda: [])
    with pytest.raises(ValueError, match="none with the component hmtl is installed"):
        models.start_pools([], Limits())


def test_a_worker_that_ends_while_it_loads_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(models, "load_served", end_at_load)
    with pytest.raises(OSError, match=r"\[H631\].*--workers"):
        models.start_pools([str(tmp_path)], Limits(), n_workers=2)
    code, output = run(tmp_path, "--port", 0)
    assert (code, "[H631]" in output) == (1, True)


def test_names_of_models_tell_nothing_of_the_machine():
    paths = ["training/a/model-best", "/home/anna/b/model-best/", "en_some"]
    assert short_names(paths) == ["model-best", "model-best-2", "en_some"]


def test_other_commands_do_not_load_the_server():
    code = "import sys, spacy_hmtl.cli.app; print([m for m in ('fastapi', 'uvicorn', 'starlette') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to a process there")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_this_machine_only_logs_no_text_and_ends_when_told(served_path, ending):
    arguments = [sys.executable, "-u", "-m", "spacy_hmtl", "serve", str(served_path), "--port", "0"]
    server = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        (url,) = re.findall(r"http://127\.0\.0\.1:\d+/", line)
        assert "tiny" in line
        with httpx.Client(base_url=url, trust_env=False, timeout=20) as client:
            assert client.get("/?text=SECRET").status_code == 200
            assert client.post("/api/annotate", json={"text": "SECRET"}).status_code == 200
            assert client.post("/api/annotate", json={"text": ["SECRET"]}).status_code == 422
        server.send_signal(ending)
        rest, _ = server.communicate(timeout=20)
    finally:
        server.kill()
    assert server.returncode == 0
    assert "Stopped" in rest
    assert "SECRET" not in line + rest
