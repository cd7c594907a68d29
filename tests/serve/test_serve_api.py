"""The API: what `annotate` writes, in order, and a clear answer to whatever else is sent."""

import re
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from serve.serving import EVIL, LIMITS, as_json, without_scores

from spacy_hmtl.annotate.inputs import Input
from spacy_hmtl.annotate.worker import annotate_batch
from spacy_hmtl.serve.hosts import KnownHosts, known_hosts
from spacy_hmtl.serve.models import encode_document, encode_panels
from spacy_hmtl.visualize.style import CSS

JSON = {"Content-Type": "application/json"}


async def _no_app(scope, receive, send):
    raise NotImplementedError


@pytest.fixture
def alone(trained_nlp):
    """What the pipeline says of a text alone."""
    return lambda text: as_json(trained_nlp(text))


def test_a_text_gives_what_annotate_writes(client, alone, texts):
    for text in texts:
        answer = client.post("/api/annotate", json={"text": text})
        assert answer.status_code == 200
        assert answer.json() == alone(text)
    found = client.post("/api/annotate", json={"text": texts[1]}).json()
    assert all(found[layer] for layer in ("ents", "mentions", "clusters", "relations"))


def test_a_batch_keeps_its_order(client, alone, texts):
    answer = client.post("/api/annotate", json={"texts": texts})
    assert answer.status_code == 200
    assert without_scores(answer.json()["results"]) == without_scores([alone(text) for text in texts])


def test_an_empty_batch_has_no_results(client):
    assert client.post("/api/annotate", json={"texts": []}).json() == {"results": []}


def test_an_empty_text_is_annotated_with_nothing(client):
    found = client.post("/api/annotate", json={"text": ""}).json()
    assert (found["text"], found["tokens"]) == ("", [])
    assert [found[layer] for layer in ("ents", "mentions", "clusters", "relations")] == [[], [], [], []]


def test_a_hostile_text_is_only_a_text(client, alone):
    assert client.post("/api/annotate", json={"text": EVIL}).json() == alone(EVIL)
    panels = client.post("/api/render", json={"text": EVIL}).json()["panels"]
    html = "".join(panel["html"] for panel in panels.values())
    assert "&lt;script&gt;" in html
    assert not re.search(r"<(script|img)|\sstyle=|<[^>]*\son\w+=", html)


def test_requests_at_the_same_time_do_not_mix(client, alone, texts):
    many = [text for text in texts if text.strip()] * 8
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda text: client.post("/api/annotate", json={"text": text}), many))
    assert {answer.status_code for answer in answers} == {200}
    expected = {text: without_scores(alone(text)) for text in set(many)}
    assert [without_scores(answer.json()) for answer in answers] == [expected[text] for text in many]


def test_new_words_do_not_stay_in_memory(trained_nlp):
    before = len(trained_nlp.vocab.strings)
    for i in range(20):
        words = " ".join(f"zq{i}x{j}" for j in range(50))
        for make in (encode_document, encode_panels):
            (outcome,) = annotate_batch(trained_nlp, [Input("", words, {})], make)
            assert outcome.payload is not None
    assert len(trained_nlp.vocab.strings) == before


def test_models_can_be_chosen(client, trained_nlp):
    listed = client.get("/api/models").json()["models"]
    assert [model["name"] for model in listed] == ["first", "second"]
    assert listed[0]["labels"] == trained_nlp.get_pipe("hmtl").label_data
    assert client.post("/api/annotate", json={"text": "Anna left.", "model": "second"}).status_code == 200


@pytest.mark.parametrize(
    ("body", "headers", "status", "expected"),
    [
        (b'{"text": "Anna', JSON, 400, "Unterminated string"),
        (b"", JSON, 422, "Field required"),
        (b"{}", {}, 415, "found the content type none"),
        (b"{}", {"Content-Type": "application/jsonp"}, 415, "application/jsonp"),
        (b"{}", JSON | {"Content-Encoding": "gzip"}, 415, "[H634]"),
        (b"{}", JSON | {"Host": "rebound.example"}, 421, "[H632] This server is not called 'rebound.example'"),
        (b'{"text": "%s"}' % (b"(" * 2_000), JSON, 413, "[H625] A run of 2,000 characters"),
        (b'{"text": "%s"}' % (b"( " * 8_000), JSON, 413, "[H627] The text has 8,000 tokens, at most 7,000"),
        (b'{"text": "caf\xe9"}', JSON, 400, "UTF-8"),
        (b"[" * 9000, JSON, 400, "not JSON"),
        (b'{"text": "Anna"}', {"Content-Type": "text/plain"}, 415, "Content-Type: application/json"),
        (b'{"text": "SECRET", "texts": ["SECRET"]}', JSON, 422, 'either "text" or "texts"'),
        (b"{}", JSON, 422, 'either "text" or "texts"'),
        (b'{"text": 7}', JSON, 422, "text"),
        (b'{"texts": ["SECRET", null]}', JSON, 422, "texts/1"),
        (b'{"text": "SECRET", "lang": "SECRET"}', JSON, 422, "lang"),
        (b'{"text": "\\ud800 SECRET"}', JSON, 422, "surrogate"),
        (b'{"text": "SECRET", "model": "third"}', JSON, 404, "first, second"),
        (b'{"text": "%s"}' % (b"a" * LIMITS.max_bytes), JSON, 413, "20,000 bytes"),
        (b"a" * 3_000_000, JSON, 413, "20,000 bytes"),
        (b'{"texts": [%s""]}' % (b'"",' * LIMITS.max_texts), JSON, 413, "41 texts"),
    ],
)
def test_what_is_wrong_is_said_without_the_text(client, body, headers, status, expected):
    answer = client.post("/api/annotate", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    found = answer.json()
    assert set(found) == {"error", "message"}
    assert expected in found["message"]
    assert "SECRET" not in answer.text


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:80", "127.0.0.1", "[::1]:8000", "192.168.1.7:81", "localhost."]
)
def test_this_machine_and_addresses_are_known_as_hosts(client, host):
    assert client.get("/health", headers={"Host": host}).status_code == 200


def test_names_that_are_allowed_are_known_as_hosts():
    hosts = KnownHosts(_no_app, known_hosts("0.0.0.0", ["hmtl.example.org"]))
    assert hosts.knows("HMTL.example.org:443")
    assert hosts.knows(socket.gethostname())
    assert not hosts.knows("example.org")
    assert not hosts.knows("127.0.0.1.example.org")
    assert KnownHosts(_no_app, known_hosts("127.0.0.1", ["*"])).knows("example.org")


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("GET", "/api/annotate", 405)])
def test_wrong_addresses_are_answered_in_json(client, method, path, status):
    answer = client.request(method, path)
    assert answer.status_code == status
    assert set(answer.json()) == {"error", "message"}


@pytest.mark.parametrize("path", ["/", "/docs", "/static/page.js", "/health", "/openapi.json", "/nothing"])
def test_every_answer_forbids_foreign_code(client, path):
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/", "/docs", "/static/page.css", "/static/page.js", "/static/docs.js"])
def test_pages_name_no_other_host_and_hold_no_inline_code(client, path):
    content = client.get(path).text
    assert not re.search(r"(https?:)?//[a-z]", content.replace("// ", ""))
    assert not re.search(r"<script>|<style|\sstyle=|\son\w+=", content)


def test_the_style_sheet_is_that_of_the_pictures(client):
    assert client.get("/static/page.css").text.startswith(CSS)


def test_the_api_describes_itself(client):
    api = client.get("/openapi.json").json()
    assert {"/api/annotate", "/api/models", "/health"} <= set(api["paths"])
    answers = api["paths"]["/api/annotate"]["post"]["responses"]
    assert {"200", "400", "404", "413", "415", "422", "503", "504"} <= set(answers)
    assert {"ents", "mentions", "clusters", "relations"} <= set(api["components"]["schemas"]["Document"]["properties"])


def test_health_tells_what_runs(client):
    found = client.get("/health").json()
    assert (found["status"], found["models"], found["waiting"]) == ("ok", ["first", "second"], 0)


def test_readiness_tells_of_the_workers(client):
    answer = client.get("/ready")
    state = {"ready": 1, "starting": 0, "replaced": 0}
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert answer.json()["workers"] == {"first": state, "second": state}
