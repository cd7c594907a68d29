"""Names and mentions of other components as arguments and candidates; gold mentions in training and evaluation."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.cli.evaluate import evaluate as spacy_evaluate
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example
from spacy.util import filter_spans
from tiny import assert_alike, for_task, tiny_config, train

from spacy_hmtl.annotations import get_clusters, get_mentions
from spacy_hmtl.annotations.groups import get_entities, set_entities, set_mentions
from spacy_hmtl.types import LabeledSpan

Writer = Callable[[Doc, Doc], None]


def coref_config(levels: list[list[str]], **settings: Any) -> dict[str, Any]:
    config = tiny_config(levels, **settings)
    config["model"]["heads"]["coref"] |= {"candidates": "mentions", "train_candidates": "gold"}
    return config


def make(examples: list[Example], config: dict[str, Any], n_updates: int) -> Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("hmtl", config=config)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*cannot hold all nested spans")
        nlp.initialize(lambda: examples)
    train(nlp, examples, n_updates)
    return nlp


def with_names(doc: Doc, gold: Doc) -> None:
    """What another component would have written: the gold names."""
    set_entities(doc, get_entities(gold) or [])


def with_mentions(doc: Doc, gold: Doc) -> None:
    set_mentions(doc, get_mentions(gold) or [])


@pytest.fixture(scope="module")
def relation_nlp(_demo_docs: list[Doc]) -> Language:
    """Relations alone: no level of its own finds what they join."""
    examples = [Example(Doc(d.vocab, words=[t.text for t in d], sent_starts=starts(d)), d.copy()) for d in _demo_docs]
    return make(examples, tiny_config([["relation"]]), 60)


def starts(doc: Doc) -> Any:
    return [bool(token.is_sent_start) for token in doc]


# --- relations over the names of others ---


def test_arguments_are_the_names_and_mentions_of_others(relation_nlp: Language, demo_examples: list[Example]) -> None:
    scores = {}
    writers: dict[str, Writer | None] = {"nothing": None, "names": with_names, "mentions": with_mentions}
    for kind, writer in writers.items():
        examples = []
        for eg in demo_examples:
            doc = eg.predicted.copy()
            if writer is not None:
                writer(doc, eg.reference)
            before = doc.ents, list(doc.spans)
            doc = relation_nlp(doc)
            assert (doc.ents, [key for key in doc.spans if key != "relations"]) == before
            for relation in doc._.relations:
                spans = {
                    "nothing": [doc[t.i : t.i + 1] for t in doc],
                    "names": list(doc.ents),
                    "mentions": list(doc.spans.get("mentions", [])),
                }[kind]
                for argument in (relation.head, relation.tail):
                    ending = [(s.start, s.end, s.label_) for s in spans if s.end == argument.end]
                    assert (argument.start, argument.end, argument.label_) in ending or not ending
            examples.append(Example(doc, eg.reference))
        scores[kind] = relation_nlp.get_pipe("hmtl").score(examples)  # type: ignore[attr-defined]
    assert scores["nothing"]["relations_f"] == 0.0
    assert scores["mentions"]["relations_f"] > 0.7
    # The demo's names have other types than its arguments, and not every argument is one.
    boundaries = [scores[kind]["relations_boundaries_f"] for kind in writers]
    assert boundaries == sorted(set(boundaries))


def test_a_pipeline_of_a_ruler_and_relations(
    relation_nlp: Language, demo_examples: list[Example], tmp_path: Path
) -> None:
    relation_nlp.to_disk(tmp_path / "model")
    nlp = spacy.load(tmp_path / "model")
    ruler = nlp.add_pipe("entity_ruler", before="hmtl")
    patterns = {(ent.text, ent.label_) for eg in demo_examples for ent in eg.reference.ents}
    ruler.add_patterns([{"label": label, "pattern": text} for text, label in patterns])  # type: ignore[attr-defined]
    docs = list(nlp.pipe(eg.reference.text for eg in demo_examples))
    joined = [argument for doc in docs for r in doc._.relations for argument in (r.head, r.tail)]
    typed = [argument for argument in joined if argument.label_]
    assert len(typed) > 5
    assert any(len(argument) > 1 for argument in typed)
    assert {(a.text, a.label_) for a in typed} <= patterns
    for doc, eg in zip(docs, demo_examples):
        assert_alike(nlp(eg.reference.text), doc)
    assert not any((nlp.analyze_pipes() or {})["problems"].values())


def test_arguments_are_the_names_that_the_doc_ends_up_with(demo_examples: list[Example]) -> None:
    # With names of our own, too: one that gives way to an earlier name is no argument.
    nlp = make(demo_examples, tiny_config([["ner"], ["relation"]]), 60)
    n_kept = 0
    for eg in demo_examples:
        for relation in nlp(eg.predicted.copy())._.relations:
            last = relation.head.end
            doc = eg.predicted.copy()
            doc.set_ents([Span(doc, last - 1, last, "EARLIER")])
            doc = nlp(doc)
            names = {(ent.start, ent.end, ent.label_) for ent in doc.ents}
            arguments = {(a.start, a.end, a.label_) for r in doc._.relations for a in (r.head, r.tail) if a.label_}
            assert arguments <= names
            n_kept += (last - 1, last, "EARLIER") in arguments
    assert n_kept > 5


@pytest.mark.parametrize("arguments", ["emd", "ner"])
@pytest.mark.filterwarnings("ignore:.*W172")
def test_span_pairs_join_the_names_and_mentions_of_others(
    arguments: str, demo_examples: list[Example], tmp_path: Path
) -> None:
    config = tiny_config([["relation"]])
    head = {"@architectures": "spacy_hmtl.SpanPairs.v1", "encoder": config["model"]["heads"]["relation"]["encoder"]}
    head |= {"arguments": arguments, "layers": 2, "hidden_width": 32, "feature_width": 8, "context": True}
    head |= {"dropout": 0.0, "prior": 0.05, "window": 0, "warmup_updates": 5, "seen_types": True}
    config["model"]["heads"]["relation"] = head
    examples = [Example(eg.predicted.copy(), eg.reference) for eg in demo_examples]
    nlp = make(examples, config, 60)  # bare Docs teach by the gold arguments
    nlp.to_disk(tmp_path / "model")
    nlp = spacy.load(tmp_path / "model")
    found, examples = [], []
    for eg in demo_examples:
        assert nlp(eg.predicted.copy())._.relations == []
        doc = eg.predicted.copy()
        with_mentions(doc, eg.reference)
        if arguments == "ner":
            doc.ents = filter_spans(doc.spans.pop("mentions"))
        known = get_mentions(doc) if arguments == "emd" else get_entities(doc)
        examples.append(Example(nlp(doc), eg.reference))
        joined = [(a.start, a.end, a.label_) for r in doc._.relations for a in (r.head, r.tail)]
        assert set(joined) <= {span[:3] for span in known or []}
        found += joined
    assert len(found) > 10
    if arguments == "emd":
        assert nlp.get_pipe("hmtl").score(examples)["relations_f"] > 0.9  # type: ignore[attr-defined]
    # What others have found wrongly is a negative example.
    losses = []
    for is_given in (False, True):
        batch = for_task(demo_examples, "relation")
        for eg in batch:
            if is_given:
                wrong = [(t.i, t.i + 1, found[0][2]) for t in eg.predicted if not t.is_punct][:9]
                spans = [LabeledSpan(*span) for span in wrong]
                set_mentions(eg.predicted, spans) if arguments == "emd" else set_entities(eg.predicted, spans)
        losses.append(nlp.update(batch, sgd=False)["hmtl_relation"])  # type: ignore[arg-type]
    assert losses[0] < losses[1]


# --- coreference over the mentions of others ---


@pytest.fixture(scope="module")
def coref_nlp(_demo_docs: list[Doc]) -> Language:
    """Coreference alone, over mentions that somebody else has found."""
    examples = [Example(Doc(d.vocab, words=[t.text for t in d], sent_starts=starts(d)), d.copy()) for d in _demo_docs]
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


# --- gold mentions in evaluation ---


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
