"""The card of a pipeline on a model hub, made of its meta."""

from __future__ import annotations

import json
from typing import Any

from .card import scores_only

# The hub's names of licences, by how metas write them.
_LICENSES = {"mit": "mit", "apache 2.0": "apache-2.0", "cc by-sa 4.0": "cc-by-sa-4.0", "cc by 4.0": "cc-by-4.0"}
_TASKS = {"ents_f": "names", "mentions_f": "mentions", "coref_f": "coreference", "relations_f": "relations"}


def make_readme(meta: dict[str, Any], repo: str) -> str:
    """The card: a head that the hub reads (YAML, written as JSON values), and a text for people.

    meta (dict): Of the pipeline.
    repo (str): OWNER/NAME.
    RETURNS (str): The content of README.md.
    """
    scores = scores_only(meta.get("performance") or {})
    name = f"{meta.get('lang', 'xx')}_{meta.get('name', 'pipeline')}"
    license = str(meta.get("license") or "")
    head = {
        "library_name": "spacy",
        "tags": ["spacy", "token-classification", "coreference", "relation-extraction"],
        "language": [meta.get("lang", "xx")],
        "license": _LICENSES.get(license.lower(), "other"),
        "model-index": [{"name": name, "results": _results(scores)}],
    }
    front = ["---", *(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()), "---"]
    parts = [
        f"# {name} {meta.get('version', '')}".rstrip(),
        str(meta.get("description") or ""),
        f"Licence: {license or 'not stated'}. Author: {meta.get('author') or 'not stated'}.",
        f"```bash\nhf download {repo} --local-dir {name}\n```",
        f'```python\nimport spacy\n\nnlp = spacy.load("{name}")  # the folder\n```',
        *_sections(meta, scores),
    ]
    return "\n".join(front) + "\n\n" + "\n\n".join(part for part in parts if part) + "\n"


def _results(scores: dict[str, Any]) -> list[dict[str, Any]]:
    """Scores in the hub's form, of the four tasks that the meta has scores of."""
    return [
        {
            "task": {"type": "token-classification", "name": title},
            "dataset": {"type": "development", "name": "development data"},
            "metrics": [{"type": "f1", "name": key, "value": scores[key]}],
        }
        for key, title in _TASKS.items()
        if isinstance(scores.get(key), (int, float))
    ]


def _sections(meta: dict[str, Any], scores: dict[str, Any]) -> list[str]:
    labels = [f"- {name}: {', '.join(own)}" for name, own in (meta.get("labels") or {}).items() if own]
    numbers = [f"| {name} | {value:.4g} |" for name, value in scores.items() if isinstance(value, (int, float))]
    sources = [_source(source) for source in meta.get("sources") or []]
    sections = (("Labels", labels), ("Scores", ["| | |\n|---|---|", *numbers] if numbers else []), ("Data", sources))
    return [f"## {title}\n\n" + "\n".join(lines) for title, lines in sections if lines]


def _source(source: Any) -> str:
    if not isinstance(source, dict):
        return f"- {source}"
    name, url = source.get("name", ""), source.get("url")
    about = ", ".join(str(source[key]) for key in ("author", "license") if source.get(key))
    return f"- {f'[{name}]({url})' if url else name}{f': {about}' if about else ''}"
