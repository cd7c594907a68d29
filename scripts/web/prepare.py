"""What the pretrained pipelines learn from: converted corpora under one label scheme, with silver names.

    python scripts/web/prepare.py RAW OUTPUT --teacher FOLDER

RAW holds what `spacy project run web-convert` made, OUTPUT gets a folder per task, with files of the training and of
development, and FOLDER is an unpacked pipeline of spaCy's (see project.yml). Nothing of a test part is read.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import spacy
from mentions import Roots, gum, with_pronouns
from names import QUANTITIES, NameCorpus, agreed, complete
from relations import embedded, knowledgenet, take_as_complete
from spacy.tokens import Doc
from spacy.vocab import Vocab
from teacher import Silver, Teacher

from spacy_hmtl.annotations import AnnotatedDocument, Layers, from_doc, get_clusters, get_meta, to_doc
from spacy_hmtl.data.docbin import DocBinWriter, read_docs

# The teacher is best on edited text: of tweets it gives quantities and nations only.
NAMES = {
    "wikigold": NameCorpus(QUANTITIES, ()),
    "redocred": NameCorpus((*QUANTITIES, "NORP"), ()),
    "wnut17": NameCorpus((*QUANTITIES, "NORP"), ("EVENT",)),
    "btc": NameCorpus((*QUANTITIES, "NORP"), ("EVENT", "PRODUCT", "WORK_OF_ART")),
    "demo": NameCorpus(("TIME", "PERCENT"), ()),
}
# Passages of GAP in a document: about as many tokens as in a part of other corpora.
N_PASSAGES = 10
Change = Callable[[Doc, Silver], None]


class Corpora:
    """Reads and writes; what the teacher says of a file is asked once."""

    def __init__(self, raw: Path, output: Path, teacher: Teacher) -> None:
        self.raw, self.output, self.teacher = raw, output, teacher
        self.nlp = spacy.blank("en")
        self.sentencizer = self.nlp.create_pipe("sentencizer")
        self._silver: dict[str, list[Silver]] = {}

    def docs(self, name: str) -> list[Doc]:
        """Docs of a converted corpus, with sentences."""
        docs = list(read_docs(self.raw / f"{name}.spacy", self.nlp))
        for doc in docs:
            if not doc.has_annotation("SENT_START"):
                self.sentencizer(doc)
        return docs

    def silver(self, name: str) -> list[Silver]:
        """What the teacher says of each of them."""
        if name not in self._silver:
            self._silver[name] = list(self.teacher.read(self.docs(name)))
        return self._silver[name]

    def changed(self, name: str, change: Change) -> list[Doc]:
        """The Docs of a corpus, changed."""
        docs = self.docs(name)
        for doc, silver in zip(docs, self.silver(name)):
            change(doc, silver)
        return docs

    def write(self, path: str, docs: Iterable[Doc], *, without: Iterable[str] = ()) -> None:
        """Write a file and say how much it holds."""
        docs = list(docs)
        target = self.output / f"{path}.spacy"
        target.parent.mkdir(parents=True, exist_ok=True)
        with DocBinWriter(target) as writer:
            for doc in docs:
                for group in without:
                    doc.spans.pop(group, None)
                writer.add(doc)
        print(f"{path}: {len(docs):,} documents, {sum(map(len, docs)):,} tokens")


def held_out(docs: list[Doc], share: float) -> tuple[list[Doc], list[Doc]]:
    """Docs to learn from, and the last share of them, which none of the others is a neighbour of."""
    cut = len(docs) - int(len(docs) * share)
    return docs[:cut], docs[cut:]


def names(corpora: Corpora) -> None:
    """Names of six corpora; a share of two of them is kept for development."""
    for name in ("redocred", "wikigold", "gum-train", "demo-train", "wnut17-train", "btc"):
        corpora.silver(name)  # before the first is settled: what kind a place is, is counted in all of them
    dev: list[Doc] = []
    for name, corpus in NAMES.items():
        own = {"wnut17": "wnut17-train", "demo": "demo-train"}.get(name, name)
        docs = corpora.changed(own, lambda doc, silver, c=corpus: complete(doc, silver, corpora.teacher, c))
        if name in ("wikigold", "redocred"):
            docs, rest = held_out(docs, 0.1)
            dev += rest
        corpora.write(f"names/{name}", docs, without=("mentions", "coref", "relations"))
    corpora.write("names/gum", corpora.changed("gum-train", agreed), without=("mentions", "coref"))
    for own, corpus in (("wnut17-dev", NAMES["wnut17"]), ("demo-dev", NAMES["demo"])):
        docs = corpora.changed(own, lambda doc, silver, c=corpus: complete(doc, silver, corpora.teacher, c))
        dev += docs[: 400 if own == "wnut17-dev" else None]
    corpora.write("dev/names", dev, without=("mentions", "coref", "relations"))


def mentions(corpora: Corpora) -> None:
    """Mentions and clusters of GUM, LitBank and the embedded corpus, and GAP's pronouns."""
    roots = Roots()
    typed = {part: corpora.docs(f"litbank-{part}") for part in ("train", "dev")}
    for doc in [*typed["train"], *corpora.docs("demo-train")]:
        roots.learn(doc)
    for part in ("train", "dev"):
        for doc in typed[part]:
            with_pronouns(doc)
        own = corpora.changed(f"gum-{part}", lambda doc, silver: gum(doc, silver, corpora.teacher, roots))
        groups = {"litbank": typed[part], "gum": own, "demo": corpora.docs(f"demo-{part}")}
        if part == "train":
            for name, docs in groups.items():
                corpora.write(f"clusters/{name}", docs, without=("relations",))
                # GUM's chains are of any type, and its texts as most texts are: twice.
                for again in (name, "gum-2") if name == "gum" else (name,):
                    corpora.write(f"clusters-again/{again}", docs)
                corpora.write(f"mentions/{name}", docs, without=("coref", "relations"))
        else:
            # LitBank's documents are long, and of one kind.
            groups["litbank"] = groups["litbank"][:3]
            corpora.write("dev/mentions", [d for docs in groups.values() for d in docs], without=("relations",))
    for folder in ("clusters", "clusters-again"):
        corpora.write(f"{folder}/gap", joined(corpora.docs("gap-train"), corpora.nlp.vocab))


def joined(docs: Iterable[Doc], vocab: Vocab) -> Iterator[Doc]:
    """GAP's passages, several in a document, without those whose pronoun means neither name.

    So the names of one passage are what the pronouns of the next do not mean, and a document is as long as others.
    """
    meant = [from_doc(doc) for doc in docs if any(len(cluster) > 1 for cluster in get_clusters(doc) or [])]
    for first in range(0, len(meant), N_PASSAGES):
        whole = AnnotatedDocument(f"gap-{first}", [], [], [], Layers(clusters=[]), {"partial": ["coref"]})
        for passage in meant[first : first + N_PASSAGES]:
            layers = passage.layers.shifted(len(whole.words))
            whole.sent_starts = [*(whole.sent_starts or []), *(i + len(whole.words) for i in passage.sent_starts or [])]
            whole.layers.clusters = [*(whole.layers.clusters or []), *(layers.clusters or [])]
            whole.words += passage.words
            whole.spaces += [*passage.spaces[:-1], True]
        yield to_doc(whole, vocab)


def relations(corpora: Corpora) -> None:
    """Relations of the embedded corpus and of KnowledgeNet, of whose documents a fifth is kept apart."""
    docs = corpora.changed("knowledgenet", knowledgenet)
    parts: dict[str, list[Doc]] = {"train": [], "dev": [], "test": []}
    for doc in docs:
        remainder = int(str(get_meta(doc)["name"]).split("-")[0]) % 10
        parts["dev" if remainder == 3 else "test" if remainder == 7 else "train"].append(doc)
    corpora.write("relations/knowledgenet", parts["train"])
    for doc in parts["train"]:
        take_as_complete(doc)
    corpora.write("relations-again/knowledgenet", parts["train"])
    corpora.write("knowledgenet-test", parts["test"])
    own = {}
    for part in ("train", "dev"):
        own[part] = corpora.docs(f"demo-{part}")
        for doc in own[part]:
            embedded(doc)
    for folder in ("relations", "relations-again"):
        corpora.write(f"{folder}/demo", own["train"], without=("coref",))
    corpora.write("dev/relations", [*parts["dev"], *own["dev"]], without=("coref",))


def main() -> None:
    """Read the arguments, and make all files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("raw", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--teacher", type=Path, required=True)
    arguments = parser.parse_args()
    corpora = Corpora(arguments.raw, arguments.output, Teacher(arguments.teacher))
    names(corpora)
    mentions(corpora)
    relations(corpora)


if __name__ == "__main__":
    main()
