"""Missing is not negative: tokens of which nobody has said anything, and labels that nobody has looked for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import spacy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.scorer import get_ner_prf
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example
from spacy.vocab import Vocab
from thinc.api import Adam
from tiny import tiny_nlp

from spacy_hmtl.annotations.entities import get_missing
from spacy_hmtl.annotations.groups import set_mentions, set_meta, set_relations
from spacy_hmtl.bridge.reading import read_batch
from spacy_hmtl.bridge.targets import TargetBuilder
from spacy_hmtl.nn.encoder import BiLSTMConfig
from spacy_hmtl.nn.heads.tagger import TaggerConfig
from spacy_hmtl.nn.hierarchy import LabelSets
from spacy_hmtl.scoring.scorer import hmtl_score
from spacy_hmtl.training.corpus import make_multi_task_corpus
from spacy_hmtl.types import LabeledSpan, Triple

VOCAB = Vocab()
WORDS = "Ann Lee left Acme in Oslo .".split()
LABELS = ["ORG", "PER"]


def gold(names: list[tuple[int, int, str]], missing: Iterable[tuple[int, int]] = (), words: list[str] = WORDS) -> Doc:
    doc = Doc(VOCAB, words=words)
    ents = [Span(doc, start, end, label) for start, end, label in names]
    doc.set_ents(ents, missing=[doc[start:end] for start, end in missing], default="outside")
    return doc


def possible(
    reference: Doc, words: list[str] | None = None, spaces: list[bool] | None = None, task: str = "ner"
) -> Any:
    """Labels that each token may have though it is not annotated so, as rows of 0 and 1; None if none."""
    words = [token.text for token in reference] if words is None else words
    example = Example(Doc(VOCAB, words=words, spaces=spaces), reference)
    config = TaggerConfig(BiLSTMConfig(2, 1, 0.0, 0.0, 0.0), 1)
    builder = TargetBuilder(LabelSets({"ner": LABELS, "emd": LABELS}), "innermost", {"ner": config, "emd": config})
    found = builder.build([example], task, read_batch([example.predicted], 100)).possible
    return None if found is None else found.int().tolist()


def test_where_all_is_known_nothing_is_left_open() -> None:
    assert possible(gold([(0, 2, "PER")])) is None


def test_a_missing_token_may_have_any_label() -> None:
    assert possible(gold([(0, 2, "PER")], [(3, 4), (5, 7)])) == [[0, 0]] * 3 + [[1, 1], [0, 0], [1, 1], [1, 1]]


def test_missing_tokens_are_found_among_other_tokens_and_white_space() -> None:
    reference = gold([(0, 2, "PER")], [(3, 4)])
    words, spaces = ["Ann", "Lee", "left", "Ac", "me", "in", "Oslo."], [True, True, True, False, True, True, False]
    assert possible(reference, words, spaces) == [[0, 0]] * 3 + [[1, 1], [1, 1], [0, 0], [0, 0]]
    words = ["Ann", "\n", "Lee", "left", "\n", "Acme", "in", "Oslo", "."]
    assert possible(reference, words) == [[0, 0]] * 3 + [[1, 1]] + [[0, 0]] * 3


def test_misaligned_offsets_leave_their_tokens_open() -> None:
    nlp = spacy.blank("en")
    doc = nlp.make_doc("Ann Lee left Acme in Oslo.")
    with pytest.warns(UserWarning, match="W030"):
        example = Example.from_dict(doc, {"entities": [(0, 7, "PER"), (13, 15, "ORG")]})
    assert get_missing(example.reference) == [3]


def test_a_gold_name_that_cannot_stand_leaves_its_label_open() -> None:
    # "Lee left" is one token of the text.
    reference = gold([(0, 2, "PER")])
    assert possible(reference, ["Ann", "Lee left", "Acme", "in", "Oslo", "."]) == [[0, 1], [0, 1]] + [[0, 0]] * 4


@pytest.mark.parametrize("task", ["ner", "emd"])
def test_labels_that_nobody_looked_for_are_open(task: str) -> None:
    reference = gold([(0, 2, "PER")])
    set_mentions(reference, [LabeledSpan(0, 2, "PER")])
    set_meta(reference, {"annotated_labels": {task: ["PER"]}})
    assert possible(reference, task=task) == [[1, 0]] * 7
    assert possible(reference, task="emd" if task == "ner" else "ner") is None


def test_missing_tokens_teach_neither_way() -> None:
    # The same text twice: once whole, once with a name of which nobody has said anything, or which is said to be none.
    whole = gold([(0, 2, "PER"), (3, 4, "ORG")])
    second = {"missing": gold([(0, 2, "PER")], [(3, 4)]), "denied": gold([(0, 2, "PER")])}
    scores = {}
    for kind, other in second.items():
        examples = [Example(Doc(VOCAB, words=WORDS), doc) for doc in (whole, other, other)]
        nlp = tiny_nlp(examples, [["ner"]])
        optimizer = Adam(0.02)
        for _ in range(40):
            losses = nlp.update(examples, sgd=optimizer, losses={})
        doc = nlp(Doc(nlp.vocab, words=WORDS))
        scores[kind] = [(ent.start, ent.end, ent.label_) for ent in doc.ents], losses["hmtl_ner"]
    assert scores["missing"][0] == [(0, 2, "PER"), (3, 4, "ORG")]
    assert scores["denied"][0] == [(0, 2, "PER")]
    assert scores["missing"][1] < 0.1 < scores["denied"][1]


def test_the_loss_of_a_doc_without_gaps_does_not_depend_on_the_way_it_is_computed() -> None:
    examples = [Example(Doc(VOCAB, words=WORDS), gold([(0, 2, "PER"), (3, 4, "ORG")]))]
    with_gap = [*examples, Example(Doc(VOCAB, words=WORDS), gold([(0, 2, "PER")], [(3, 4)]))]
    nlp = tiny_nlp(examples, [["ner"]])
    still: Any = False  # computes the loss and changes nothing
    alone, both = (nlp.update(batch, sgd=still)["hmtl_ner"] for batch in (examples, with_gap))
    gap = nlp.update(with_gap[1:], sgd=still)["hmtl_ner"]
    assert both * 2 == pytest.approx(alone + gap, rel=1e-5)
    assert gap < alone


# --- scores ---

spans = st.tuples(st.integers(0, 6), st.integers(1, 3), st.sampled_from(LABELS)).map(
    lambda s: (s[0], min(7, s[0] + s[1]), s[2])
)


def flat(found: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    kept: list[tuple[int, int, str]] = []
    for span in sorted(found):
        if not kept or kept[-1][1] <= span[0]:
            kept.append(span)
    return kept


@settings(deadline=None, max_examples=200)
@given(st.lists(spans, max_size=4).map(flat), st.lists(spans, max_size=4).map(flat), st.sets(st.integers(0, 6)))
def test_scores_of_names_with_missing_tokens_are_spacys(
    names: list[tuple[int, int, str]], found: list[tuple[int, int, str]], tokens: set[int]
) -> None:
    named = {token for start, end, _ in names for token in range(start, end)}
    reference = gold(names, [(token, token + 1) for token in sorted(tokens - named)])
    example = Example(gold(found), reference)
    ours, theirs = hmtl_score([example], levels=[["ner"]]), get_ner_prf([example])
    if ours["ents_f"] is None:
        assert theirs["ents_f"] is None
        return
    for key in ("ents_p", "ents_r", "ents_f"):
        assert ours[key] == pytest.approx(theirs[key] or 0.0)


def test_what_was_not_looked_for_counts_neither_way() -> None:
    def score(task: str, annotated: list[str] | None) -> dict[str, Any]:
        reference, predicted = gold([(0, 2, "PER")]), gold([(0, 2, "PER"), (3, 4, "ORG"), (5, 6, "PER")])
        ann, acme, oslo = LabeledSpan(0, 2, "PER"), LabeledSpan(3, 4, "ORG"), LabeledSpan(5, 6, "LOC")
        set_mentions(reference, [ann])
        set_mentions(predicted, [ann, acme, LabeledSpan(5, 6, "PER")])
        set_relations(reference, [Triple(ann, "PER", acme)])
        set_relations(predicted, [Triple(ann, "PER", acme), Triple(ann, "ORG", oslo), Triple(acme, "PER", oslo)])
        if annotated is not None:
            set_meta(reference, {"annotated_labels": {task: annotated}})
        return hmtl_score([Example(predicted, reference)], levels=[[task]])

    for task, key in (("ner", "ents_p"), ("emd", "mentions_p"), ("relation", "relations_p")):
        assert score(task, None)[key] == pytest.approx(1 / 3)
        assert score(task, ["PER"])[key] == pytest.approx(1 / 2)
        # What gold has counts, whatever is said to be annotated.
        assert score(task, [])[key] == 1.0


# --- on the way ---


@pytest.mark.parametrize("max_length", [0, 4])
def test_missing_tokens_survive_files_and_splitting(max_length: int, tmp_path: Path) -> None:
    words = [*WORDS, *WORDS]
    doc = gold([(0, 2, "PER"), (7, 9, "PER")], [(3, 4), (10, 11)], words)
    for token in doc:
        token.is_sent_start = token.i in (0, 7)
    DocBin(docs=[doc]).to_disk(tmp_path / "gold.spacy")
    reader = make_multi_task_corpus(ner={"path": str(tmp_path / "gold.spacy"), "max_length": max_length})
    references = [example.reference for example in reader(spacy.blank("en"))]
    assert [get_missing(part) for part in references] == ([[3, 10]] if max_length == 0 else [[3], [3]])


def test_a_batch_of_one_corpus_costs_what_it_did(monkeypatch: pytest.MonkeyPatch) -> None:
    # The second partition function is only for batches that have something open.
    calls = []
    partition = torch.Tensor.logsumexp
    monkeypatch.setattr(torch.Tensor, "logsumexp", lambda *args, **kw: (calls.append(1), partition(*args, **kw))[1])
    whole = [Example(Doc(VOCAB, words=WORDS), gold([(0, 2, "PER"), (3, 4, "ORG")]))]
    nlp = tiny_nlp(whole, [["ner"]])
    nlp.update(whole)
    n_whole = len(calls)
    nlp.update([Example(Doc(VOCAB, words=WORDS), gold([(0, 2, "PER")], [(3, 4)]))])
    assert len(calls) - n_whole == 2 * n_whole
