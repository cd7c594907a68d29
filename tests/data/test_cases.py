"""Small files of the kinds that people have, each with the right result in `cases/expected*.json`.

A case names the format that a user would try and its options, and what must come out: names and
mentions as [text, label], clusters as lists of texts, relations as [head, label, tail]. With
"refuse" the file must be refused, with "or": "refuse" it may be: status 1, a message with the
file and the line, and nothing written.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_hmtl.annotations import from_doc
from spacy_hmtl.cli.app import app

CASES = Path(__file__).parent / "cases"
EXPECTED = {
    case: info
    for file in sorted(CASES.glob("expected*.json"))
    for case, info in json.loads(file.read_text(encoding="utf-8")).items()
}


def convert(case, output):
    """Run the command on a case."""
    info = EXPECTED[case]
    arguments = ["convert", info["format"], str(CASES / case), str(output), *info.get("options", [])]
    return CliRunner().invoke(app, arguments)


def layers(path):
    """The layers of all documents of a file, as texts: those that are annotated."""
    found: dict[str, list[Any]] = {"text": [], "names": [], "mentions": [], "clusters": [], "relations": []}
    absent = set(found)
    for doc in DocBin().from_disk(path).get_docs(spacy.blank("en").vocab):
        own = from_doc(doc).layers
        found["text"].append(doc.text)

        def text(span, doc=doc):
            return doc[span[0] : span[1]].text

        rows: dict[str, list[Any] | None] = {
            "names": own.entities and [[text(span), span.label] for span in own.entities],
            "mentions": own.mentions and [[text(span), span.label] for span in own.mentions],
            "clusters": own.clusters and [[text(span) for span in cluster] for cluster in own.clusters],
            "relations": own.relations and [[text(rel.head), rel.label, text(rel.tail)] for rel in own.relations],
        }
        for layer, values in rows.items():
            if values is not None:
                absent.discard(layer)
                found[layer] += values
    return {layer: None if layer in absent - {"text"} else values for layer, values in found.items()}


@pytest.mark.parametrize("case", EXPECTED)
def test_a_case_is_converted_right_or_refused(case, tmp_path):
    info, output = EXPECTED[case], tmp_path / "out.spacy"
    result = convert(case, output)
    if info.get("refuse") or (info.get("or") == "refuse" and result.exit_code == 1):
        assert result.exit_code == 1
        assert case in result.output
        assert not output.exists()
        return
    assert result.exit_code == 0, result.output
    found = layers(output)
    for layer in ("names", "mentions", "clusters", "relations"):
        if layer in info:
            assert sorted(found[layer] or []) == sorted(info[layer]), layer
    if "text" in info:
        assert found["text"][0].split() == info["text"].split()
    for head, _, tail in found["relations"] or []:
        assert head != tail
