"""Listeners of a component, replaced by a copy of what they listen to."""

from __future__ import annotations

from typing import Any

from spacy.language import Language

# Where the embeddings stand in a component's config, and where spaCy looks for the listener's settings.
_EMBED, _TOK2VEC = "embed", "tok2vec"


def replace_listeners(nlp: Language, listened: str, name: str = "hmtl") -> None:
    """Give a component its own copy of the shared transformer or tok2vec that its embeddings listen to.

    As `nlp.replace_listeners(listened, name, ["model.embed"])`, which looks for the settings of listeners to
    spacy-transformers under the key `tok2vec` alone, and fails with a KeyError. Afterwards the component can be sourced
    into pipelines that do not have what it listened to.

    nlp (Language): The pipeline; its component and its config are changed.
    listened (str): The component that is listened to, such as "transformer".
    name (str): The component that listens.
    RAISES (ValueError): spaCy's E890 or others, where nothing listens.
    """
    configs: dict[str, Any] = nlp._pipe_configs
    model = configs[name]["model"] if name in configs else {}
    if _EMBED in model:
        model[_TOK2VEC] = model[_EMBED]
    try:
        nlp.replace_listeners(listened, name, [f"model.{_EMBED}"])
    finally:
        # spaCy has put another config in place.
        for config in (model, configs.get(name, {}).get("model", {})):
            config.pop(_TOK2VEC, None)
