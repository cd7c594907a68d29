"""What a server takes on at most. One place for all bounds, so that memory and waiting times are bounded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds of a server.

    max_bytes (int): Of a request's body.
    max_texts (int): Of a batch.
    max_waiting (int): Requests per model that wait for their turn; more are sent away with 503.
    timeout (float): Seconds until an answer, waiting included; then 504. A body that takes longer gets 408.
    batch_texts (int): Texts of waiting requests that are annotated together.
    retry_after (int): Seconds that a client is told to wait after a 503.
    """

    max_bytes: int = 200_000
    max_texts: int = 256
    max_waiting: int = 128
    timeout: float = 30.0
    batch_texts: int = 32
    retry_after: int = 1
