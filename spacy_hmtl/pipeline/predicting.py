"""The part of the component that predicts, and the settings that one call may change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from spacy.tokens import Doc

from ..annotations import groups
from ..annotations.entities import set_entities, with_earlier
from ..annotations.layers import Layers, write
from ..bridge.beside import is_candidate_source
from ..bridge.model import Batch, states
from ..errors import Errors, Warnings
from ..types import LabeledSpan
from .batches import batches
from .effects import check_listened, is_idle, n_foreign
from .settings import check_settings
from .stored import Stored

# Tokens of a batch of prediction: short texts need many Docs to be fast, long ones must not fill the memory.
_MOST_TOKENS = 16_000
# Settings that concern a call alone; the others concern training, or what scores are made of.
_OF_A_CALL = (
    "relation_threshold",
    "relation_thresholds",
    "coref_threshold",
    "singleton_threshold",
    "temperatures",
    "overwrite_ents",
    "keep_trf_data",
)


class Predicting(Stored):
    """From Docs to annotation on them."""

    def __call__(self, doc: Doc, **settings: Any) -> Doc:
        """Annotate one Doc.

        doc (Doc): Changed in place.
        settings: For this call; see `pipe`.
        RETURNS (Doc): The same.
        """
        for annotated in self._annotate([doc], self._of_call(settings)):
            return annotated
        # An error handler that does not raise has dealt with it; spaCy's own pipes return None then.
        return None  # type: ignore[return-value]

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 1000, **settings: Any) -> Iterator[Doc]:
        """Annotate a stream in order, at most `batch_size` Docs and 16,000 tokens (or one longer Doc) at a time.

        stream (Iterable): Docs.
        batch_size (int): Most Docs that are predicted together.
        settings: Of the component, for this call: thresholds, temperatures, overwrite_ents, keep_trf_data. spaCy hands
            on what stands under the component's name in `component_cfg` of `nlp`, `nlp.pipe` and `nlp.evaluate`.
        YIELDS (Doc): The same Docs.
        RAISES (ValueError): H205, H600.
        """
        cfg = self._of_call(settings)
        for docs in batches(stream, batch_size, _MOST_TOKENS):
            yield from self._annotate(docs, cfg)

    def _annotate(self, docs: list[Doc], cfg: Mapping[str, Any]) -> list[Doc]:
        """The Docs, annotated; none of them where the pipeline's error handler lets an error pass."""
        try:
            self._write(docs, self._predictions(docs, cfg), cfg)
        except Exception as error:
            self.get_error_handler()(self.name, self, docs, error)
            return []
        return docs

    def _of_call(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Settings of the component with those of a call. RAISES (ValueError): H205, H600."""
        own: dict[str, Any] = self.cfg
        if not settings:
            return own
        if wrong := [key for key in settings if key not in _OF_A_CALL]:
            raise ValueError(Errors.H600.format(name=self.name, found=", ".join(wrong), known=", ".join(_OF_A_CALL)))
        cfg = {**own, **settings}
        check_settings(cfg, self.name, self.tasks)
        return cfg

    def predict(self, docs: Iterable[Doc]) -> list[Layers]:
        """Annotation of each Doc as plain tuples; the Docs are not changed.

        docs (Iterable): Docs.
        """
        return self._predictions(list(docs), self.cfg)

    def _predictions(self, docs: list[Doc], cfg: Mapping[str, Any]) -> list[Layers]:
        if self.replay is not None and self.replay.is_running:
            return [Layers()] * len(docs)
        if is_idle(cfg, self._usual_threshold, self.label_data.get("relation", ())):
            self._warn_once("W220", Warnings.W220.format(name=self.name, value=cfg["relation_threshold"]))
        key = cfg["gold_mentions_key"]
        given = None if key is None else [groups.get_mentions(doc, key) for doc in docs]
        return self._predict(docs, given, cfg)

    def _predict(
        self, docs: list[Doc], given: Sequence[Sequence[LabeledSpan] | None] | None, cfg: Mapping[str, Any]
    ) -> list[Layers]:
        check_listened(docs, self.model, self.name)
        beside = [self._of_others(doc, cfg) for doc in docs]
        shim: Any = self.model.shims[0]
        if given is None and shim.is_built and shim.hierarchy.given_needs and any(map(len, docs)):
            if not any(map(is_candidate_source, beside)):
                needs = ", ".join(sorted(shim.hierarchy.given_needs))
                self._warn_once("W172", Warnings.W172.format(name=self.name, needs=needs))
        predictions: list[Layers] = self.model.predict(Batch(docs, settings=cfg, given=given, beside=beside))
        return predictions

    def _predict_again(self, docs: list[Doc], given: Sequence[Sequence[LabeledSpan] | None]) -> list[Layers]:
        """Predict on Docs that the pipeline has annotated. RAISES (ValueError): H345."""
        if self._listens_to_transformer and any(doc._.trf_data is None for doc in docs):
            raise ValueError(Errors.H345.format(name=self.name))
        rest, found = iter(given), list[Layers]()
        for own in batches(docs, len(docs), _MOST_TOKENS):
            found += self._predict(own, list(islice(rest, len(own))), self.cfg)
        return found

    @property
    def _listens_to_transformer(self) -> bool:
        return any(node.name == "transformer-listener" for node in self.model.walk())

    def set_annotations(self, docs: Iterable[Doc], predictions: Sequence[Layers]) -> None:
        """Write names, mentions, clusters and relations; tasks outside the hierarchy are left alone.

        docs (Iterable): Docs, changed in place.
        predictions (Sequence): What `predict` returned for them.
        """
        self._write(docs, predictions, self.cfg)

    def _write(self, docs: Iterable[Doc], predictions: Sequence[Layers], cfg: Mapping[str, Any]) -> None:
        # Another component's listener may come after, so only a Doc whose vectors we asked for is cleared.
        listens = self._listens_to_transformer
        keys = self._keys()
        for doc, prediction in zip(docs, predictions):
            if prediction.entities is not None:
                names = with_earlier(doc, prediction.entities, keys["ner"], overwrite=cfg["overwrite_ents"])
                set_entities(doc, names, keys["ner"], complete=True)
            layers = prediction.keep(["emd", "coref", "relation"])
            self._warn_of_replaced(doc, layers, keys, cfg["gold_mentions_key"])
            write(doc, layers, keys)
            if listens and not cfg["keep_trf_data"]:
                doc._.trf_data = None

    def _warn_of_replaced(self, doc: Doc, layers: Layers, keys: Mapping[str, str], given: str | None) -> None:
        """Say where spans that others have put into a group of ours go (W221)."""
        for task in self.tasks if doc.spans else ():
            if task == "ner" or layers.of(task) is None or keys[task] == given:
                continue
            if n := n_foreign(doc, task, keys[task], self.label_data.get(task, ())):
                self._warn_once("W221", Warnings.W221.format(name=self.name, key=keys[task], n=n, task=task))

    def states(self, docs: Sequence[Doc]) -> dict[str, Any]:
        """States of every level and the embeddings: task (or "embeddings") -> one array per Doc.

        docs (Sequence): Docs.
        """
        return states(self.model, docs)
