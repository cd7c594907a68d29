"""Speakers and genres of Docs as the numbers that heads make features of."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import torch
from spacy.tokens import Doc, Token

from ..annotations.groups import get_meta
from ..nn.heads.coref.pairs import N_GENRES
from ..nn.heads.protocol import DocContext
from ..nn.layout import Layout
from .reading import Reading
from .words import word_facts

# How an unknown speaker is written in CoNLL files.
_UNKNOWN = ("", "-", "_")


def speakers_of(doc: Doc) -> list[str]:
    """Name of each token's speaker, "" where unknown.

    Read from `token._.speaker` where somebody registered that extension and it has a
    value, else from doc.user_data["speakers"] (one name per token), else from what the
    converter stored.

    doc (Doc): Of any kind.
    RETURNS (list): One name per token.
    """
    stored = doc.user_data.get("speakers", get_meta(doc).get("speakers"))
    names = list(stored) if stored is not None and len(stored) == len(doc) else [""] * len(doc)
    if Token.has_extension("speaker"):
        names = [token._.speaker or name for token, name in zip(doc, names)]
    return [str(name or "") for name in names]


def genre_of(doc: Doc) -> str:
    """Genre of a Doc: doc.user_data["genre"], else what the converter stored, else "".

    doc (Doc): Of any kind.
    """
    return str(doc.user_data.get("genre", get_meta(doc).get("genre", "")) or "")


def make_context(
    docs: Sequence[Doc],
    features: Sequence[str],
    layout: Layout,
    device: torch.device | None,
    reading: Reading | None = None,
) -> DocContext | None:
    """What the heads' features need, or None if they have none.

    docs (Sequence): Docs of the batch.
    features (Sequence): Any of "speaker", "genre" and "words".
    layout (Layout): Of what is read of the Docs.
    device (device, optional): Of the tensors; the CPU by default.
    reading (Reading, optional): What is read of the Docs; all of them by default.
    RETURNS (DocContext, optional): Numbers of speakers and genres; unknown where not asked for.
    """
    if not features:
        return None
    numbers: dict[str, int] = dict.fromkeys(_UNKNOWN, -1)
    speakers = [-1] * sum(map(len, docs))
    if "speaker" in features:
        speakers = [numbers.setdefault(name, len(numbers)) for doc in docs for name in speakers_of(doc)]
    genres = [0] * len(docs)
    if "genre" in features:
        names = [genre_of(doc) for doc in docs]
        # A hash, so that no list of genres must be saved; 0 stands for an unknown one.
        genres = [1 + zlib.crc32(name.encode()) % (N_GENRES - 1) if name else 0 for name in names]
    of_tokens = torch.tensor(speakers, dtype=torch.int64, device=device)
    return DocContext(
        of_tokens if reading is None or reading.kept is None else of_tokens[reading.kept],
        torch.tensor(genres, dtype=torch.int64, device=device),
        word_facts(docs if reading is None else reading.read, layout) if "words" in features else None,
    )
