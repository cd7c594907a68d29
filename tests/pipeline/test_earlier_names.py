"""What is set stays: names of other components, of users, and their ids; groups under keys of one's own."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from thinc.api import Adam, fix_random_seed
from tiny import for_task, snapshot, tiny_config, tiny_nlp, train

from spacy_hmtl.annotations import get_entities, get_mentions
from spacy_hmtl.annotations.layers import group_keys


@pytest.fixture
def pipe(trained_nlp: Language) -> Any:
    return trained_nlp.get_pipe("hmtl")


@pytest.fixture
def bare(trained_nlp: Language, texts: list[str]) -> Doc:
    """A text in which the pipeline finds names."""
    return max(map(trained_nlp, texts), key=lambda doc: len(doc.ents))


def names(doc: Doc) -> list[tuple[int, int, str]]:
    return [(ent.start, ent.end, ent.label_) for ent in doc.ents]


def run(pipe: Any, doc: Doc, **settings: Any) -> Doc:
    before = dict(pipe.cfg)
    pipe.cfg.update(settings)
    try:
        return pipe(doc)
    finally:
        pipe.cfg.update(before)


def test_names_that_are_set_stay_and_ours_fill_the_rest(trained_nlp: Language, pipe: Any, bare: Doc) -> None:
    doc = trained_nlp.make_doc(bare.text)
    first = bare.ents[0]
    outside = next(token.i for token in doc if not bare[token.i].ent_type)
    # One across our first name and the token before or after it, one where we find nothing.
    start, end = (first.start - 1, first.end) if first.start else (0, first.end + 1)
    mine = [Span(doc, start, end, "BRAND", span_id="b1", kb_id="Q1")]
    if not start <= outside < end:
        mine.append(Span(doc, outside, outside + 1, "THING", span_id="t1"))
    doc.set_ents(mine)
    doc = pipe(doc)
    kept = [(ent.start, ent.end, ent.label_, ent.id_, ent.kb_id_) for ent in doc.ents if ent.id_]
    assert sorted(kept) == sorted((ent.start, ent.end, ent.label_, ent.id_, ent.kb_id_) for ent in mine)
    taken = {token for span in mine for token in range(span.start, span.end)}
    ours = [name for name in names(bare) if taken.isdisjoint(range(name[0], name[1]))]
    assert len(ours) >= 2
    assert set(names(doc)) - {(s.start, s.end, s.label_) for s in mine} == set(ours)
    # The group has the same spans, those of others with the confidence 1.
    group = doc.spans["hmtl_entities"]
    assert [(span.start, span.end, span.label_) for span in group] == names(doc)
    expected = {name[:3]: name.score for name in get_entities(bare) or []}
    for span, score in zip(group, group.attrs["scores"]):
        key = (span.start, span.end, span.label_)
        assert score == pytest.approx(1.0 if span.id_ else expected[key], abs=1e-5)


def test_overwriting_takes_others_names_and_their_ids_away(trained_nlp: Language, pipe: Any, bare: Doc) -> None:
    doc = trained_nlp.make_doc(bare.text)
    doc.set_ents([Span(doc, i, i + 1, "BRAND", span_id="b1", kb_id="Q1") for i in range(len(doc))])
    doc = run(pipe, doc, overwrite_ents=True)
    assert snapshot(doc) == snapshot(bare)
    assert [(t.text, t.ent_id_, t.ent_kb_id_) for t in doc if t.ent_id or t.ent_kb_id] == []


def test_a_name_found_again_keeps_its_ids(trained_nlp: Language, pipe: Any, bare: Doc) -> None:
    doc = trained_nlp.make_doc(bare.text)
    first, second = bare.ents[:2]
    doc.set_ents(
        [
            Span(doc, first.start, first.end, first.label_, kb_id="Q1", span_id="x"),
            Span(doc, second.start, second.end, "OTHER", kb_id="Q2", span_id="y"),
        ]
    )
    doc = run(pipe, doc, overwrite_ents=True)
    assert names(doc) == names(bare)
    assert [(ent.kb_id_, ent.id_) for ent in doc.ents[:2]] == [("Q1", "x"), ("", "")]


@pytest.mark.parametrize("overwrite", [False, True])
def test_blocked_tokens_are_never_part_of_a_name(overwrite: bool, trained_nlp: Language, pipe: Any, bare: Doc) -> None:
    doc = trained_nlp.make_doc(bare.text)
    first = bare.ents[0]
    doc.set_ents([], blocked=[doc[first.start : first.end]])
    doc = run(pipe, doc, overwrite_ents=overwrite)
    assert names(doc) == names(bare)[1:]
    assert [token.ent_iob for token in doc[first.start : first.end]] == [3] * len(first)


def test_missing_tokens_are_filled(trained_nlp: Language, pipe: Any, bare: Doc) -> None:
    doc = trained_nlp.make_doc(bare.text)
    last = bare.ents[-1]
    doc.set_ents([Span(doc, last.start, last.end, "BRAND")], default="missing")
    doc = pipe(doc)
    assert names(doc) == [*names(bare)[:-1], (last.start, last.end, "BRAND")]
    assert all(token.ent_iob for token in doc)


def test_beside_entity_rulers(trained_nlp: Language, bare: Doc, tmp_path: Path) -> None:
    trained_nlp.to_disk(tmp_path / "model")
    nlp = spacy.load(tmp_path / "model")
    first, last = bare.ents[0], bare.ents[-1]
    patterns = [{"label": "BRAND", "pattern": first.text, "id": "brand-1"}]
    nlp.add_pipe("entity_ruler", name="before", before="hmtl").add_patterns(patterns)  # type: ignore[attr-defined]
    after = nlp.add_pipe("entity_ruler", name="after", config={"overwrite_ents": True})
    after.add_patterns([{"label": "LATE", "pattern": last.text, "id": "late-1"}])  # type: ignore[attr-defined]
    doc = nlp(bare.text)
    found = {(ent.text, ent.label_, ent.ent_id_) for ent in doc.ents}
    assert {(first.text, "BRAND", "brand-1"), (last.text, "LATE", "late-1")} <= found
    assert all(not ent_id for _, label, ent_id in found if label not in {"BRAND", "LATE"})
    assert any(label not in {"BRAND", "LATE"} for _, label, _ in found)
    analysis = nlp.analyze_pipes() or {}
    assert not any(analysis["problems"].values())
    nlp.get_pipe("hmtl").cfg["overwrite_ents"] = True  # type: ignore[attr-defined]
    assert not any(ent.label_ == "BRAND" for ent in nlp(bare.text).ents)


def test_two_in_one_pipeline_write_groups_of_their_own(demo_examples: list[Example], tmp_path: Path) -> None:
    fix_random_seed(0)
    nlp = spacy.blank("en")
    keys = {"mentions": "mentions_b", "coref": "coref_b"}
    nlp.add_pipe("hmtl", config=tiny_config([["emd"], ["coref"]]))
    nlp.add_pipe("hmtl", name="second", config=tiny_config([["emd", "coref"]], spans_keys=keys))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*cannot hold all nested spans")
        nlp.initialize(lambda: demo_examples)
    train(nlp, demo_examples, 10)
    doc = nlp(demo_examples[0].reference.text)
    assert set(doc.spans) == {"mentions", "coref", "mentions_b", "coref_b"}
    assert get_mentions(doc)
    assert get_mentions(doc, "mentions_b")
    assert get_mentions(doc) != get_mentions(doc, "mentions_b")
    # Each is scored by what it wrote itself.
    scores = [
        nlp.get_pipe(name).score([Example(nlp(eg.reference.text), eg.reference) for eg in demo_examples])  # type: ignore[attr-defined]
        for name in ("hmtl", "second")
    ]
    assert scores[0]["mentions_f"] != scores[1]["mentions_f"]
    nlp.to_disk(tmp_path / "model")
    assert snapshot(spacy.load(tmp_path / "model")(doc.text)) == snapshot(doc)
    assert not any((nlp.analyze_pipes() or {})["problems"].values())


def test_gold_annotation_may_sit_in_the_same_groups(demo_examples: list[Example]) -> None:
    moved = []
    for eg in demo_examples[:3]:
        reference = eg.reference.copy()
        reference.spans["things"] = [Span(reference, s.start, s.end, "THING") for s in reference.spans["mentions"]]
        moved.append(Example(eg.predicted, reference))
    nlp = tiny_nlp(moved, [["emd"]], spans_keys={"emd": "things"})
    pipe: Any = nlp.get_pipe("hmtl")
    assert pipe.label_data == {"emd": ["THING"]}
    assert nlp.update(moved, sgd=Adam(0.01))["hmtl_emd"] > 0
    for eg in moved:
        del eg.reference.spans["mentions"]
    tagged = for_task(moved, "emd")
    assert nlp.update(tagged, sgd=Adam(0.01))["hmtl_emd"] > 0
    doc = nlp(moved[0].reference.text)
    assert set(doc.spans) == {"things"}
    assert pipe.score([Example(doc, moved[0].reference)])["mentions_f"] is not None


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ({"names": "x"}, "no layer is called 'names'"),
        ({"emd": ""}, "the key '' is no text"),
        ({"emd": 3}, "the key 3 is no text"),
        ({"emd": "coref"}, "two layers share a group"),
        ({"emd": "x", "coref": "x"}, "two layers share a group"),
        ({"emd": "hmtl_meta"}, "two layers share a group"),
    ],
)
def test_keys_that_make_no_sense_are_refused(keys: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=f"H344.*{fault}"):
        group_keys(keys)
    with pytest.raises(ValueError, match=f"H344.*{fault}"):
        spacy.blank("en").add_pipe("hmtl", config=tiny_config(spans_keys=keys))


def test_a_layer_is_named_by_task_by_what_it_is_or_by_its_usual_group() -> None:
    expected = {"ner": "hmtl_entities", "emd": "m", "coref": "c", "relation": "r"}
    assert group_keys({"emd": "m", "coref": "c", "relation": "r"}) == expected
    assert group_keys({"mentions": "m", "clusters": "c", "relations": "r"}) == expected
    # As spaCy fills a config up.
    assert group_keys({"emd": "mentions", "mentions": "m", "coref": "c", "relations": "r"}) == expected
