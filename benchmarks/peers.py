"""The pretrained pipeline beside spaCy's English pipelines, on public texts, in one run (docs/pipelines.md).

    python benchmarks/peers.py RAW --model en_hmtl_web_md --peer FOLDER [--peer FOLDER] [--output peers.json]

RAW is the folder that `spacy project run web-convert` makes. spaCy's pipelines have neither nested mentions nor
coreference, so each stands there twice: as it is, and with the rules of `add_rules`, which is what its parser and a
few lines of code give. Every system answers in a process of its own, one thread each, and they take turns.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import spacy
import typer
from pipelines import COARSE, by_name, clusters, gap, mentions, names, relations
from spacy.language import Language
from spacy.tokens import Doc
from timing.turns import Turn

from spacy_hmtl.annotations import copy_tokens, get_meta, set_clusters, set_mentions
from spacy_hmtl.data.docbin import read_docs
from spacy_hmtl.types import LabeledSpan, MentionSpan

_ROUNDS = 3
# The texts that speed is measured on: all of GUM's test part.
_SPEED = "gum-test"
_HE_OR_SHE = frozenset("he him his himself she her hers herself".split())
_PERSONS = _HE_OR_SHE | frozenset("i me my mine myself you your yours yourself we us our ours who whose whom".split())
Pairs = Iterator[tuple[Doc, Doc]]
Row = dict[str, float]

# Title, measure, converted corpus, whether its sentences are given, and whether spaCy's own annotation is enough.
ROWS: list[tuple[str, Callable[[Pairs], Row], str, bool, bool]] = [
    ("names, UNER PUD (persons, organizations, places)", names, "pud", False, True),
    ("names, WNUT17 test (persons)", lambda pairs: persons(pairs), "wnut17-test", False, True),
    ("names, embedded corpus test (persons, organizations, places)", names, "demo-test", True, True),
    ("mentions, GUM test (persons, organizations, places)", mentions, "gum-test", True, False),
    ("pronouns, GAP validation", gap, "gap-validation", False, False),
    ("coreference, GUM test, singletons removed", clusters, "gum-test", True, False),
    ("relations, KnowledgeNet held out, arguments overlap", relations, "knowledgenet", True, False),
]


def persons(pairs: Pairs) -> Row:
    """Persons alone, with exact boundaries."""
    return names(_persons_only(pairs))


def _persons_only(pairs: Pairs) -> Pairs:
    for pair in pairs:
        for doc in pair:
            doc.ents = [ent for ent in doc.ents if COARSE.get(ent.label_) == "PER"]
        yield pair


def add_rules(doc: Doc) -> Doc:
    """Mentions and clusters by rule, from what spaCy's tagger, parser and names say.

    Mentions are names, noun chunks around a name (with its type) and personal pronouns. Names with the same letters
    are one cluster, as are a person's full name and a part of it; he and she mean the person named last before them.

    doc (Doc): Parsed, with names; changed in place.
    RETURNS (Doc): The same.
    """
    found = {(ent.start, ent.end): COARSE[ent.label_] for ent in doc.ents if ent.label_ in COARSE}
    named = dict(found)
    if doc.has_annotation("DEP"):
        for chunk in doc.noun_chunks:
            kind = next((label for (start, end), label in named.items() if start <= chunk.root.i < end), None)
            if kind is not None:
                found.setdefault((chunk.start, chunk.end), kind)
    found |= {(token.i, token.i + 1): "PER" for token in doc if token.lower_ in _PERSONS}
    set_mentions(doc, [LabeledSpan(*span, label) for span, label in sorted(found.items())])
    set_clusters(doc, list(chains(doc, named)))
    return doc


def chains(doc: Doc, named: dict[MentionSpan, str]) -> Iterator[list[MentionSpan]]:
    """Clusters of at least two mentions: see `add_rules`."""
    by_name: dict[str, list[MentionSpan]] = {}
    last = ""
    begins = {span[0]: span for span in sorted(named)}
    for token in doc:
        span = begins.get(token.i)
        if span is not None:
            text = doc[slice(*span)].text
            whole = next((name for name in by_name if named[span] == "PER" and text in name.split()), text)
            by_name.setdefault(whole, []).append(span)
            last = whole if named[span] == "PER" else last
        elif token.lower_ in _HE_OR_SHE and last:
            by_name[last].append((token.i, token.i + 1))
    yield from (own for own in by_name.values() if len(own) > 1)


def serve(model: str, raw: str) -> Callable[[Any], Any]:
    """What a process of one system answers: the score of a row, or the time that all texts take."""
    nlp = spacy.load(model)
    own = "hmtl" in nlp.pipe_names
    texts = [doc.text for doc in read_docs(Path(raw) / f"{_SPEED}.spacy", nlp)]

    def answer(request: int | None) -> Any:
        if request is None:
            return _speed(nlp, texts)
        _, measure, corpus, sentences, is_enough = ROWS[request]
        if not own and measure is relations:
            return None
        return measure(_read(nlp, Path(raw) / f"{corpus}.spacy", sentences, with_rules=not own and not is_enough))

    return answer


def _read(nlp: Language, path: Path, sentences: bool, *, with_rules: bool) -> Pairs:
    """Gold documents of a file, and what a pipeline says of their tokens."""
    gold = [doc for doc in read_docs(path, nlp) if path.stem != "knowledgenet" or _is_held_out(doc)]
    found = nlp.pipe([copy_tokens(doc, nlp.vocab, sentences=sentences) for doc in gold], batch_size=32)
    return zip(gold, map(add_rules, found) if with_rules else found)


def _is_held_out(doc: Doc) -> bool:
    """The documents that scripts/web/prepare.py keeps apart."""
    return int(str(get_meta(doc)["name"]).split("-")[0]) % 10 == 7


def _speed(nlp: Language, texts: list[str]) -> Row:
    import time

    wall, processor = time.perf_counter(), time.process_time()
    n_words = sum(map(len, nlp.pipe(texts)))
    return {
        "cpu": n_words / (time.process_time() - processor),
        "wall": n_words / (time.perf_counter() - wall),
    }


def main(
    raw: Annotated[Path, typer.Argument(help="Folder of converted corpora")],
    model: Annotated[str, typer.Option(help="The pipeline with hmtl: a name or a folder")] = "en_hmtl_web_md",
    peer: Annotated[list[str] | None, typer.Option(help="A pipeline of spaCy's: a name or a folder")] = None,
    only: Annotated[str, typer.Option(help="Rows whose title has this text, and speed")] = "",
    output: Annotated[Path | None, typer.Option(help="JSON file for all figures")] = None,
) -> None:
    """Score every system, then let them take turns, and print the table."""
    systems = {name: Turn(serve, path, str(raw)) for name, path in by_name([model, *(peer or [])]).items()}
    typer.echo("| | " + " | ".join(systems) + " |")
    result: dict[str, dict[str, Any]] = {}
    for number, (title, *_) in enumerate(ROWS):
        if only not in title:
            continue
        result[title] = {name: turn.ask(number) for name, turn in systems.items()}
        typer.echo(_line(title, result[title]))
    rates = [{name: turn.ask(None) for name, turn in systems.items()} for _ in range(_ROUNDS)]
    for turn in systems.values():
        turn.stop()
    best = {name: {kind: max(own[name][kind] for own in rates) for kind in ("cpu", "wall")} for name in systems}
    result["words per second"] = best
    typer.echo(_line("words per second, of processor time / of wall time", best))
    if output is not None:
        output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _line(title: str, cells: Mapping[str, Row | None]) -> str:
    return f"| {title} | " + " | ".join(_cell(cell) for cell in cells.values()) + " |"


def _cell(cell: Row | None) -> str:
    if cell is None:
        return ""
    if "cpu" in cell:
        return f"{cell['cpu']:,.0f} / {cell['wall']:,.0f}"
    shown = ["p", "r", "f"] if "p" in cell else ["f"]
    return " / ".join(f"{cell[key]:.1f}" for key in shown)


if __name__ == "__main__":
    typer.run(main)
