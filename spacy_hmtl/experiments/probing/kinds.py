"""Ten questions that a sentence's vector may know the answer to, as SentEval asks them.

Source: Conneau et al. (2018), "What you can cram into a single $&!#* vector: Probing sentence embeddings for linguistic
properties". Theirs are made from parsed sentences of books; "top constituents" is the dependents of the root here.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from .trees import Tree

# Words that "word content" asks for, and sequences that "top dependents" names.
_N_WORDS, _N_SEQUENCES = 20, 8
_MOST_DEPTH, _LEAST_DEPTH = 8, 2


class Item(NamedTuple):
    """A sentence of a probing set.

    part: "tr", "va" or "te".
    label: the answer.
    words: tokens.
    """

    part: str
    label: str
    words: tuple[str, ...]


# From sentences to (answer, words) of each; None where the question does not fit.
Answers = list["tuple[str, tuple[str, ...]] | None"]


def length(trees: Sequence[Tree], rng: random.Random) -> Answers:
    """In which of six ranges the number of tokens lies, each with a sixth of the sentences."""
    sizes = sorted(len(tree.words) for tree in trees)
    bounds = [sizes[len(sizes) * k // 6] for k in range(1, 6)] if sizes else []
    return [(str(sum(len(tree.words) >= bound for bound in bounds)), tree.words) for tree in trees]


def word_content(trees: Sequence[Tree], rng: random.Random) -> Answers:
    """Which one of some words the sentence has."""
    counts = Counter(
        word for tree in trees for word in {w.lower() for w in tree.words} if word.isalpha() and len(word) > 3
    )
    # Not the most frequent ones, which say little.
    words = {word for word, _ in counts.most_common()[_N_WORDS : 2 * _N_WORDS]}
    found: Answers = []
    for tree in trees:
        own = {word.lower() for word in tree.words} & words
        found.append((own.pop(), tree.words) if len(own) == 1 else None)
    return found


def depth(trees: Sequence[Tree], rng: random.Random) -> Answers:
    """The depth of the tree."""
    depths = [min(tree.depth(), _MOST_DEPTH) for tree in trees]
    return [(str(n), tree.words) if n >= _LEAST_DEPTH else None for n, tree in zip(depths, trees)]


def top_dependents(trees: Sequence[Tree], rng: random.Random) -> Answers:
    """The relations of the root's dependents, in order, for the most frequent sequences."""

    def sequence(tree: Tree) -> str:
        return "_".join(tree.relations[i] for i in tree.children(tree.root) if tree.relations[i] != "punct")

    known = {name for name, _ in Counter(map(sequence, trees)).most_common(_N_SEQUENCES) if name}
    return [(name if name in known else "OTHER", tree.words) for tree in trees for name in [sequence(tree)]]


def bigram_shift(trees: Sequence[Tree], rng: random.Random) -> Answers:
    """Whether two neighbours were swapped."""
    found: Answers = []
    for tree in trees:
        words = list(tree.words)
        places = [i for i in range(len(words) - 1) if words[i].isalpha() and words[i + 1].isalpha()]
        places = [i for i in places if words[i] != words[i + 1]]
        if not places:
            found.append(None)
            continue
        if swapped := rng.random() < 0.5:
            i = rng.choice(places)
            words[i], words[i + 1] = words[i + 1], words[i]
        found.append(("I" if swapped else "O", tuple(words)))
    return found


def tense(trees: Sequence[Tree], rng: random.Random) -> Answers:
    """Whether the root is a verb of the past or of the present."""
    names = {"Past": "PAST", "Pres": "PRES"}
    return [_answer(names.get(tree.features[tree.root].get("Tense", "")), tree) for tree in trees]


def subject_number(trees: Sequence[Tree], rng: random.Random) -> Answers:
    """The number of the root's subject."""
    return [_answer(_number(tree, "nsubj"), tree) for tree in trees]


def object_number(trees: Sequence[Tree], rng: random.Random) -> Answers:
    """The number of the root's object."""
    return [_answer(_number(tree, "obj"), tree) for tree in trees]


def odd_man_out(trees: Sequence[Tree], rng: random.Random) -> Answers:
    """Whether a noun or a verb was put in place of another one of the same form."""
    pools: dict[str, list[str]] = {}
    for tree in trees:
        for word, kind, tag in zip(tree.words, tree.kinds, tree.tags):
            if kind in ("NOUN", "VERB"):
                pools.setdefault(tag, []).append(word)
    found: Answers = []
    for tree in trees:
        words, places = list(tree.words), [i for i, kind in enumerate(tree.kinds) if kind in ("NOUN", "VERB")]
        if not places:
            found.append(None)
            continue
        if odd := rng.random() < 0.5:
            i = rng.choice(places)
            others = [word for word in rng.choices(pools[tree.tags[i]], k=20) if word.lower() != words[i].lower()]
            if not others:
                found.append(None)
                continue
            words[i] = others[0]
        found.append(("O" if odd else "C", tuple(words)))
    return found


def coordination_inversion(trees: Sequence[Tree], rng: random.Random) -> Answers:
    """Whether the two halves of a coordination of clauses were swapped."""
    found: Answers = []
    for tree in trees:
        cut = _second_clause(tree)
        if cut is None:
            found.append(None)
            continue
        first, conjunction, second, rest = cut
        if inverted := rng.random() < 0.5:
            first, second = second, first
        words = [tree.words[i] for i in [*first, *conjunction, *second, *rest]]
        found.append(("I" if inverted else "O", tuple(words)))
    return found


def _second_clause(tree: Tree) -> tuple[list[int], list[int], list[int], list[int]] | None:
    """The first clause, the conjunction, the second clause, and what is left at the end."""
    for child in tree.children(tree.root):
        conjunctions = [i for i in tree.children(child) if tree.relations[i] == "cc"]
        if tree.relations[child] != "conj" or tree.kinds[child] != "VERB" or not conjunctions:
            continue
        part = [i for i in tree.part(child) if i > conjunctions[0] and tree.kinds[i] != "PUNCT"]
        start = min(tree.part(child))
        end = max(part, default=0) + 1
        if not part or part != list(range(conjunctions[0] + 1, end)) or start < 2:
            continue
        return list(range(start)), list(range(start, conjunctions[0] + 1)), part, list(range(end, len(tree.words)))
    return None


def _number(tree: Tree, relation: str) -> str | None:
    names = {"Sing": "NN", "Plur": "NNS"}
    own = [i for i in tree.children(tree.root) if tree.relations[i] == relation and tree.kinds[i] == "NOUN"]
    return names.get(tree.features[own[0]].get("Number", "")) if len(own) == 1 else None


def _answer(label: str | None, tree: Tree) -> tuple[str, tuple[str, ...]] | None:
    return None if label is None else (label, tree.words)


# By the names of SentEval's files.
KINDS: dict[str, Callable[[Sequence[Tree], random.Random], Answers]] = {
    "sentence_length": length,
    "word_content": word_content,
    "tree_depth": depth,
    "top_constituents": top_dependents,
    "bigram_shift": bigram_shift,
    "past_present": tense,
    "subj_number": subject_number,
    "obj_number": object_number,
    "odd_man_out": odd_man_out,
    "coordination_inversion": coordination_inversion,
}


def make_set(kind: str, trees: Sequence[Tree], *, seed: int = 0) -> list[Item]:
    """A probing set: three parts by document, each with as many sentences of every answer.

    kind (str): One of `KINDS`.
    trees (Sequence): Sentences.
    seed (int): Of the split, of what is changed in sentences, and of which ones are taken.
    RETURNS (list): In a drawn order; no sentence twice. Answers that a part lacks are in no part.
    """
    rng = random.Random(f"{seed} {kind}")
    parts = split_documents(trees, seed)
    found: dict[str, dict[str, list[tuple[str, ...]]]] = {"tr": {}, "va": {}, "te": {}}
    seen: set[tuple[str, ...]] = set()
    for tree, answer in zip(trees, KINDS[kind](trees, rng)):
        if answer is not None and answer[1] not in seen:
            seen.add(answer[1])
            found[parts[tree.document]].setdefault(answer[0], []).append(answer[1])
    labels = sorted(set.intersection(*(set(own) for own in found.values())))
    items = []
    for part, own in found.items():
        least = min((len(own[label]) for label in labels), default=0)
        items += [Item(part, label, words) for label in labels for words in rng.sample(own[label], least)]
    rng.shuffle(items)
    return items if len(labels) > 1 else []


def split_documents(trees: Sequence[Tree], seed: int) -> dict[str, str]:
    """The part of each document: of five, three are for training ("tr"), one each for tuning and testing.

    trees (Sequence): Sentences.
    seed (int): Of the order of documents.
    RETURNS (dict): "tr", "va" or "te" by document.
    """
    names = sorted({tree.document for tree in trees})
    random.Random(seed).shuffle(names)
    return {name: ("tr", "tr", "tr", "va", "te")[i % 5] for i, name in enumerate(names)}
