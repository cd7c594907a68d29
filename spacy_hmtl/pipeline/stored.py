"""The half of the component that is written and read: to folders, to bytes, to other processes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import srsly
from spacy.vocab import Vocab

from ..bridge.embeddings.protocol import hooks_of
from ..files import check_tree
from .growth import Growing
from .intact import CFG, MODEL, Place, contents, load, naming, parts_of
from .processes import in_worker
from .saving import packed, unpacked
from .settings import check_settings


class Stored(Growing):
    """Saves and loads a component, with checksums."""

    vocab: Vocab
    cfg: dict[str, Any]
    _configured: dict[str, Any]
    # `relation_threshold` as it was when the component was made or saved: what differs was asked for.
    _usual_threshold: float

    def __setstate__(self, state: Any) -> None:
        super().__setstate__(state)
        in_worker()

    def _contents(self, exclude: tuple[str, ...]) -> dict[str, bytes]:
        return contents(packed(self.cfg, self._configured), self.model, self.vocab, self.name, exclude)

    def _load(self, files: Mapping[str, bytes | str], exclude: tuple[str, ...], place: Place) -> Stored:
        """Take what was saved into use."""
        known = self._configured.keys()
        saved = load(files, known, self.model, self.vocab, self.name, exclude, place)
        for hooks in hooks_of(self.model):
            hooks.check_vocab(self.vocab)
        with naming(place(CFG)):
            self.cfg = unpacked({**self.cfg, **saved}, self._configured)
            self._usual_threshold = unpacked(saved, {}).get("relation_threshold", self.cfg["relation_threshold"])
            check_settings(self.cfg, self.name, self.tasks)
        self._goes_on, self._has_learnt = True, False
        self._know_labels()
        return self

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """See spaCy's `TrainablePipe.to_bytes`; with checksums."""
        exclude = tuple(exclude)
        files: dict[str, Any] = dict(self._contents(exclude))
        if "vocab" not in exclude:
            files["vocab"] = self.vocab.to_bytes(exclude=exclude)
        result: bytes = srsly.msgpack_dumps(files)
        return result

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """See spaCy's `TrainablePipe.to_disk`; with checksums."""
        path, exclude = Path(path), tuple(exclude)
        path.mkdir(exist_ok=True)
        for name, data in self._contents(exclude).items():
            (path / name).write_bytes(data)
        if "vocab" not in exclude:
            self.vocab.to_disk(path / "vocab", exclude=exclude)

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> Stored:
        """See spaCy's `TrainablePipe.from_bytes`. RAISES (ValueError): H640 to H643 and others, naming the part."""
        exclude = tuple(exclude)
        files = parts_of(bytes_data, self.name)
        if "vocab" not in exclude and "vocab" in files:
            self.vocab.from_bytes(files["vocab"], exclude=exclude)
        return self._load(files, exclude, lambda name: f"{name} in the bytes of {self.name!r}")

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Stored:
        """See spaCy's `TrainablePipe.from_disk`. RAISES (ValueError): H640 to H643 and others, naming the file."""
        path, exclude = Path(path), tuple(exclude)
        check_tree(path)
        # The folder of a component in a saved pipeline has no vocabulary of its own: that lies beside it.
        if "vocab" not in exclude and (path / "vocab").exists():
            self.vocab.from_disk(path / "vocab", exclude=exclude)
        files = {name: (path / name).read_bytes() for name in (CFG, MODEL) if (path / name).is_file()}
        return self._load(files, exclude, lambda name: str(path / name))
