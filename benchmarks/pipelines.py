"""What the pretrained pipelines score on public texts that they were not trained on, one row a measure.

    python benchmarks/pipelines.py MODEL RAW CORPUS [--peer FOLDER ...] [--output scores.json]

MODEL is a pipeline of this package (a folder or an installed one); RAW and CORPUS are folders that the commands
`web-convert` and `web-prepare` of project.yml made. Peers are pipelines of spaCy's, which get the
rows on names and on speed. They follow OntoNotes' guidelines, which costs them points on UNER's.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import spacy
import torch
import typer
from spacy.language import Language
from spacy.scorer import PRFScore
from spacy.tokens import Doc

from spacy_hmtl.annotations import copy_tokens, get_clusters, get_mentions, get_meta, get_relations
from spacy_hmtl.annotations.layers import extents
from spacy_hmtl.data.docbin import read_docs
from spacy_hmtl.scoring import coref_scores
from spacy_hmtl.types import LabeledSpan, MentionSpan, Triple

# UNER knows persons, organizations and places; so does what is asked of GUM's mentions.
COARSE = {"PERSON": "PER", "PER": "PER", "ORG": "ORG", "GPE": "LOC", "LOC": "LOC", "FAC": "LOC"}
GUM = {"person": "PER", "organization": "ORG", "place": "LOC"}
_SPEED_DOCS = 14
_ROUNDS = 3
Pairs = Iterable[tuple[Doc, Doc]]
Row = dict[str, float]


def run(nlp: Language, path: Path, *, sentences: bool) -> Iterator[tuple[Doc, Doc]]:
    """Gold documents of a file, and what a pipeline says of their tokens."""
    gold = list(read_docs(path, nlp))
    copies = [copy_tokens(doc, nlp.vocab, sentences=sentences) for doc in gold]
    return zip(gold, nlp.pipe(copies, batch_size=32))


def prf(score: PRFScore) -> Row:
    """Precision, recall and F, in percent."""
    return {"p": 100 * score.precision, "r": 100 * score.recall, "f": 100 * score.fscore}


def names(pairs: Pairs) -> Row:
    """Names with exact boundaries, as person, organization or place."""
    score = PRFScore()
    for gold, found in pairs:
        sides = [{(e.start, e.end, COARSE[e.label_]) for e in doc.ents if e.label_ in COARSE} for doc in (found, gold)]
        score.score_set(*sides)
    return prf(score)


def gap(pairs: Pairs) -> Row:
    """Whether a pronoun shares a cluster with a name, for both names of a passage, by gender of the pronoun."""
    scores = {"f": PRFScore(), "masculine_f": PRFScore(), "feminine_f": PRFScore()}
    for gold, found in pairs:
        clusters = extents(get_clusters(gold))
        pronoun = next(span for own in clusters for span in own if gold[slice(*span)].text.lower() in _PRONOUNS)
        predicted = next((own for own in extents(get_clusters(found)) if pronoun in own), [])
        gender = _PRONOUNS[gold[slice(*pronoun)].text.lower()]
        for own in clusters:
            for name in own:
                if name != pronoun:
                    _count(scores["f"], pronoun in own, _is_in(name, predicted))
                    _count(scores[gender], pronoun in own, _is_in(name, predicted))
    row = {name: 100 * score.fscore for name, score in scores.items()}
    return row | {"bias": row["feminine_f"] / row["masculine_f"] if row["masculine_f"] else 0.0}


_PRONOUNS = {
    **dict.fromkeys(("he", "him", "his"), "masculine_f"),
    **dict.fromkeys(("she", "her", "hers"), "feminine_f"),
}


def _is_in(name: MentionSpan, cluster: list[MentionSpan]) -> bool:
    """Whether a cluster has a mention that is the name, or the name with what stands before it, or its end."""
    return any(start < name[1] and end == name[1] for start, end in cluster)


def _count(score: PRFScore, is_true: bool, is_found: bool) -> None:
    score.tp += is_true and is_found
    score.fp += is_found and not is_true
    score.fn += is_true and not is_found


def clusters(pairs: Pairs) -> Row:
    """Mean of MUC, B3 and CEAFe, singletons removed on both sides."""
    found = coref_scores(
        [(extents(get_clusters(gold)), extents(get_clusters(doc))) for gold, doc in pairs], keep_singletons=False
    )
    return {
        "f": 100 * found["coref_f"],
        **{name: 100 * found[f"coref_{name}_f"] for name in ("muc", "b3", "ceafe", "mentions")},
    }


def mentions(pairs: Pairs) -> Row:
    """Mentions of persons, organizations and places with exact boundaries."""
    score = PRFScore()
    for gold, found in pairs:
        sides = [
            {(m.start, m.end, kinds[m.label]) for m in get_mentions(doc) or [] if m.label in kinds}
            for doc, kinds in ((found, COARSE), (gold, GUM))
        ]
        score.score_set(*sides)
    return prf(score)


def relations(pairs: Pairs) -> Row:
    """Facts whose arguments overlap with those of the right property, among properties that were annotated."""
    n_told = n_right = n_true = n_recalled = 0
    for gold, found in pairs:
        asked = get_meta(gold)["annotated_labels"]["relation"]
        true = list(get_relations(gold) or [])
        told = [relation for relation in get_relations(found) or [] if relation.label in asked]
        n_told, n_true = n_told + len(told), n_true + len(true)
        n_right += sum(any(_same(relation, fact) for fact in true) for relation in told)
        n_recalled += sum(any(_same(relation, fact) for relation in told) for fact in true)
    precision, recall = n_right / max(1, n_told), n_recalled / max(1, n_true)
    f = 2 * precision * recall / (precision + recall) if n_right else 0.0
    return {"p": 100 * precision, "r": 100 * recall, "f": 100 * f}


def _same(one: Triple, other: Triple) -> bool:
    return one.label == other.label and _overlap(one.head, other.head) and _overlap(one.tail, other.tail)


def _overlap(one: LabeledSpan, other: LabeledSpan) -> bool:
    return one.start < other.end and other.start < one.end


def speed(models: dict[str, Language], path: Path) -> dict[str, float]:
    """Words per second of processor time, one thread, from text; the pipelines take turns, and the fastest counts."""
    texts = [doc.text for doc in read_docs(path, next(iter(models.values())))][:_SPEED_DOCS]
    best = dict.fromkeys(models, 0.0)
    for _ in range(_ROUNDS):
        for name, nlp in models.items():
            start = time.process_time()
            n_words = sum(map(len, nlp.pipe(texts)))
            best[name] = max(best[name], n_words / (time.process_time() - start))
    return best


def by_name(paths: Iterable[str]) -> dict[str, str]:
    """Pipelines by the last part of their paths. RAISES (ValueError): If two have the same."""
    paths = list(paths)
    found = {Path(path).name: path for path in paths}
    if len(found) < len(paths):
        raise ValueError(f"Two of these have the same name, rename a folder: {', '.join(paths)}")
    return found


def main(
    model: Annotated[str, typer.Argument(help="The pipeline")],
    raw: Annotated[Path, typer.Argument(help="Folder of converted corpora")],
    corpus: Annotated[Path, typer.Argument(help="Folder of prepared corpora")],
    peer: Annotated[list[str] | None, typer.Option(help="Pipelines of spaCy's")] = None,
    output: Annotated[Path | None, typer.Option(help="JSON file for the scores")] = None,
) -> None:
    """Print all rows, and write them."""
    torch.set_num_threads(1)
    nlp = spacy.load(model)
    peers = {name: spacy.load(path) for name, path in by_name(peer or []).items()}
    rows: list[tuple[str, Callable[[Pairs], Row], Path, bool]] = [
        ("names, UNER PUD", names, raw / "pud.spacy", False),
        ("pronouns, GAP validation", gap, raw / "gap-validation.spacy", False),
        ("coreference, GUM test", clusters, raw / "gum-test.spacy", True),
        ("mentions, GUM test", mentions, raw / "gum-test.spacy", True),
        ("relations, KnowledgeNet held out", relations, corpus / "knowledgenet-test.spacy", True),
    ]
    result: dict[str, Any] = {}
    for title, measure, path, sentences in rows:
        result[title] = measure(run(nlp, path, sentences=sentences))
        _show(title, result[title])
    for name, own in peers.items():
        title = f"names, UNER PUD, {name}"
        result[title] = names(run(own, raw / "pud.spacy", sentences=False))
        _show(title, result[title])
    rates = speed({"model": nlp, **peers}, raw / "gum-test.spacy")
    result["words per second"] = rates
    _show("words per second", rates)
    if output is not None:
        output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _show(title: str, row: Row) -> None:
    typer.echo(f"| {title} | " + ", ".join(f"{name} {value:.2f}" for name, value in row.items()) + " |")


if __name__ == "__main__":
    typer.run(main)
