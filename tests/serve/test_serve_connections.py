"""Connections that are slow, half-open or in the way are closed, while others are served; and a drained end."""

import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from http.client import HTTPConnection

import pytest
from serve.serving import LIMITS, serving
from serve.test_serve_limits import get, post, wait_until

QUICK = replace(LIMITS, head_timeout=1.0, timeout=1.5)
HEAD = b"POST /api/annotate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def receive(connection):
    """All that comes until the other end closes."""
    found = b""
    while chunk := connection.recv(4096):
        found += chunk
    return found


@pytest.fixture(scope="module")
def quick(served):
    """A server that waits for a second only."""
    with serving(served.pools, QUICK) as found:
        yield found


@pytest.fixture
def connect(quick):
    with ExitStack() as stack:
        yield lambda: stack.enter_context(socket.create_connection(quick.place, timeout=30))


def test_half_open_connections_are_closed_and_others_served_meanwhile(quick, connect):
    starts = [b"", b"G", b"GET / HTTP/1.1\r\nHost: a", HEAD, HEAD + b"Content-Length: 90\r\n\r\n{"]
    sockets = [connect() for _ in range(30)]
    for i, one in enumerate(sockets):
        one.sendall(starts[i % len(starts)])
    assert post(quick.url, "Anna left.").status_code == 200
    began = time.monotonic()
    answers = [receive(one) for one in sockets]
    assert time.monotonic() - began < 15
    assert {answer[:12] for answer in answers} == {b"", b"HTTP/1.1 408"}
    assert not quick.server.server_state.tasks


def test_a_head_that_comes_byte_by_byte_is_too_slow(connect):
    connection = connect()
    stop = threading.Event()

    def drip():
        for byte in HEAD * 100:
            if stop.wait(0.05):
                return
            try:
                connection.send(bytes([byte]))
            except OSError:
                return

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        found = connection.recv(100)
        assert found.startswith(b"HTTP/1.1 408")
    finally:
        stop.set()
        thread.join()


def test_a_body_that_does_not_arrive_is_given_up(connect):
    connection = connect()
    connection.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
    assert b'"error":"too_slow"' in receive(connection)


def test_a_connection_that_is_kept_open_between_requests_has_no_such_limit(quick):
    connection = HTTPConnection(quick.url.split("/")[2], timeout=30)
    sockets = []
    for _ in range(2):
        connection.request("GET", "/health")
        assert connection.getresponse().read()
        sockets.append(connection.sock)
        time.sleep(1.5 * QUICK.head_timeout)
    assert sockets[0] is sockets[1] is not None
    connection.close()


@pytest.mark.parametrize(
    ("header", "status"),
    [(b"Content-Type: text/plain", b"415"), (b"Host: rebound.example\r\nContent-Type: application/json", b"421")],
)
def test_what_is_refused_is_refused_before_its_body_comes(connect, header, status):
    connection = connect()
    host = b"" if b"Host" in header else b"Host: localhost\r\n"
    connection.sendall(b"POST /api/annotate HTTP/1.1\r\n" + host + header + b"\r\nContent-Length: 9000\r\n\r\n")
    began = time.monotonic()
    assert connection.recv(100).startswith(b"HTTP/1.1 " + status)
    assert time.monotonic() - began < QUICK.timeout


def test_a_hostile_body_is_answered_at_once_and_others_are_served(served):
    limits = replace(LIMITS, max_bytes=300_000)
    with serving(served.pools, limits) as found:
        refused = post(found.url, "(" * 200_000)
        assert (refused.status_code, refused.json()["error"]) == (413, "too_much_work")
        assert "((" not in refused.text
        assert post(found.url, "Anna left.").status_code == 200
        assert found.pools["first"].n_replaced == 0


def test_sigterm_finishes_what_runs_and_sends_away_what_comes(odd):
    pools, gate = odd
    with serving(pools) as found, ThreadPoolExecutor(2) as threads:
        running = threads.submit(post, found.url, "wait")
        wait_until(lambda: found.server.state.n_running == 1)
        found.server.handle_exit(signal.SIGTERM, None)
        refused = post(found.url, "Anna left.")
        assert (refused.status_code, refused.json()["error"]) == (503, "stopping")
        assert get(found.url, "ready")["status"] == "stopping"
        assert not running.done()
        gate.touch()
        assert running.result().status_code == 200
        wait_until(lambda: found.server.should_exit)


def test_sigterm_waits_within_a_bound(odd_alone):
    with serving(odd_alone, replace(LIMITS, drain=0.5)) as found, ThreadPoolExecutor(2) as threads:
        running = threads.submit(post, found.url, "for ever")
        wait_until(lambda: found.server.state.n_running == 1)
        found.server.handle_exit(signal.SIGTERM, None)
        stopped = running.result()
        assert (stopped.status_code, stopped.json()["error"]) == (503, "stopping")
        wait_until(lambda: not found.server.started or found.server.should_exit)
