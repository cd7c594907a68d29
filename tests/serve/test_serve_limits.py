"""A server under load, and with a pipeline that hangs or fails: bounded, alive, and silent about texts."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx
import pytest
import spacy
from serve.serving import LIMITS, serving
from spacy.language import Language

GATE = threading.Event()


@Language.component("test_waits_or_fails")
def waits_or_fails(doc):
    if "wait" in doc.text:
        GATE.wait(10)
    if "poison" in doc.text:
        raise RuntimeError(f"cannot digest {doc.text}")
    return doc


@pytest.fixture
def odd_nlp(served_path):
    """A pipeline that waits for GATE on some texts and fails on others."""
    GATE.clear()
    nlp = spacy.load(served_path)
    nlp.add_pipe("test_waits_or_fails", last=True)
    yield nlp
    GATE.set()


def post(url, text):
    return httpx.post(f"{url}api/annotate", json={"text": text}, timeout=20, trust_env=False)


def wait_until(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_full_queue_sends_clients_away_and_stays_healthy(odd_nlp):
    with serving({"odd": odd_nlp}, replace(LIMITS, max_waiting=2)) as url, ThreadPoolExecutor(3) as pool:

        def waiting():
            return httpx.get(f"{url}health", trust_env=False).json()["waiting"]

        running = pool.submit(post, url, "wait")
        time.sleep(0.2)
        queued = [pool.submit(post, url, "wait too") for _ in range(2)]
        wait_until(lambda: waiting() == 2)
        assert httpx.get(f"{url}health", trust_env=False).json()["status"] == "busy"
        refused = post(url, "one more")
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.json()["error"] == "busy"
        GATE.set()
        assert [future.result().status_code for future in [running, *queued]] == [200, 200, 200]
        assert post(url, "one more").status_code == 200


def test_an_annotation_that_takes_too_long_is_given_up(odd_nlp):
    with serving({"odd": odd_nlp}, replace(LIMITS, timeout=0.3)) as url:
        answer = post(url, "wait")
        assert (answer.status_code, answer.json()["error"]) == (504, "too_slow")
        GATE.set()
        wait_until(lambda: post(url, "again").status_code == 200)


def test_a_body_that_does_not_arrive_is_given_up(odd_nlp):
    with serving({"odd": odd_nlp}, replace(LIMITS, timeout=0.3)) as url:
        host, port = url.removeprefix("http://").rstrip("/").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(b"POST /api/annotate HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
            assert connection.recv(100).startswith(b"HTTP/1.1 408")


def test_a_failing_text_costs_only_its_own_request(odd_nlp, caplog, capfd):
    with serving({"odd": odd_nlp}) as url, ThreadPoolExecutor(4) as pool:
        running = pool.submit(post, url, "wait")
        time.sleep(0.2)
        # These three are annotated as one batch.
        queued = [pool.submit(post, url, text) for text in ("Anna left.", "poison SECRET", "Ben stayed.")]
        time.sleep(0.3)
        GATE.set()
        statuses = [future.result().status_code for future in queued]
        failed = queued[1].result()
        assert running.result().status_code == 200
    assert statuses == [200, 500, 200]
    assert failed.json()["error"] == "failed"
    assert "RuntimeError" in failed.json()["message"]
    assert "RuntimeError" in caplog.text
    assert "SECRET" not in caplog.text + failed.text + "".join(capfd.readouterr())
