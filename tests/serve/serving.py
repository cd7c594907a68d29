"""A server in a thread, on a free port."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

from spacy.language import Language
from spacy.tokens import Doc

from spacy_hmtl.annotate.guard import Guard
from spacy_hmtl.annotations.jsonl import doc_to_json
from spacy_hmtl.serve.app import State, make_app
from spacy_hmtl.serve.models import close_pools, describe
from spacy_hmtl.serve.pool import Pool
from spacy_hmtl.serve.run import DrainingServer, address, make_config, open_port
from spacy_hmtl.serve.schema import Limits

LIMITS = Limits(max_bytes=20_000, max_texts=40, timeout=60.0, guard=Guard(max_tokens=7_000))
EVIL = "<script>window.hit=1</script> & \"Anna\" <img src=x onerror='window.hit=2'> Anna's \x01 \u2028 she left </p>"
Load = Callable[[], Language]


class Served(NamedTuple):
    """A server that runs: where, and what it is made of."""

    url: str
    pools: dict[str, Pool]
    server: DrainingServer

    @property
    def place(self) -> tuple[str, int]:
        """Host and port."""
        host, port = self.url.removeprefix("http://").rstrip("/").split(":")
        return host, int(port)


@contextmanager
def pooling(loads: dict[str, Load], limits: Limits = LIMITS, n_workers: int = 1) -> Iterator[dict[str, Pool]]:
    """Worker processes for pipelines; loads can be pickled."""
    pools = {
        name: Pool(name, load, limits, describe=partial(describe, name), n_workers=n_workers)
        for name, load in loads.items()
    }
    try:
        for pool in pools.values():
            pool.loaded.result()
        yield pools
    finally:
        close_pools(pools.values())


@contextmanager
def serving(pools: dict[str, Pool], limits: Limits = LIMITS) -> Iterator[Served]:
    """Serve them; they must be made with the same limits where these are their own."""
    listener = open_port("127.0.0.1", 0)
    state = State()
    server = DrainingServer(make_config(make_app(pools, limits, state=state), limits), state, limits, pools.values())
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Served(address(listener), pools, server)
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


def as_json(doc: Doc) -> Any:
    """What the API should say about a Doc."""
    return json.loads(json.dumps(doc_to_json(doc)))


def without_scores(document: Any) -> Any:
    """A document without its confidences, whose last digits depend on the batch."""
    if isinstance(document, dict):
        return {key: without_scores(value) for key, value in document.items() if key not in ("score", "links")}
    return [without_scores(item) for item in document] if isinstance(document, list) else document
