"""A server in a thread, on a free port."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import uvicorn
from spacy.language import Language
from spacy.tokens import Doc

from spacy_hmtl.annotations.jsonl import doc_to_json
from spacy_hmtl.serve.app import make_app
from spacy_hmtl.serve.models import close_workers
from spacy_hmtl.serve.run import address, make_config, open_port
from spacy_hmtl.serve.schema import Limits
from spacy_hmtl.serve.worker import Worker

LIMITS = Limits(max_bytes=20_000, max_texts=40, timeout=20.0)
EVIL = "<script>window.hit=1</script> & \"Anna\" <img src=x onerror='window.hit=2'> Anna's \x01 \u2028 she left </p>"


@contextmanager
def serving(pipelines: dict[str, Language], limits: Limits = LIMITS) -> Iterator[str]:
    """Serve pipelines, which nothing else may use meanwhile; gives the address."""

    def get(nlp: Language) -> Language:
        return nlp

    workers = {name: Worker(name, partial(get, nlp), limits) for name, nlp in pipelines.items()}
    listener = open_port("127.0.0.1", 0)
    server = uvicorn.Server(make_config(make_app(workers, limits)))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield address(listener)
    finally:
        server.should_exit = True
        thread.join(10)
        close_workers(workers.values())
        listener.close()


def as_json(doc: Doc) -> Any:
    """What the API should say about a Doc."""
    return json.loads(json.dumps(doc_to_json(doc)))


def without_scores(document: Any) -> Any:
    """A document without its confidences, whose last digits depend on the batch."""
    if isinstance(document, dict):
        return {key: without_scores(value) for key, value in document.items() if key not in ("score", "links")}
    return [without_scores(item) for item in document] if isinstance(document, list) else document
