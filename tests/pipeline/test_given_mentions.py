"""Mentions of other components as candidates of coreference; gold mentions in training and evaluation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import spacy
from pipeline.given import Writer, coref_config, make, with_mentions, with_names
from spacy.cli.evaluate import evaluate as spacy_evaluate
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from tiny import for_task, make_examples, train

from spacy_hmtl.annotations import get_clusters, get_mentions
from spacy_hmtl.annotations.groups import set_mentions


@pytest.fixture(scope="module")
def coref_nlp(_demo_docs: list[Doc]) -> Language:
    """Coreference alone, over mentions that somebody else has found."""
    examples = make_examples([doc.copy() for doc in _demo_docs])
    return make(examples, coref_config([["coref"]]), 30)


def test_nothing_to_cluster_is_said_once(coref_nlp: Language, tmp_path: Path) -> None:
    coref_nlp.to_disk(tmp_path / "model")
    nlp = spacy.load(tmp_path / "model")
    with pytest.warns(UserWarning, match=r"\[W172\].*these Docs have none.*add emd to levels"):
        assert nlp("Ann said she left.")._.coref_clusters == []
    assert nlp("Ann said she left.")._.coref_clusters == []


@pytest.mark.filterwarnings("ignore:.*W172")
def test_clusters_are_made_of_the_mentions_that_are_there(coref_nlp: Language, demo_examples: list[Example]) -> None:
    writers: dict[str, tuple[Writer | None, Callable[[Doc], Any]]] = {
        "nothing": (None, lambda doc: []),
        "names": (with_names, lambda doc: doc.ents),
        "mentions": (with_mentions, lambda doc: doc.spans["mentions"]),
    }
    n_found = dict.fromkeys(writers, 0)
    docs = []
    for eg in demo_examples:
        for kind, (writer, candidates) in writers.items():
            doc = eg.predicted.copy()
            if writer is not None:
                writer(doc, eg.reference)
            doc = coref_nlp(doc)
            known = {(span.start, span.end) for span in candidates(doc)}
            found = [(m.start, m.end) for cluster in doc._.coref_clusters for m in cluster]
            assert set(found) <= known
            n_found[kind] += len(found)
            docs.append(doc)
    assert n_found["mentions"] > n_found["names"] > n_found["nothing"] == 0
    # In a batch as alone.
    fresh = []
    for doc in docs:
        copy = doc.copy()
        del copy.spans["coref"]
        fresh.append(copy)
    for doc, again in zip(docs, coref_nlp.pipe(fresh, batch_size=7)):
        assert [[m[:2] for m in c] for c in get_clusters(doc) or []] == [
            [m[:2] for m in c] for c in get_clusters(again) or []
        ]


@pytest.mark.parametrize("train_candidates", ["gold", "predicted"])
def test_mentions_of_others_teach_where_they_are_asked_for(train_candidates: str, demo_examples: list[Example]) -> None:
    config = coref_config([["coref"]])
    config["model"]["heads"]["coref"]["train_candidates"] = train_candidates
    nlp = make(demo_examples, config, 0)
    losses = []
    for writer in (None, with_mentions, with_names):
        examples = for_task(demo_examples, "coref")
        for eg in examples:
            if writer is not None:
                writer(eg.predicted, eg.reference)
        losses.append(nlp.update(examples, sgd=False)["hmtl_coref"])  # type: ignore[arg-type]
    bare, mentions, names = losses
    # Bare Docs teach by the gold mentions in either case.
    assert bare > 0
    if train_candidates == "gold":
        assert bare == mentions == names
    else:
        assert names != bare
        assert names > 0


@pytest.mark.filterwarnings("ignore:.*W172")
def test_gold_mentions_are_clustered_in_evaluation_without_groups_on_predicted_docs(
    coref_nlp: Language, demo_examples: list[Example]
) -> None:
    examples = [Example(eg.predicted.copy(), eg.reference) for eg in demo_examples]
    pipe: Any = coref_nlp.get_pipe("hmtl")
    without = coref_nlp.evaluate(examples)
    assert without["coref_mentions_f"] == 0.0
    for key in ("coref", "mentions"):
        pipe.cfg["gold_mentions_key"] = key
        try:
            found = coref_nlp.evaluate(examples)
            given = []
            for eg in demo_examples:
                doc = eg.predicted.copy()
                set_mentions(doc, get_mentions(eg.reference, key) or [], "given")
                given.append(Example(doc, eg.reference))
            pipe.cfg["gold_mentions_key"] = "given"
            by_hand = coref_nlp.evaluate(given)
        finally:
            pipe.cfg["gold_mentions_key"] = None
        assert found["coref_f"] == by_hand["coref_f"] > 0.5
        if key == "coref":
            assert found["coref_mentions_f"] == 1.0
    assert all("coref" not in eg.predicted.spans for eg in examples)


def test_spacy_evaluate_clusters_gold_mentions(trained_nlp: Language, demo_path: Path, tmp_path: Path) -> None:
    trained_nlp.to_disk(tmp_path / "model")
    nlp = spacy.load(tmp_path / "model", config={"components.hmtl.gold_mentions_key": "coref"})
    nlp.to_disk(tmp_path / "gold")
    free, given = (
        spacy_evaluate(str(tmp_path / name), demo_path, silent=True, gold_preproc=False) for name in ("model", "gold")
    )
    assert free["coref_mentions_f"] < given["coref_mentions_f"] == 1.0
    # Nothing else changes: what mentions and names are found is not told.
    for key in ("ents_f", "mentions_f"):
        assert free[key] == given[key]


def test_gold_mentions_of_other_tokens_are_aligned(coref_nlp: Language, demo_examples: list[Example]) -> None:
    pipe: Any = coref_nlp.get_pipe("hmtl")
    pipe.cfg["gold_mentions_key"] = "coref"
    try:
        wrapped = [
            Example(coref_nlp.make_doc("\n".join(eg.reference.text.split(" "))), eg.reference) for eg in demo_examples
        ]
        scores = coref_nlp.evaluate(wrapped)
    finally:
        pipe.cfg["gold_mentions_key"] = None
    assert scores["coref_mentions_p"] == 1.0
    assert scores["coref_mentions_r"] > 0.95


def test_a_transformer_whose_output_is_gone_cannot_be_asked_again(
    coref_nlp: Language, demo_examples: list[Example], monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe: Any = coref_nlp.get_pipe("hmtl")
    monkeypatch.setattr(type(pipe), "_listens_to_transformer", True)
    if not Doc.has_extension("trf_data"):
        Doc.set_extension("trf_data", default=None)
    pipe.cfg["gold_mentions_key"] = "coref"
    try:
        with pytest.raises(ValueError, match=r"H345.*keep_trf_data = true"):
            pipe.score([Example(eg.predicted.copy(), eg.reference) for eg in demo_examples])
    finally:
        pipe.cfg["gold_mentions_key"] = None


def test_training_on_gold_mentions_needs_no_level_of_mentions(demo_examples: list[Example], tmp_path: Path) -> None:
    # The paper's setup E-GM: coreference alone, on gold mentions in training and in evaluation.
    nlp = make(demo_examples, coref_config([["coref"]], gold_mentions_key="coref"), 0)
    losses = train(nlp, for_task(demo_examples, "coref"), 25)
    assert losses[-1]["hmtl_coref"] < 0.5 * losses[0]["hmtl_coref"]
    scores = nlp.evaluate(demo_examples)
    assert scores["coref_mentions_f"] == 1.0
    assert scores["coref_f"] > 0.6
    nlp.to_disk(tmp_path / "model")
    DocBin(docs=[eg.reference for eg in demo_examples]).to_disk(tmp_path / "gold.spacy")
    loaded = spacy.load(tmp_path / "model")
    assert loaded.evaluate(demo_examples)["coref_f"] == scores["coref_f"]
