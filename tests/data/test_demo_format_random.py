"""Random annotation in our demo format, written and read back."""

import string

import spacy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spacy_hmtl.annotations import AnnotatedDocument, Layers
from spacy_hmtl.annotations.layers import make_clusters
from spacy_hmtl.types import LabeledSpan, Triple

TOKENIZER = spacy.blank("en").tokenizer
WORD = st.text(string.ascii_lowercase, min_size=2, max_size=6).filter(lambda word: len(TOKENIZER(word)) == 1)
TREE = st.recursive(
    WORD,
    lambda children: (
        st.builds(
            lambda parts, label, entity, name: ("mention", parts, label, entity, name),
            st.lists(children, min_size=2, max_size=4),
            st.sampled_from(["PER", "ORG", "WORK_2"]),
            st.sampled_from(["a", "b-1", "7"]),
            st.none(),
        )
        | st.builds(
            lambda word, label, entity, name: ("mention", [word], label, entity, name),
            WORD,
            st.sampled_from(["PER", "GPE"]),
            st.sampled_from(["a", "c"]),
            st.sampled_from([None, "PERSON", "DATE"]),
        )
        | st.builds(lambda word, name: ("name", [word], name), WORD, st.sampled_from(["DATE", "MONEY"]))
    ),
    max_leaves=6,
)
SENTENCE = st.tuples(
    st.lists(TREE, min_size=1, max_size=5), st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=3)
)


class Writer:
    """Writes trees in the demo format, and beside it the document they stand for."""

    def __init__(self):
        self.sent_starts: list[int] = []
        self.entities: list[LabeledSpan] = []
        self.mentions: list[LabeledSpan] = []
        self.relations: list[Triple] = []
        layers = Layers(self.entities, self.mentions, [], self.relations)
        self.doc = AnnotatedDocument("random-1", [], [], self.sent_starts, layers, {"kind": "random"})
        self.clusters: dict[str, list[tuple[int, int]]] = {}
        self.sentence_mentions: list[tuple[str, LabeledSpan]] = []
        self.lines = ["#doc random-1"]

    def add_sentence(self, trees, pairs):
        self.sent_starts.append(len(self.doc.words))
        self.sentence_mentions = []
        self.lines.append(" ".join(map(self.write, trees)) + " .")
        self.doc.words.append(".")
        mentions = sorted(self.sentence_mentions, key=lambda pair: (pair[1].start, -pair[1].end))
        self.mentions += [mention for _, mention in mentions]
        for entity, mention in mentions:
            self.clusters.setdefault(entity, []).append(mention[:2])
        for first, second in pairs if mentions else ():
            (_, head), (_, tail) = mentions[first % len(mentions)], mentions[second % len(mentions)]
            triple = Triple(head, "AT", tail)
            if head != tail and triple not in self.relations:
                self.relations.append(triple)
                self.lines.append(f"> {self.argument(mentions, head)} AT {self.argument(mentions, tail)}")

    def argument(self, mentions, wanted):
        entity = next(entity for entity, mention in mentions if mention == wanted)
        number = [mention for other, mention in mentions if other == entity].index(wanted) + 1
        return entity if number == 1 else f"{entity}#{number}"

    def write(self, tree):
        if isinstance(tree, str):
            self.doc.words.append(tree)
            return tree
        start = len(self.doc.words)
        text = " ".join(map(self.write, tree[1]))
        end = len(self.doc.words)
        if tree[0] == "name":
            self.entities.append(LabeledSpan(start, end, tree[2]))
            return f"{{{text}|{tree[2]}}}"
        _, _, label, entity, name = tree
        self.sentence_mentions.append((entity, LabeledSpan(start, end, label)))
        if name:
            self.entities.append(LabeledSpan(start, end, name))
        return f"[{text}|{label} {entity}|{name}]" if name else f"[{text}|{label} {entity}]"

    def finish(self):
        self.doc.spaces = [True] * (len(self.doc.words) - 1) + [False]
        self.doc.layers.clusters = make_clusters(self.clusters.values())
        return "\n".join(self.lines) + "\n", self.doc


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(SENTENCE, min_size=1, max_size=3))
def test_random_annotation_is_read_back_as_it_was_written(read, sentences):
    writer = Writer()
    for trees, pairs in sentences:
        writer.add_sentence(trees, pairs)
    text, expected = writer.finish()
    docs, _ = read("demo", text, strict=True)
    assert docs == [expected]
