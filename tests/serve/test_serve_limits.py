"""A server under load, and with a pipeline that hangs, fails or crashes: bounded, alive, and silent about texts."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx
import pytest
from serve.serving import LIMITS, serving

from spacy_hmtl.annotate.worker import Outcome
from spacy_hmtl.serve.jobs import Job, RefusedError
from spacy_hmtl.serve.models import encode_document


def post(url, text, timeout=60):
    return httpx.post(f"{url}api/annotate", json={"text": text}, timeout=timeout, trust_env=False)


def get(url, address):
    return httpx.get(f"{url}{address}", trust_env=False).json()


def wait_until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def pool(odd):
    return odd[0]["odd"]


@pytest.fixture
def gate(odd):
    return odd[1]


def test_a_full_queue_sends_clients_away_and_stays_healthy(odd, pool, gate, monkeypatch):
    monkeypatch.setattr(pool.queue, "limits", replace(LIMITS, max_waiting=2))
    with serving(odd[0], replace(LIMITS, max_waiting=2)) as served, ThreadPoolExecutor(3) as threads:
        running = threads.submit(post, served.url, "wait")
        time.sleep(0.5)
        queued = [threads.submit(post, served.url, "wait too") for _ in range(2)]
        wait_until(lambda: get(served.url, "health")["waiting"] == 2)
        assert get(served.url, "health")["status"] == "busy"
        refused = post(served.url, "one more")
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.json()["error"] == "busy"
        gate.touch()
        assert [future.result().status_code for future in [running, *queued]] == [200, 200, 200]
        assert post(served.url, "one more").status_code == 200


def test_the_tokens_of_a_whole_request_are_bounded(odd, pool, monkeypatch):
    monkeypatch.setattr(pool.queue, "limits", replace(LIMITS, batch_texts=2, max_request_tokens=8))
    with serving(odd[0]) as served:
        address = f"{served.url}api/annotate"
        answers = [
            httpx.post(address, json={"texts": ["Anna left."] * n_texts}, timeout=60, trust_env=False)
            for n_texts in (2, 3, 40)
        ]
    assert [answer.status_code for answer in answers] == [200, 413, 413]
    assert answers[1].json()["error"] == "too_much_work"
    assert answers[2].json()["message"].startswith("[H720] The texts of the request have more than 8 tokens together.")


def test_a_request_that_is_too_long_is_dropped_with_the_part_that_shows_it():
    job = Job(["a b c"] * 5, encode_document, max_tokens=6)
    parts = 0
    while job.take_in([Outcome("", b"{}", 3)] * len(job.next_texts(1, 100))):
        parts += 1
    assert parts == 2
    with pytest.raises(RefusedError, match="H720"):
        job.future.result()


def test_a_failing_text_costs_only_its_own_request(odd, gate, caplog, capfd):
    with serving(odd[0]) as served, ThreadPoolExecutor(4) as threads:
        running = threads.submit(post, served.url, "wait")
        time.sleep(0.5)
        # These three are annotated as one batch.
        queued = [threads.submit(post, served.url, text) for text in ("Anna left.", "poison SECRET", "Ben stayed.")]
        wait_until(lambda: get(served.url, "health")["waiting"] == 3)
        gate.touch()
        statuses = [future.result().status_code for future in queued]
        failed = queued[1].result()
        assert running.result().status_code == 200
    assert statuses == [200, 500, 200]
    assert failed.json()["error"] == "failed"
    assert "RuntimeError" in failed.json()["message"]
    assert "RuntimeError" in caplog.text
    assert "SECRET" not in caplog.text + failed.text + "".join(capfd.readouterr())


def test_work_that_is_given_up_ends_with_its_worker_and_others_are_served(odd, pool):
    (pid,), before = pool.pids, pool.n_replaced
    with serving(odd[0], replace(LIMITS, timeout=0.5)) as impatient, serving(odd[0]) as patient:
        answer = post(impatient.url, "for ever")
        assert (answer.status_code, answer.json()["error"]) == (504, "too_slow")
        # What waits meanwhile is served by the next worker.
        assert post(patient.url, "Anna left.").status_code == 200
        assert (pool.n_replaced, pool.pids != [pid]) == (before + 1, True)
        assert get(patient.url, "ready")["workers"]["odd"]["replaced"] == before + 1
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_client_that_goes_away_takes_its_work_along(odd, pool, gate):
    before = pool.n_replaced
    with serving(odd[0]) as served, ThreadPoolExecutor(2) as threads:
        running = threads.submit(post, served.url, "wait")
        time.sleep(0.5)
        with pytest.raises(httpx.ReadTimeout):  # and closes the connection: it has not been begun
            post(served.url, "for ever", timeout=0.5)
        wait_until(lambda: get(served.url, "health")["waiting"] == 0)
        gate.touch()
        assert running.result().status_code == 200
        assert post(served.url, "Anna left.").status_code == 200
        assert pool.n_replaced == before
        with pytest.raises(httpx.ReadTimeout):  # it is at work
            post(served.url, "for ever", timeout=0.5)
        wait_until(lambda: pool.n_replaced == before + 1)
        assert post(served.url, "Anna left.").status_code == 200


def test_a_worker_that_is_killed_is_replaced(odd, pool):
    with serving(odd[0]) as served:
        (pid,) = pool.pids
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: httpx.get(f"{served.url}ready", trust_env=False).status_code == 503)
        assert get(served.url, "ready")["workers"]["odd"]["starting"] == 1
        assert post(served.url, "Anna left.").status_code == 200
        assert pool.pids != [pid]
        wait_until(lambda: get(served.url, "ready")["status"] == "ready")


def test_a_text_that_crashes_its_worker_costs_only_its_own_request(odd, pool, gate):
    with serving(odd[0]) as served, ThreadPoolExecutor(4) as threads:
        running = threads.submit(post, served.url, "wait")
        time.sleep(0.5)
        queued = [threads.submit(post, served.url, text) for text in ("Anna left.", "crash SECRET", "Ben stayed.")]
        wait_until(lambda: get(served.url, "health")["waiting"] == 3)
        gate.touch()
        assert running.result().status_code == 200
        assert [future.result().status_code for future in queued] == [200, 500, 200]
        assert "SECRET" not in queued[1].result().text
