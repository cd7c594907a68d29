"""JSON lines of coreference systems: e2e-coref, SpanBERT, PreCo, wl-coref, LingMess, fastcoref, AllenNLP, coref-data.

Tokens as `sentences`, `tokens`, `cased_words`, `document`, or word pieces with a
`subtoken_map`; or a `text`. Clusters as `clusters`, `span_clusters`, `mention_clusters`,
`coref_chains` ..., each a list of [start, end], [sentence, start, end] or objects. Names as
`ner`. Whether ends are inclusive is proved by what the file holds (`spacy_hmtl.data.reading.ends`).
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from ...annotations import AnnotatedDocument
from ...annotations.layers import Layers
from ...errors import Errors
from ...types import Cluster, LabeledSpan
from ..faults import ConversionError, FaultLog, Place
from ..reading.coref_rows import CLUSTER_KEYS, Mention, clusters_of, names_of, usual_ends
from ..reading.coref_sources import Source, by_sentence, find_meanings
from ..reading.coref_words import Words, read_words
from ..reading.ends import FROM_ONE, TokenOffsets
from ..reading.json_records import JsonObject, Record, Scalar, excerpt, misfit, note_unread, read_values
from ..reading.offsets import CHARACTERS, Offsets, find_convention
from ..reading.standoff import CharSpan, CorpusLayers, Standoff
from ..reading.standoff_build import build
from ..reading.token_rows import clean_clusters, misfit_of_span, outermost

PIECES = "documents of word pieces, which were put together to words"
NO_CLUSTERS = "documents without clusters, taken as not annotated"
NAME_KEYS = ("doc_key", "document_id", "doc_id", "id", "title", "doc_name", "key")
KNOWN = {
    *NAME_KEYS,
    *("sentences", "tokens", "cased_words", "words", "document", "token", "text", "sent_id", "sentence_map"),
    *("subtoken_map", "speakers", "speaker", "part_id", "pos", "deprel", "head", "head2span", "constituents", "genre"),
    *("pronouns", "word_clusters", "ner", "meta", "meta_data", "metadata", "dataset", "top_spans", "coref_to_string"),
    *("predicted_antecedents", "lang", "language", "split", "sentence_offsets", "clusters_strings", "clusters_text"),
    *("cluster_strings", "text_clusters", "orig_tokens", "num_words", "gutenberg_key", "characters", "section_starts"),
}


def read(
    path: Path,
    *,
    faults: FaultLog,
    ids: Container[str] | None = None,
    names: bool = True,
    tokenizer: str = "en",
    ends: str | None = None,
    offsets: str | None = None,
) -> Iterator[AnnotatedDocument]:
    """Read the lines of a coreference system.

    path (Path): The file.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only; an id is a `doc_key`,
        `document_id` or `id`, or the file's name without suffix, a hyphen and its number (from 1).
    names (bool): Take `ner`, where there is one, as names; of nested ones the outermost.
    tokenizer (str): A language of spaCy or "whitespace", for documents without tokens.
    ends (str | None): "inclusive" or "exclusive", where the file does not tell.
    offsets (str | None): Whether those of names that are listed by sentence count in the "document" or in the
        "sentence", where the file does not tell.
    YIELDS (AnnotatedDocument): The documents, with `clusters`, and `entities` as far as there are some;
        `meta` keeps the speaker of each token.
    RAISES (ConversionError): H102, if the file is of another format; H130; H140; H171, H700, H701, if
        the file does not tell what its offsets mean.
    """
    sources: list[Source] = []
    for number, record in enumerate(_read_records(path, faults), start=1):
        fields = record.fields
        id = next((fields[key] for key in NAME_KEYS if not misfit(fields.get(key), Scalar)), None)
        part = fields.get("part_id")
        name = f"{path.stem}-{number}" if id in (None, "") else str(id)
        is_part = type(part) is int or (isinstance(part, str) and part.isdigit())
        if is_part and "document_id" in fields and not name.endswith(f"_{part}"):
            name = f"{name}_{part}"
        if ids is None or name in ids:
            source = _read_source(fields, Place(path, record.line, name), faults)
            sources += [source] if source else []
    sources = by_sentence(sources, path, offsets, faults)
    meanings = find_meanings(sources, path, ends)
    convention = find_convention(
        [
            Offsets(source.fields["text"], m.start, m.end, m.covered)
            for source in sources
            for m in _character_mentions(source)
        ]
    )
    for source in sources:
        if source.words is None:
            made = _build_text(source, convention, tokenizer, faults)
        else:
            made = _build_tokens(source, source.words, meanings[source.layout], names, faults)
        if made is not None:
            yield made


def _read_records(path: Path, faults: FaultLog) -> Iterator[Record]:
    """The objects of a file, the first of which must have clusters or be an input of such a system."""
    values = read_values(path, "coref-json", faults)
    first = next(values, None)
    for line, value in chain([first] if first else [], values):
        if not isinstance(value, dict):
            what = f"expected a JSON object, found {excerpt(value)}"
            faults.skip(Place(path, line), what, unit="document", remedy="Write an object per document.")
            continue
        if first is not None and not any(key in value for key in CLUSTER_KEYS):
            expected = f"a document with {', '.join(map(repr, CLUSTER_KEYS[:4]))} or the like"
            reason = f"expected {expected}, found the keys {excerpt(list(value))} in line {line}"
            raise ConversionError(Errors.H102.format(path=path, format="coref-json", reason=reason), faults)
        first = None
        yield Record(line, value)


def _read_source(fields: JsonObject, place: Place, faults: FaultLog) -> Source | None:
    """Read tokens and rows of a document; None, with a fault, if it has no tokens and no text."""
    words, text = read_words(fields), fields.get("text")
    clusters, key = clusters_of(fields, words)
    if words is not None and isinstance(text, str) and text.strip() and clusters and _beyond(clusters, words):
        words = None  # the offsets count characters
    if words is None and not (isinstance(text, str) and text.strip()):
        what = "the document has no tokens and no text in a known layout"
        remedy = "Give it `sentences`, `tokens`, `cased_words` or `text`."
        faults.skip(place, what, unit="document", remedy=remedy)
        return None
    if clusters is None:
        faults.note(place, NO_CLUSTERS)
    if words is not None and words.is_pieces:
        faults.note(place, PIECES)
    note_unread(fields, {*KNOWN, *([key] if key else [])}, place, faults)
    found = names_of(fields) if words is not None else None
    return Source(place, fields, words, clusters, found, (usual_ends(fields), key))


def _beyond(clusters: list[list[Mention | str]], words: Words) -> bool:
    ends = [mention.end for cluster in clusters for mention in cluster if isinstance(mention, Mention)]
    return bool(ends) and max(ends) > len(words.raw)


def _character_mentions(source: Source) -> Iterator[Mention]:
    if source.words is None:
        yield from (m for cluster in source.clusters or [] for m in cluster if isinstance(m, Mention))


def _build_tokens(
    source: Source, words: Words, meanings: tuple[TokenOffsets, TokenOffsets], names: bool, faults: FaultLog
) -> AnnotatedDocument:
    """Make a document of tokens."""
    if any(offsets.base for offsets in meanings):
        faults.note(source.place, FROM_ONE)

    def place(mention: Mention | str, unit: str) -> tuple[int, int] | None:
        offsets = meanings[unit == "name"]
        what = mention if isinstance(mention, str) else ""
        found = None
        if isinstance(mention, Mention):
            first, tokens = source.tokens(mention)
            start, end = (
                (mention.start, mention.end) if mention.is_certain else offsets.place(mention.start, mention.end)
            )
            what = misfit_of_span(tokens, start, end, mention.covered, mention.shown)
            if not what:
                found = words.span(first + start, first + end - 1)
                what = "" if found else f"the span {mention.shown} holds white space only"
        if what:
            remedy = f"Offsets count tokens, from {offsets.base}."
            faults.skip(source.place, what, unit=unit, remedy=remedy)
            return None
        return found

    clusters: list[Cluster] | None = None
    if source.clusters is not None:
        placed = [[place(mention, "cluster mention") for mention in cluster] for cluster in source.clusters]
        clusters = clean_clusters(([m for m in cluster if m] for cluster in placed), source.place, faults)
        if not clusters and any(source.clusters):
            clusters = None  # none could be read, which is not "nothing there"
    entities = None
    if names and source.names is not None:
        spans = [(place(mention, "name"), mention) for mention in source.names]
        found = [LabeledSpan(*span, m.label) for span, m in spans if span and isinstance(m, Mention)]
        entities = outermost(found, source.place, faults) if found or not source.names else None
    meta: dict[str, Any] = {"speakers": words.speakers} if words.speakers else {}
    spaces = [True] * (len(words.words) - 1) + [False]
    layers = Layers(entities=entities, clusters=clusters)
    return AnnotatedDocument(source.place.document, words.words, spaces, words.sent_starts, layers, meta)


def _build_text(source: Source, convention: Any, tokenizer: str, faults: FaultLog) -> AnnotatedDocument | None:
    """Make a document of a text."""
    text: str = source.fields["text"]
    clusters = source.clusters or []
    is_read = any(isinstance(mention, Mention) for cluster in clusters for mention in cluster)
    # Clusters of which none could be read are not "nothing there".
    has_clusters = source.clusters is not None and (is_read or not any(clusters))
    document = Standoff(source.place, text, [], layers=["clusters"] if has_clusters else [])
    document.groups = []
    for cluster in clusters:
        group: list[str] = []
        for mention in cluster:
            if isinstance(mention, str):
                faults.skip(source.place, mention, unit="cluster mention", remedy="Offsets count characters, from 0.")
                continue
            start, end = convention.convert(text, mention.start, mention.end)
            if convention is not CHARACTERS:
                faults.note(source.place, convention.about)
            group.append(f"{start}-{end}")
            if all(span.id != group[-1] for span in document.spans):
                line = source.place.line
                document.spans.append(CharSpan(group[-1], start, end, "", line, mention.covered, layer="argument"))
        document.groups.append((group, source.place.line))
    return build(document, CorpusLayers(False, True, False), tokenizer, faults)
