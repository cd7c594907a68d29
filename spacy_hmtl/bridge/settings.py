"""Registered settings of encoders and heads: frozen values, checked where they are made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import Errors
from ..nn.encoder import BiLSTMConfig, EncoderConfig
from ..nn.heads.coref import CorefConfig
from ..nn.heads.coref.config import CANDIDATES, FEATURES, TRAIN_CANDIDATES
from ..nn.heads.protocol import HeadConfig
from ..nn.heads.relation import ACTIVATIONS, RelationConfig
from ..nn.heads.span_pairs import SOURCES, RelationRule, SpanPairConfig
from ..nn.heads.tagger import TaggerConfig


def make_bilstm(
    *,
    hidden_width: int = 64,
    depth: int = 2,
    input_dropout: float = 0.2,
    dropout: float = 0.2,
    output_dropout: float = 0.2,
) -> BiLSTMConfig:
    """Settings of a task's biLSTM encoder; its input width is computed.

    hidden_width (int): Units per direction.
    depth (int): Stacked layers.
    input_dropout (float): On what the encoder reads.
    dropout (float): Between layers.
    output_dropout (float): On the states.
    RETURNS (BiLSTMConfig): Frozen.
    """
    _positive("[...encoder]", hidden_width=hidden_width, depth=depth)
    _share("[...encoder]", input_dropout=input_dropout, dropout=dropout, output_dropout=output_dropout)
    return BiLSTMConfig(hidden_width, depth, input_dropout, dropout, output_dropout)


def make_tagger(*, encoder: EncoderConfig | None = None, layers: int = 1) -> TaggerConfig:
    """Settings of a tagging head (NER, EMD): linear layer and CRF over BILUO tags.

    encoder (EncoderConfig, optional): The task's encoder; left out, a `spacy_hmtl.BiLSTM.v1` with its defaults.
    layers (int): Levels of nesting that can be found, each with a CRF of its own; 1 is
        the paper's flat tagger.
    RETURNS (TaggerConfig): Frozen; widths and labels come later.
    """
    _positive("[...heads]", layers=layers)
    return TaggerConfig(encoder or make_bilstm(), layers)


def make_relation(
    *,
    encoder: EncoderConfig | None = None,
    hidden_width: int = 64,
    activation: str = "relu",
    prior: float = 0.01,
    max_distance: int = 16,
) -> RelationConfig:
    """Settings of the relation head: multi-head selection between tokens of a sentence.

    encoder (EncoderConfig, optional): The task's encoder; left out, a `spacy_hmtl.BiLSTM.v1` with its defaults.
    hidden_width (int): Width of the pair vector.
    activation (str): "relu" or "tanh".
    prior (float): Probability of a relation that the output bias starts from, in (0, 1).
    max_distance (int): Signed distances between the arguments, in tokens, that an
        embedding tells apart; 0 leaves distance out, as the paper does.
    RETURNS (RelationConfig): Frozen.
    """
    section = "[...heads.relation]"
    _positive(section, hidden_width=hidden_width)
    if activation not in ACTIVATIONS:
        _fail("activation", " or ".join(ACTIVATIONS), activation, section)
    if not 0.0 < prior < 1.0:
        _fail("prior", "between 0 and 1", prior, section)
    if max_distance < 0:
        _fail("max_distance", "0 or more", max_distance, section)
    return RelationConfig(encoder or make_bilstm(), hidden_width, activation, prior, max_distance)


def make_span_pairs(
    *,
    encoder: EncoderConfig | None = None,
    arguments: str = "own",
    layers: int = 1,
    hidden_width: int = 150,
    feature_width: int = 16,
    context: bool = True,
    dropout: float = 0.3,
    prior: float = 0.05,
    window: int = 0,
    warmup_updates: int = 200,
    seen_types: bool = True,
    schema: dict[str, dict[str, Any]] | None = None,
) -> SpanPairConfig:
    """Settings of the relation head that reads spans: it finds typed arguments, and scores their ordered pairs.

    encoder (EncoderConfig, optional): The task's encoder; left out, a `spacy_hmtl.BiLSTM.v1` with its defaults.
    arguments (str): "own": a CRF tagger for the argument types of the relation corpus; "emd" or "ner":
        what that task's head finds, where the label sets agree, as in ACE 2005.
    layers (int): Levels of nesting that the head's own tagger finds.
    hidden_width (int): Width of the vectors of arguments and of pairs.
    feature_width (int): Embeddings of argument types and of distances.
    context (bool): Pool the words between two arguments into their pair.
    dropout (float): On the vectors of arguments and pairs.
    prior (float): Probability of a relation that the output bias starts from, in (0, 1).
    window (int): Tokens of a document within which arguments are paired, so that relations may
        cross sentences; 0: within their sentence.
    warmup_updates (int): Updates after which wrongly found arguments are negative examples, too.
    seen_types (bool): Allow only argument types that a relation had in training (three times at least).
    schema (dict, optional): What is known of a label: `heads` and `tails` (types of its arguments),
        `symmetric`, `inverse` (a label), `one_per_head`.
    RETURNS (SpanPairConfig): Frozen; widths and labels come later.
    """
    section = "[...heads.relation]"
    _positive(section, layers=layers, hidden_width=hidden_width, feature_width=feature_width)
    _share(section, dropout=dropout)
    if arguments not in SOURCES:
        _fail("arguments", " or ".join(SOURCES), arguments, section)
    if not 0.0 < prior < 1.0:
        _fail("prior", "between 0 and 1", prior, section)
    for key, value in (("window", window), ("warmup_updates", warmup_updates)):
        if value < 0:
            _fail(key, "0 or more", value, section)
    rules = {label: _rule(label, rule) for label, rule in (schema or {}).items()}
    return SpanPairConfig(
        encoder or make_bilstm(),
        arguments,
        layers,
        hidden_width,
        feature_width,
        context,
        dropout,
        prior,
        window,
        warmup_updates,
        seen_types,
        rules,
    )


def _rule(label: str, rule: dict[str, Any]) -> RelationRule:
    """RAISES (ValueError): H264."""
    kinds: dict[str, type] = {"heads": list, "tails": list, "symmetric": bool, "inverse": str, "one_per_head": bool}
    for key, value in rule.items():
        if key not in kinds:
            raise ValueError(Errors.H264.format(label=label, reason=f"the unknown key {key!r}"))
        names = value if isinstance(value, list) else []
        if not isinstance(value, kinds[key]) or not all(isinstance(name, str) for name in names):
            raise ValueError(Errors.H264.format(label=label, reason=f"the value {value!r} for {key}"))
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in rule.items()}
    return RelationRule(**values)


def make_coref(
    *,
    encoder: EncoderConfig | None = None,
    candidates: str = "spans",
    train_candidates: str = "predicted",
    max_span_width: int = 8,
    spans_per_token: float = 0.4,
    window: int = 1000,
    max_antecedents: int = 70,
    top_antecedents: int = 20,
    hidden_width: int = 150,
    depth: int = 2,
    feature_width: int = 20,
    pair_width: int = 128,
    features: Sequence[str] = (),
    dropout: float = 0.3,
    singletons: bool = True,
    mention_weight: float = 0.0,
    equal_names: bool = False,
) -> CorefConfig:
    """Settings of the coreference head: span ranking.

    encoder (EncoderConfig, optional): The task's encoder; left out, a `spacy_hmtl.BiLSTM.v1` with its defaults.
    candidates (str): "spans", all spans up to a width; "mentions", those of the EMD head.
    train_candidates (str): With "mentions": the corpus' mentions ("gold") or those the
        EMD head finds ("predicted").
    max_span_width (int): Widest candidate of "spans", in tokens.
    spans_per_token (float): Spans kept after pruning, as a share of the tokens.
    window (int): Tokens of a document whose spans compete to be kept. A longer document is
        resolved window by window, with antecedents carried over.
    max_antecedents (int): How many kept spans back a mention may refer.
    top_antecedents (int): From coarse to fine: how many of these, the best by a bilinear
        score, the feed-forward scorer sees. 0 scores all of them, as the paper does.
    hidden_width, depth (int): Feed-forward scorers.
    feature_width (int): Width and distance embeddings.
    pair_width (int): Width span vectors are projected to before they are multiplied; 0
        multiplies the full vectors, as the paper does.
    features (list): Any of "speaker", "genre" and "words" (equal strings and roots, pronouns, names,
        distances in tokens and sentences).
    dropout (float): In the scorers and on the features.
    singletons (bool): Whether the corpus marks entities of a single mention.
    mention_weight (float): Weight of a loss of their own for the mention scores of all spans.
    equal_names (bool): Entities that are called by one name, letter by letter, are one entity,
        however far apart; needs the feature "words".
    RETURNS (CorefConfig): Frozen.
    """
    section = "[...heads.coref]"
    _positive(
        section,
        max_span_width=max_span_width,
        window=window,
        max_antecedents=max_antecedents,
        hidden_width=hidden_width,
        depth=depth,
        feature_width=feature_width,
    )
    _share(section, dropout=dropout)
    if candidates not in CANDIDATES:
        _fail("candidates", " or ".join(CANDIDATES), candidates, section)
    if train_candidates not in TRAIN_CANDIDATES:
        _fail("train_candidates", " or ".join(TRAIN_CANDIDATES), train_candidates, section)
    if set(features) - set(FEATURES) or len(set(features)) < len(features):
        _fail("features", "a list of " + " and ".join(FEATURES) + ", each at most once", features, section)
    if mention_weight < 0:
        _fail("mention_weight", "0 or more", mention_weight, section)
    if equal_names and "words" not in features:
        _fail("equal_names", 'false without the feature "words"', equal_names, section)
    if top_antecedents < 0:
        _fail("top_antecedents", "0 or more", top_antecedents, section)
    if spans_per_token <= 0:
        _fail("spans_per_token", "above 0", spans_per_token, section)
    if pair_width < 0:
        _fail("pair_width", "0 or a width", pair_width, section)
    return CorefConfig(
        encoder or make_bilstm(),
        candidates,
        train_candidates,
        max_span_width,
        spans_per_token,
        window,
        max_antecedents,
        top_antecedents,
        hidden_width,
        depth,
        feature_width,
        pair_width,
        tuple(features),
        dropout,
        singletons,
        mention_weight,
        equal_names,
    )


def default_heads() -> dict[str, HeadConfig]:
    """By task, the settings of a head of its kind with nothing but defaults. RETURNS (dict): New at each call."""
    return {"ner": make_tagger(), "emd": make_tagger(), "relation": make_relation(), "coref": make_coref()}


def _positive(section: str, **values: int) -> None:
    for key, value in values.items():
        if value < 1:
            _fail(key, "at least 1", value, section)


def _share(section: str, **values: float) -> None:
    for key, value in values.items():
        if not 0.0 <= value < 1.0:
            _fail(key, "at least 0 and below 1", value, section)


def _fail(key: str, expected: str, value: object, section: str) -> None:
    raise ValueError(Errors.H205.format(key=key, expected=expected, value=value, section=section))
