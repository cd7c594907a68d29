"""The pipeline component: predicts four layers, learns each from its own examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vocab import Vocab
from thinc.api import Model

from ..annotations import extensions
from ..bridge.embeddings.protocol import hooks_of, local_paths
from ..bridge.model import initialize
from ..errors import Errors
from .gold_mentions import with_gold_mentions
from .growth import read_source
from .predicting import Predicting
from .saving import forget_paths
from .settings import check_settings
from .survey import add_words, check_tag

# Docs that widths are inferred from.
_N_SAMPLES = 10


class HMTL(Predicting):
    """Names, mentions, coreference and relations by one hierarchical model.

    vocab (Vocab): The pipeline's vocabulary.
    model (Model): See `spacy_hmtl.HMTL.v1`.
    name (str): The component's name in the pipeline.
    relation_threshold (float): Least probability of a relation.
    relation_thresholds (dict, optional): The same by label, for some labels.
    coref_threshold (float, optional): Least probability, of all its antecedents together, that a mention
        refers back to one. Left out, the likeliest choice counts, as in the paper.
    singleton_threshold (float): Least probability of an entity of one mention, where the
        coreference head was trained with singletons.
    temperatures (dict, optional): By task, what the log-odds of confidences are divided by, above 0; thresholds are
        compared with the result. `hmtl calibrate` fits them.
    nesting (str): Level of nested gold mentions that the flat tagger of EMD learns:
        "innermost" or "outermost".
    max_grad_norm (float): Global norm that gradients of an update are scaled down to; 0: never.
    gold_mentions_key (str, optional): Span group whose spans are clustered instead of the
        head's own candidates, where a Doc has it (the paper's gold-mention setup).
    overwrite_ents (bool): Replace the names that a Doc has already. If False they stay, and ours
        fill the rest. Blocked tokens stay blocked either way.
    spans_keys (dict, optional): By task, keys of the span groups that are written. Gold annotation is read
        from the same groups, or from the usual ones where a Doc lacks them.
    keep_trf_data (bool): Leave a shared transformer's output on the Doc after prediction. It is
        large; keep it where another listener comes after this component.
    frozen (list): Tasks whose encoder and head stand still in training, and "embeddings" for the layer below.
    scorer (Callable, optional): See `spacy_hmtl.Scorer.v1`.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Model[Any, Any],
        name: str = "hmtl",
        *,
        relation_threshold: float = 0.5,
        relation_thresholds: dict[str, float] | None = None,
        coref_threshold: float | None = None,
        singleton_threshold: float = 0.5,
        temperatures: dict[str, float] | None = None,
        nesting: str = "innermost",
        max_grad_norm: float = 5.0,
        gold_mentions_key: str | None = None,
        overwrite_ents: bool = False,
        spans_keys: dict[str, str] | None = None,
        keep_trf_data: bool = False,
        frozen: Sequence[str] = (),
        scorer: Callable[..., dict[str, Any]] | None = None,
    ) -> None:
        super().__init__()
        self.vocab = vocab
        self.model = model
        self.name = name
        self.scorer = scorer
        self.cfg: dict[str, Any] = {
            "relation_threshold": relation_threshold,
            "relation_thresholds": dict(relation_thresholds or {}),
            "coref_threshold": coref_threshold,
            "singleton_threshold": singleton_threshold,
            "temperatures": dict(temperatures or {}),
            "nesting": nesting,
            "max_grad_norm": max_grad_norm,
            "gold_mentions_key": gold_mentions_key,
            "overwrite_ents": overwrite_ents,
            "spans_keys": dict(spans_keys or {}),
            "keep_trf_data": keep_trf_data,
            "frozen": frozen if isinstance(frozen, str) else list(frozen),
        }
        check_settings(self.cfg, self.name, self.tasks)
        # What the config says; saved beside the settings, to know at load what a new config overrides.
        self._configured = deepcopy(self.cfg)
        self._usual_threshold = relation_threshold
        extensions.register()

    # --- training ---

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: dict[str, list[str]] | None = None,
        transfer: dict[str, Any] | None = None,
    ) -> None:
        """Find the labels, size the network and draw its weights. A trained model keeps its own, and gets new labels.

        nlp (Language, optional): The pipeline, whose config is cleaned of local paths.
        get_examples (Callable): Returns training examples of every task.
        labels (dict, optional): Labels per task, from `spacy init labels`, in their order.
        transfer (dict, optional): Take trained levels of another pipeline: `source` (its name or folder), `component`
            ("hmtl"), `levels` (tasks; all that fit), `embeddings` (true); see `HMTL.transfer`.
        RAISES (ValueError): H302 if a task of `levels` has no annotated example; H311; H347 to H349.
        """
        get_examples = self.progress.counting(get_examples, self._tasks_of)
        source, tasks, with_embeddings = (None, None, True) if transfer is None else read_source(transfer, self.name)
        if self._shim.is_built and (self._goes_on or self._has_learnt):
            self._keep_weights(get_examples, labels)
        else:
            self._begin(get_examples, nlp, labels, self._known_of(source, tasks))
        if source is not None:
            self.transfer(source, tasks, embeddings=with_embeddings)

    def _begin(
        self,
        get_examples: Callable[[], Iterable[Example]],
        nlp: Language | None,
        labels: dict[str, list[str]] | None,
        known: dict[str, list[str]],
    ) -> None:
        """Draw weights for the labels that are known, given or found."""
        samples: list[Doc] = []
        words: dict[int, str] = {}
        survey, pipes = self._survey(), [self] if nlp is None else [pipe for _, pipe in nlp.pipeline]
        for number, eg in enumerate(get_examples(), start=1):
            check_tag(eg.reference, self.model.attrs["levels"], pipes)
            self._check_gold(eg, f"example {number}")
            if len(samples) < _N_SAMPLES and len(eg.reference):
                samples.append(eg.predicted)
            add_words(words, eg.predicted)
            survey.add(eg.reference, self._tasks_of(eg), self._keys())
        if not samples:
            raise ValueError(Errors.H311.format(name=self.name))
        names = survey.labels(labels, known)
        survey.warn_of_nesting()
        paths = local_paths(self.model)
        for hooks in hooks_of(self.model):
            hooks.see_words(sorted(words.values()))
        initialize(self.model, samples, names, survey.arguments, survey.schema)
        if nlp is not None:
            forget_paths(nlp, paths)
        self._know_labels()
        self._goes_on = self._has_learnt = False

    def score(self, examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
        """Scores of the tasks in the hierarchy; see `spacy_hmtl.Scorer.v1`.

        With `gold_mentions_key`, coreference and relations are scored as predicted on the gold mentions.

        examples (Iterable): Examples with predictions.
        RAISES (ValueError): H345, if these cannot be predicted any more.
        """
        key = self.cfg["gold_mentions_key"]

        def score() -> dict[str, Any]:
            own = examples
            if key is not None:
                own = with_gold_mentions(examples, key, self._keys(), self.tasks, self._predict_again)
            result: dict[str, Any] = super(HMTL, self).score(own, **{"levels": self.model.attrs["levels"], **kwargs})
            return result

        return score() if self.replay is None else self.replay.scores(score, self.model.to_bytes)
