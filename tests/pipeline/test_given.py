"""Names and mentions of other components as arguments of relations."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy
from pipeline.given import Writer, make, with_mentions, with_names
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import filter_spans
from tiny import assert_alike, for_task, make_examples, tiny_config

from spacy_hmtl.annotations import get_mentions
from spacy_hmtl.annotations.groups import get_entities, set_entities, set_mentions
from spacy_hmtl.types import LabeledSpan


@pytest.fixture(scope="module")
def relation_nlp(_demo_docs: list[Doc]) -> Language:
    """Relations alone: no level of its own finds what they join."""
    examples = make_examples([doc.copy() for doc in _demo_docs])
    return make(examples, tiny_config([["relation"]]), 60)


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
