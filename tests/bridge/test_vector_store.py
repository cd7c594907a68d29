"""A folder of arrays: bounded, safe to read, and of no harm where the disk refuses."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy
import pytest

from spacy_hmtl.bridge.embeddings.vector_store import VectorStore

KEYS = [bytes([i]) * 8 for i in range(10)]
ARRAY = numpy.arange(1000, dtype="float32").reshape(10, 100)


def test_an_array_comes_back_in_another_process_or_not_at_all(tmp_path: Path) -> None:
    VectorStore(tmp_path / "new" / "cache", 10**6).put(KEYS[0], ARRAY)
    store = VectorStore(tmp_path / "new" / "cache", 10**6)
    found = store.get(KEYS[0])
    assert found is not None
    numpy.testing.assert_array_equal(found, ARRAY)
    assert store.get(KEYS[1]) is None


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    store = VectorStore(tmp_path, 5 * ARRAY.nbytes)
    for i, key in enumerate(KEYS[:4]):
        store.put(key, ARRAY)
        os.utime(store.path(key), (i, i))
    assert store.get(KEYS[0]) is not None
    for key in KEYS[4:6]:
        store.put(key, ARRAY)
    left = [store.get(key) is not None for key in KEYS[:6]]
    assert left == [True, False, True, True, True, True] or left == [True, False, False, True, True, True]
    sizes = [path.stat().st_size for path in tmp_path.rglob("*.npy")]
    assert sum(sizes) <= 5 * ARRAY.nbytes


def test_an_array_larger_than_the_folder_is_not_kept(tmp_path: Path) -> None:
    store = VectorStore(tmp_path, ARRAY.nbytes - 1)
    store.put(KEYS[0], ARRAY)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"not an array", b"half"])
def test_a_damaged_file_counts_as_missing_and_is_replaced(tmp_path: Path, content: bytes) -> None:
    store = VectorStore(tmp_path, 10**6)
    store.put(KEYS[0], ARRAY)
    path = store.path(KEYS[0])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if content == b"half" else content)
    assert store.get(KEYS[0]) is None
    store.put(KEYS[0], ARRAY)
    assert path.read_bytes() == whole


def test_pickled_objects_are_not_loaded(tmp_path: Path) -> None:
    store = VectorStore(tmp_path, 10**6)
    store.put(KEYS[0], ARRAY)
    numpy.save(store.path(KEYS[0]), numpy.asarray([{"an": "object"}], dtype=object), allow_pickle=True)
    assert store.get(KEYS[0]) is None


def test_no_half_written_file_has_a_readers_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise OSError("no space left")

    store = VectorStore(tmp_path, 10**6)
    monkeypatch.setattr(os, "replace", fail)
    with pytest.warns(UserWarning, match=r"can no longer be kept there: no space left\. Training goes on without"):
        store.put(KEYS[0], ARRAY)
    assert list(tmp_path.rglob("*.npy")) == []
    # Said once.
    store.put(KEYS[1], ARRAY)


def test_a_file_in_place_of_the_folder_stops_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    with pytest.raises(ValueError, match="cache: the cache folder is a file"):
        VectorStore(tmp_path / "cache", 1)


def test_reading_is_a_use(tmp_path: Path) -> None:
    store = VectorStore(tmp_path, 10**6)
    store.put(KEYS[0], ARRAY)
    os.utime(store.path(KEYS[0]), (0, 0))
    store.get(KEYS[0])
    assert store.path(KEYS[0]).stat().st_mtime > time.time() - 100
