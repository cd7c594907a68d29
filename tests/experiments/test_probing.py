"""Probing: sets with right answers, balanced and split by document; classifiers find what is in a vector, no more."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy
import pytest
from spacy.language import Language
from tiny import tiny_nlp
from typer.testing import CliRunner

from spacy_hmtl.cli.app import app
from spacy_hmtl.experiments.probing import classify
from spacy_hmtl.experiments.probing.files import read_set, write_set
from spacy_hmtl.experiments.probing.kinds import KINDS, Item, make_set, split_documents
from spacy_hmtl.experiments.probing.states import forget, sentence_vectors
from spacy_hmtl.experiments.probing.trees import Tree, read_trees

SENTENCE = """# newdoc id = one
# text = He sees dogs and she ran.
1	He	he	PRON	PRP	Number=Sing	2	nsubj	_	_
2	sees	see	VERB	VBZ	Tense=Pres	0	root	_	_
3	dogs	dog	NOUN	NNS	Number=Plur	2	obj	_	_
4	and	and	CCONJ	CC	_	6	cc	_	_
5	she	she	PRON	PRP	Number=Sing	6	nsubj	_	_
6	ran	run	VERB	VBD	Tense=Past	2	conj	_	_
6.1	x	x	X	X	_	_	_	_	_
7	.	.	PUNCT	.	_	2	punct	_	_

"""


def tree(tmp_path: Path) -> Tree:
    path = tmp_path / "x.conllu"
    path.write_text(SENTENCE, encoding="utf-8")
    (found,) = read_trees(path)
    return found


def ask(kind: str, own: Tree, seed: int = 0) -> Any:
    return KINDS[kind]([own], random.Random(seed))[0]


def test_answers_are_those_of_the_tree(tmp_path: Path) -> None:
    own = tree(tmp_path)
    assert (own.document, own.root, own.depth()) == ("one", 1, 2)
    assert own.words == ("He", "sees", "dogs", "and", "she", "ran", ".")
    answers = {kind: ask(kind, own) for kind in ("past_present", "obj_number", "tree_depth", "top_constituents")}
    assert {kind: label for kind, (label, _) in answers.items()} == {
        "past_present": "PRES",
        "obj_number": "NNS",
        "tree_depth": "2",
        "top_constituents": "nsubj_obj_conj",
    }
    assert ask("subj_number", own) is None  # a pronoun


def test_what_is_changed_is_what_the_answer_says(tmp_path: Path) -> None:
    own = tree(tmp_path)
    seen = set()
    for seed in range(30):
        label, words = ask("coordination_inversion", own, seed)
        assert words == (own.words if label == "O" else ("she", "ran", "and", "He", "sees", "dogs", "."))
        shifted, swapped = ask("bigram_shift", own, seed)
        assert Counter(swapped) == Counter(own.words)
        assert (swapped == own.words) == (shifted == "O")
        seen |= {label, f"shift {shifted}"}
    assert seen == {"I", "O", "shift I", "shift O"}


def trees(n: int = 400) -> list[Tree]:
    """Sentences of 20 documents, of which the past ones have another word and another length."""
    rng, made = random.Random(0), []
    for i in range(n):
        past = rng.random() < 0.3
        words = ("They", "went" if past else "go", *(f"w{rng.randrange(50)}" for _ in range(rng.randrange(3, 9))))
        features = ({}, {"Tense": "Past" if past else "Pres"}, *({} for _ in words[2:]))
        heads, relations = (1, -1, *(1 for _ in words[2:])), ("nsubj", "root", *("obl" for _ in words[2:]))
        kinds, tags = ("PRON", "VERB", *("NOUN" for _ in words[2:])), ("PRP", "VB", *("NN" for _ in words[2:]))
        made.append(Tree(f"d{i % 20}", words, words, kinds, tags, features, heads, relations))
    return made


@pytest.mark.parametrize("kind", ["sentence_length", "past_present", "odd_man_out", "bigram_shift"])
def test_sets_are_balanced_and_split_by_document(kind: str) -> None:
    own = trees()
    items = make_set(kind, own)
    assert items == make_set(kind, own)
    assert items != make_set(kind, own, seed=1)
    for part in ("tr", "va", "te"):
        counts = Counter(item.label for item in items if item.part == part)
        assert len(set(counts.values())) == 1, counts
    assert len({item.words for item in items}) == len(items)
    parts = split_documents(own, 0)
    assert Counter(parts.values()) == {"tr": 12, "va": 4, "te": 4}
    if kind in ("sentence_length", "past_present"):
        of_words: dict[tuple[str, ...], set[str]] = {}
        for one in own:
            of_words.setdefault(one.words, set()).add(parts[one.document])
        assert all(item.part in of_words[item.words] for item in items)


def test_files_are_read_as_they_were_written(tmp_path: Path) -> None:
    items = make_set("past_present", trees())
    write_set(tmp_path / "x.txt", items)
    assert read_set(tmp_path / "x.txt") == items
    assert read_set(tmp_path / "x.txt")[0].label in (tmp_path / "x.txt").read_text(encoding="utf-8").split("\n")[0]
    (tmp_path / "y.txt").write_text("tr\tA\ta b\nxx\tA\ta b\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"\[H669\] .*y.txt:2"):
        read_set(tmp_path / "y.txt")
    (tmp_path / "z.conllu").write_text("1\tword\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"\[H668\] .*z.conllu:1: .*found 2"):
        list(read_trees(tmp_path / "z.conllu"))


@pytest.mark.parametrize("classifier", ["linear", "mlp"])
def test_classifiers_find_what_is_there_and_only_that(classifier: str) -> None:
    pytest.importorskip("sklearn")
    rng = numpy.random.default_rng(0)
    labels = {part: [str(x) for x in rng.integers(0, 2, n)] for part, n in (("tr", 300), ("va", 60), ("te", 200))}
    noise = {part: rng.normal(size=(len(own), 8)).astype("float32") for part, own in labels.items()}
    told = {part: value.copy() for part, value in noise.items()}
    for part, own in labels.items():
        told[part][:, 0] = [2.0 * (label == "1") for label in own]
    assert classify.accuracy(told, labels, classifier, seed=0) > 0.95
    assert classify.accuracy(noise, labels, classifier, seed=0) < 0.65
    assert classify.majority({"tr": ["a", "a", "b"], "te": ["a", "b", "b", "b"]}) == 0.25
    narrow = classify.projected(told, 4, seed=0)
    assert [value.shape for value in narrow.values()] == [(300, 4), (60, 4), (200, 4)]


def test_a_sentence_is_the_mean_of_its_tokens_and_forgetting_changes_levels_alone(demo_examples: Any) -> None:
    nlp: Language = tiny_nlp(demo_examples)
    pipe: Any = nlp.get_pipe("hmtl")
    items = [Item("tr", "x", ("Dell", "said", "so")), Item("tr", "y", ("Austin",))]
    before = sentence_vectors(nlp, pipe, items)
    assert set(before) == {"embeddings", "ner", "emd", "relation", "coref"}
    alone = sentence_vectors(nlp, pipe, items[:1])
    assert all(numpy.allclose(alone[level][0], before[level][0], atol=1e-5) for level in before)
    forget(pipe, 7)
    after = sentence_vectors(nlp, pipe, items)
    assert numpy.array_equal(after["embeddings"], before["embeddings"])
    assert not numpy.allclose(after["ner"], before["ner"])
    forget(pipe, 7)
    assert all(numpy.array_equal(value, after[level]) for level, value in sentence_vectors(nlp, pipe, items).items())


def test_the_commands_make_sets_and_tables(demo_examples: Any, tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    tiny_nlp(demo_examples, levels=[["ner"]]).to_disk(tmp_path / "model")
    write_set(tmp_path / "sets" / "past_present.txt", make_set("past_present", trees(200)))
    arguments = [str(tmp_path / "model"), str(tmp_path / "sets"), "--output", str(tmp_path / "p.json")]
    result = CliRunner().invoke(app, ["probe", *arguments])
    assert result.exit_code == 0, result.output
    rows = [line for line in result.output.splitlines() if line.startswith("| ")]
    names = [row.split(" | ")[0][2:] for row in rows]
    assert names[2:] == ["majority", "embeddings", "ner", "embeddings, projected", "untrained ner"]
    # "went" is told from "go" by hash embeddings alone.
    assert float(rows[3].split(" | ")[1].strip(" |")) > 90
    (tmp_path / "x.conllu").write_text(SENTENCE * 3, encoding="utf-8")
    result = CliRunner().invoke(app, ["probe-data", str(tmp_path / "x.conllu"), str(tmp_path / "made")])
    assert (result.exit_code, "nothing written" in result.output) == (0, True)
    assert CliRunner().invoke(app, ["probe", str(tmp_path / "model"), str(tmp_path / "made")]).exit_code == 1


def test_probing_without_sklearn_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sklearn.linear_model", None)
    with pytest.raises(ValueError, match=r"\[H670\]"):
        classify.accuracy({}, {}, "linear", seed=0)
