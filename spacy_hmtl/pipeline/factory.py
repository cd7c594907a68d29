"""The factory `hmtl` and its defaults. Read by spaCy at every start, so it imports nothing heavy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacy.language import Language
from thinc.api import Config, Model

if TYPE_CHECKING:
    from .component import HMTL


def _encoder(task: str, *, hidden_width: int = 64, depth: int = 2, input_dropout: float = 0.2) -> str:
    """The section of a task's encoder."""
    return f"""
[model.heads.{task}.encoder]
@architectures = "spacy_hmtl.BiLSTM.v1"
hidden_width = {hidden_width}
depth = {depth}
input_dropout = {input_dropout}
dropout = 0.2
output_dropout = 0.2
"""


# Sizes of encoders and heads are those of the authors' configurations where the paper's
# data allow; embeddings are spaCy's hash embeddings, so that nothing is downloaded.
DEFAULT_CONFIG = f"""
[model]
@architectures = "spacy_hmtl.HMTL.v1"
levels = [["ner"], ["emd"], ["relation", "coref"]]
max_segment = 256
lr_scale = 1.0
precision = "float32"
shortcuts = true

[model.embed]
@architectures = "spacy_hmtl.HashEmbedding.v1"
width = 96
rows = [5000, 1000, 2500, 1000]
attrs = ["NORM", "PREFIX", "SUFFIX", "SHAPE"]

[model.embed.characters]
@architectures = "spacy_hmtl.CharCNN.v1"
character_width = 16
n_filters = 64
filter_width = 3
dropout = 0.1

[model.heads]

[model.heads.ner]
@architectures = "spacy_hmtl.CRFTagger.v1"
layers = 1
{_encoder("ner")}
[model.heads.emd]
@architectures = "spacy_hmtl.CRFTagger.v1"
layers = 3
{_encoder("emd")}
[model.heads.relation]
@architectures = "spacy_hmtl.MultiHeadSelection.v1"
hidden_width = 64
activation = "relu"
prior = 0.01
max_distance = 16
{_encoder("relation")}
[model.heads.coref]
@architectures = "spacy_hmtl.SpanRanking.v1"
candidates = "spans"
train_candidates = "predicted"
max_span_width = 8
spans_per_token = 0.4
window = 1000
max_antecedents = 70
top_antecedents = 20
features = []
hidden_width = 150
depth = 2
feature_width = 20
pair_width = 128
dropout = 0.3
singletons = true
{_encoder("coref", hidden_width=128, depth=1, input_dropout=0.3)}"""


@Language.factory(
    "hmtl",
    assigns=[
        "doc.ents",
        "doc.spans",
        "token.ent_iob",
        "token.ent_type",
        "doc._.coref_clusters",
        "doc._.relations",
    ],
    default_config={
        **Config().from_str(DEFAULT_CONFIG),
        "relation_threshold": 0.5,
        "relation_thresholds": {},
        "coref_threshold": None,
        "singleton_threshold": 0.5,
        "temperatures": {},
        "nesting": "innermost",
        "max_grad_norm": 5.0,
        "gold_mentions_key": None,
        "overwrite_ents": False,
        "spans_keys": {"ner": "hmtl_entities", "emd": "mentions", "relation": "relations", "coref": "coref"},
        "keep_trf_data": False,
        "frozen": [],
        "scorer": {"@scorers": "spacy_hmtl.Scorer.v1"},
    },
    default_score_weights={
        "ents_f": 0.25,
        "ents_p": None,
        "ents_r": None,
        "ents_per_type": None,
        "mentions_f": 0.25,
        "mentions_p": None,
        "mentions_r": None,
        "mentions_per_type": None,
        "coref_f": 0.25,
        "coref_muc_f": None,
        "coref_b3_f": None,
        "coref_ceafe_f": None,
        "coref_lea_f": None,
        "coref_mentions_f": None,
        "relations_f": 0.25,
        "relations_p": None,
        "relations_r": None,
        "relations_per_type": None,
        "relations_boundaries_f": None,
        "relations_last_token_f": None,
    },
)
def make_hmtl_pipe(
    nlp: Language,
    name: str,
    model: Model[Any, Any],
    relation_threshold: float,
    relation_thresholds: dict[str, float],
    coref_threshold: float | None,
    singleton_threshold: float,
    temperatures: dict[str, float],
    nesting: str,
    max_grad_norm: float,
    gold_mentions_key: str | None,
    overwrite_ents: bool,
    spans_keys: dict[str, str],
    keep_trf_data: bool,
    frozen: list[str],
    scorer: Callable[..., dict[str, Any]] | None,
) -> HMTL:
    """Build the component; see `spacy_hmtl.pipeline.component.HMTL` for the settings."""
    from .component import HMTL
    from .loading import guard

    # A transformer that this one listens to stands before it, and is not loaded yet.
    guard(nlp, model)
    return HMTL(
        nlp.vocab,
        model,
        name,
        relation_threshold=relation_threshold,
        relation_thresholds=relation_thresholds,
        coref_threshold=coref_threshold,
        singleton_threshold=singleton_threshold,
        temperatures=temperatures,
        nesting=nesting,
        max_grad_norm=max_grad_norm,
        gold_mentions_key=gold_mentions_key,
        overwrite_ents=overwrite_ents,
        spans_keys=spans_keys,
        keep_trf_data=keep_trf_data,
        frozen=frozen,
        scorer=scorer,
    )


def make_checkpoint(
    *, folder: str, every: int = 500, best: str | None = None
) -> Callable[[Language, dict[str, Any]], None]:
    """A callback for `[training.before_update]`: the same `spacy train` command goes on where it was stopped.

    What is trained from a checkpoint is bit for bit what an undisturbed training would have made. The updates
    before it are drawn again, but not computed, and the scores before it are those that were
    found then. It serves a pipeline in which this component alone is trained.

    folder (str): Where the checkpoint is kept; not the output folder of the training. Remove it to
        begin from the start.
    every (int): Updates between two checkpoints.
    best (str, optional): Folder that gets `KEY.model` for each score of `[training.score_weights]`, the model's bytes
        (`pipe.model.from_bytes`) at that score's first best, and `joint.model`, those of the best pipeline.
    RETURNS (Callable): Called by the training loop with the pipeline and `step`.
    RAISES (ValueError): H205; H266, H267 and H268 when training begins.
    """
    from .checkpoint import Checkpoint

    return Checkpoint(Path(folder), every, None if best is None else Path(best))


def make_model_card(*, path: str | None = None) -> Callable[[Language], Language]:
    """A callback for `[training.before_to_disk]`: what `nlp.meta` says when a pipeline is saved.

    Losses, which `spacy train` puts among the scores, are taken out of `performance`: they are no accuracies.

    path (str, optional): A JSON object whose keys go into the meta: `description`, `author`, `email`, `url`,
        `license`, `sources` and others.
    RETURNS (Callable): Takes the pipeline and returns it.
    RAISES (ValueError): H101, H685.
    """
    from .card import read_card, with_card

    card = read_card(Path(path)) if path else {}
    return lambda nlp: with_card(nlp, card)
