"""What the words of Docs say about mentions: pronouns, names, and where the words end that a mention is about."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy
import torch
from spacy.attrs import IS_PUNCT, IS_STOP, IS_TITLE, IS_UPPER, LENGTH, LOWER
from spacy.strings import get_string_id
from spacy.tokens import Doc

from ..nn.heads.protocol import WordFacts
from ..nn.layout import Layout

# English pronouns by person, number and gender. In other languages no word is one of these, and
# equal strings, names and distances are left.
PRONOUNS = (
    "i me my mine myself",
    "we us our ours ourselves",
    "you your yours yourself yourselves thou thee thy thine",
    "he him his himself",
    "she her hers herself",
    "it its itself",
    "they them their theirs themselves",
    "this that",
    "these those",
    "who whom whose",
    "which what",
)
# Words that end what an English mention is about: "the wife | of the man", "the man | who left".
_STOPS = (
    "of in on at to for from by with without about under over between among against into through after before "
    "behind near than as who whom whose which that where when whose and or but not 's ’s"
)
_COLUMNS = [LOWER, IS_TITLE, IS_UPPER, IS_PUNCT, IS_STOP, LENGTH]


@lru_cache(maxsize=1)
def _stops() -> numpy.ndarray:
    return numpy.asarray([get_string_id(word) for word in _STOPS.split()], dtype="uint64")


@lru_cache(maxsize=1)
def _pronoun_table() -> tuple[numpy.ndarray, numpy.ndarray]:
    """Hashes of all pronouns, ascending, and their kinds from 1."""
    kinds = {get_string_id(word): kind for kind, words in enumerate(PRONOUNS, start=1) for word in words.split()}
    hashes = numpy.asarray(sorted(kinds), dtype="uint64")
    return hashes, numpy.asarray([kinds[int(value)] for value in hashes], dtype="int64")


def word_facts(docs: Sequence[Doc], layout: Layout) -> WordFacts:
    """Facts about all words of a batch.

    docs (Sequence): Docs of the batch.
    layout (Layout): Of the Docs; its device is that of the result.
    RETURNS (WordFacts): Shape (T,) each.
    """
    device = layout.doc_lengths.device
    rows = [doc.to_array(_COLUMNS).reshape(-1, len(_COLUMNS)) for doc in docs]
    table = numpy.concatenate(rows).astype("uint64") if rows else numpy.zeros((0, len(_COLUMNS)), dtype="uint64")
    lower, title, upper, punctuation, stop, length = table.T
    hashes, kinds = _pronoun_table()
    place = numpy.searchsorted(hashes, lower).clip(max=len(hashes) - 1)
    pronouns = numpy.where(hashes[place] == lower, kinds[place], 0)
    is_mark = punctuation.astype(bool)
    is_content = ~is_mark & ~stop.astype(bool) & (pronouns == 0)
    # A single capital is more often an initial, or a letter, than a name.
    is_name = is_content & (title.astype(bool) | upper.astype(bool)) & (length > 1)
    is_stop = is_mark | numpy.isin(lower, _stops())
    starts = layout.doc_starts()[layout.token_docs()]
    segments = layout.token_segments()
    return WordFacts(
        torch.as_tensor(numpy.ascontiguousarray(lower).view("int64"), device=device),
        torch.as_tensor(pronouns, device=device),
        torch.as_tensor(is_content, device=device),
        torch.as_tensor(is_name, device=device),
        torch.as_tensor(is_stop, device=device),
        torch.arange(layout.n_tokens, device=device) - starts,
        segments - segments[starts],
    )
