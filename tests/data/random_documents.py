"""Random annotation for property-based tests: documents that make sense, and nothing else."""

from pathlib import Path

import spacy
from hypothesis import strategies as st

from spacy_hmtl.annotations import AnnotatedDocument, Layers, from_doc, to_doc
from spacy_hmtl.data.faults import FaultLog, Place
from spacy_hmtl.data.reading.token_rows import clean_clusters, outermost
from spacy_hmtl.types import LabeledSpan, Triple

VOCAB = spacy.blank("en").vocab
PLACE = Place(Path("random"))
LABELS = st.from_regex(r"[A-Za-z][A-Za-z0-9:_-]{0,4}", fullmatch=True)
# Any text is a token for spaCy, white space too; carriage returns and byte order marks get lost in text files.
ANY_WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0\ufeff"), min_size=1, max_size=4)
PLAIN_WORDS = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=4)


@st.composite
def documents(draw, words=ANY_WORDS, flat=False, repeated=True):
    """A document with each layer annotated or not.

    flat: mentions do not overlap, and names are mentions; repeated: a mention or relation may stand twice.
    """
    tokens = draw(st.lists(words, min_size=1, max_size=8))
    n_tokens = len(tokens)
    log = FaultLog()
    extents = st.tuples(st.integers(0, n_tokens - 1), st.integers(1, 3)).map(
        lambda pair: (pair[0], min(n_tokens, sum(pair)))
    )
    spans = st.lists(
        st.builds(lambda extent, label: LabeledSpan(extent[0], extent[1], label), extents, LABELS), max_size=5
    )
    mentions = draw(spans)
    if flat:
        mentions = outermost(mentions, PLACE, log)
    elif not repeated:
        mentions = list(dict.fromkeys(mentions))
    entities = outermost(mentions if flat else draw(spans), PLACE, log)
    clusters = clean_clusters(draw(st.lists(st.lists(extents, max_size=3), max_size=3)), PLACE, log)
    sent_starts = draw(st.sets(st.integers(1, n_tokens - 1), max_size=2)) if n_tokens > 1 else set()
    document = AnnotatedDocument(
        name=draw(LABELS),
        words=tokens,
        spaces=draw(st.lists(st.booleans(), min_size=n_tokens, max_size=n_tokens)),
        sent_starts=draw(st.none() | st.just([0, *sorted(sent_starts)])),
        layers=Layers(
            entities=draw(st.none() | st.just(entities)) if not flat else entities,
            mentions=draw(st.none() | st.just(mentions)) if not flat else mentions,
            clusters=draw(st.none() | st.just(clusters)) if not flat else clusters,
        ),
    )
    arguments = [*(document.layers.entities or []), *(document.layers.mentions or [])]
    if document.layers.entities is None and document.layers.mentions is None:
        arguments = draw(spans)
    if arguments:
        triples = st.tuples(st.sampled_from(arguments), LABELS, st.sampled_from(arguments)).map(
            lambda row: Triple(*row)
        )
        relations = draw(st.lists(triples, max_size=4))
        document.layers.relations = draw(st.none() | st.just(relations)) if not flat else list(dict.fromkeys(relations))
    elif flat:
        document.layers.relations = []
    return document


def as_on_doc(document):
    """A document as a Doc keeps it: layers in document order."""
    return from_doc(to_doc(document, VOCAB))


def layers(document):
    """What must survive, in a form whose differences pytest shows."""
    names = ("name", "words", "spaces", "sent_starts")
    return {**{name: getattr(document, name) for name in names}, **vars(document.layers)}
