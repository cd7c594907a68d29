"""What a frozen encoder said, kept in memory and, if asked for, in a folder."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import Errors
from .vector_store import VectorStore


class VectorCache:
    """Tensors by key, least recently used dropped first, at most `max_bytes` of them in memory.

    A key tells text and tokenization; it holds for one encoder, whose `identity` is part of
    the keys in the folder. Equal keys must mean equal vectors.

    store (VectorStore, optional): The folder.
    """

    def __init__(self, max_bytes: int, store: VectorStore | None = None) -> None:
        self.max_bytes = max_bytes
        self.store = store
        # Asked for only where there is a folder: it takes a pass over the weights.
        self.identity: Callable[[], bytes] = bytes
        self.n_bytes = 0
        # Filled from the first training update on: a stream that is only predicted would gain nothing.
        self.active = False
        self._vectors: OrderedDict[bytes, Tensor] = OrderedDict()
        self._identity: bytes | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Where a pipeline goes to another process, up to gigabytes of vectors stay behind."""
        return {**self.__dict__, "_vectors": OrderedDict(), "n_bytes": 0}

    def clear(self) -> None:
        """Forget everything in memory, for instance because the encoder is another one now."""
        self._vectors.clear()
        self.n_bytes = 0
        self._identity = None

    def get(self, key: bytes, device: torch.device) -> Tensor | None:
        """Vectors of a key, if they are kept.

        key (bytes): Of what was encoded.
        device (device): To put what comes from the folder on.
        RETURNS (Tensor, optional): As they were put in.
        """
        if not self.active:
            return None
        if key in self._vectors:
            self._vectors.move_to_end(key)
            return self._vectors[key]
        array = self.store.get(self._long(key)) if self.store is not None else None
        if array is None:
            return None
        vectors = torch.from_numpy(array).to(device)
        self._remember(key, vectors)
        return vectors

    def put(self, key: bytes, vectors: Tensor) -> None:
        """Keep vectors, once a training has begun.

        key (bytes): Of what was encoded.
        vectors (Tensor): Any shape; copied.
        """
        if not self.active:
            return
        # A part of a batch would keep the whole batch in memory.
        vectors = vectors.clone()
        self._remember(key, vectors)
        if self.store is not None:
            self.store.put(self._long(key), vectors.cpu().numpy())

    def _remember(self, key: bytes, vectors: Tensor) -> None:
        size = vectors.numel() * vectors.element_size()
        if size > self.max_bytes or key in self._vectors:
            return
        self._vectors[key] = vectors
        self.n_bytes += size
        while self.n_bytes > self.max_bytes:
            _, dropped = self._vectors.popitem(last=False)
            self.n_bytes -= dropped.numel() * dropped.element_size()

    def _long(self, key: bytes) -> bytes:
        if self._identity is None:
            self._identity = self.identity()
        return hashlib.sha256(self._identity + key).digest()


def make_cache(*, frozen: bool, cache_mb: int, cache_dir: str | None, cache_dir_mb: int, section: str) -> VectorCache:
    """A cache with the settings of a config.

    frozen (bool): Whether the encoder stays as it is; otherwise nothing is kept.
    cache_mb (int): Most megabytes in memory.
    cache_dir (str, optional): Folder that keeps vectors from one training to the next.
    cache_dir_mb (int): Most megabytes in it.
    section (str): What messages call the section of the config.
    RETURNS (VectorCache): Empty.
    RAISES (ValueError): H205, H230, and H231 if a folder is named for an encoder that changes.
    """
    for key, value in (("cache_mb", cache_mb), ("cache_dir_mb", cache_dir_mb)):
        if value < 0:
            raise ValueError(Errors.H205.format(key=key, expected="0 or more", value=value, section=section))
    if cache_dir is not None and not frozen:
        raise ValueError(Errors.H231.format(path=cache_dir, section=section))
    store = VectorStore(cache_dir, cache_dir_mb * 1_000_000) if cache_dir is not None else None
    return VectorCache(cache_mb * 1_000_000 if frozen else 0, store)


def encode_once(
    cache: VectorCache,
    keys: Sequence[bytes],
    encode: Callable[[list[int]], Iterable[tuple[int, Tensor]]],
    device: torch.device,
) -> list[Tensor]:
    """Vectors of each key, from the cache where it has them; equal ones are encoded once.

    cache (VectorCache): Looked into first, and filled.
    keys (Sequence): Of what is to be encoded; equal keys mean equal vectors.
    encode (Callable): From the numbers of keys to (number, vectors), in any order.
    device (device): Of the vectors.
    RETURNS (list): Vectors of each key, in order.
    """
    found: dict[bytes, Tensor] = {}
    missing: list[int] = []
    for number, key in enumerate(keys):
        if key not in found:
            vectors = cache.get(key, device)
            if vectors is None:
                missing.append(number)
                vectors = torch.empty(0)
            found[key] = vectors
    for number, vectors in encode(missing) if missing else ():
        found[keys[number]] = vectors
        cache.put(keys[number], vectors)
    return [found[key] for key in keys]


def text_key(text: str, *parts: Any) -> bytes:
    """Key of a text and of arrays that say how it is cut.

    text (str): What is encoded.
    parts (bytes): Buffers of the arrays.
    RETURNS (bytes): A hash.
    """
    digest = hashlib.sha256(text.encode("utf8", "surrogatepass"))
    for part in parts:
        digest.update(b"\0" + bytes(part))
    return digest.digest()


def fingerprint(module: nn.Module) -> str:
    """A hash of names, shapes, types and values of a module's weights.

    module (Module): On any device.
    RETURNS (str): In hexadecimal digits.
    """
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        digest.update(f"{name} {tuple(value.shape)} {value.dtype}\n".encode())
        digest.update(value.detach().cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def cache_folder(path: str | None) -> dict[str, str | None]:
    """What a saved config says in place of a cache's folder: nothing, since it belongs to one machine.

    path (str, optional): As the config has it.
    RETURNS (dict): Path as it stands in the config -> None.
    """
    return {} if path is None else {str(Path(path)): None, path: None}
