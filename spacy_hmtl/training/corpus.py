"""The corpus reader: one block of settings per task, each Example tagged with what it teaches."""

from __future__ import annotations

import warnings
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from ..annotations.documents import copy_tokens
from ..annotations.gold import check_gold, place_of
from ..annotations.groups import ENTITIES, get_meta, is_annotated, set_meta, set_tasks
from ..annotations.layers import LAYERS, TASKS, Layers, group_keys, read, write
from ..annotations.slicing import split_doc
from ..annotations.validation import check
from ..data.docbin import read_docs
from ..data.label_map import Change, LabelMap, read_label_map
from ..errors import Errors, Warnings
from ..types import LabeledSpan
from .new_labels import waiting

# Settings of one task's data. path: a `.spacy` file, or a folder that is searched for them.
# limit: most documents to read; 0 reads all. gold_preproc: give predicted Docs the gold
# tokens and sentence boundaries (default true); Docs whose spacing is unknown always keep
# their tokens. max_length: split longer documents at sentence boundaries into parts of at most
# this many tokens (a longer sentence stays whole); 0 never splits; 1 makes every sentence
# an example of its own. labels: a label map, or its JSON file (see data/label_map.py).
TaskBlock = dict[str, Any]
_KEYS = ("path", "limit", "gold_preproc", "max_length", "labels")
# Where the label maps that a pipeline was trained with stand in `nlp.meta`.
_META, _MAPS = "spacy_hmtl", "label_maps"


def make_multi_task_corpus(
    *,
    ner: TaskBlock | None = None,
    emd: TaskBlock | None = None,
    relation: TaskBlock | None = None,
    coref: TaskBlock | None = None,
    share: bool = False,
) -> Callable[[Language], Iterable[Example]]:
    """Examples of several tasks, each from its own data.

    ner, emd, relation, coref (dict, optional): Settings of each task's data: `path` (a
        `.spacy` file or a folder), `limit`, `gold_preproc`, `max_length`, and `labels`: a
        label map or the path of one, which is kept in `nlp.meta["spacy_hmtl"]["label_maps"]`.
        One file may serve several tasks.
    share (bool): Make one Example for all tasks whose blocks are equal, for evaluation;
        training needs one task per Example.
    RETURNS (Callable): From `nlp` to Examples, task by task.
    RAISES (ValueError): H101, H104, H175, H205, H304 and H312, before the first Example.
    """
    blocks = {"ner": ner, "emd": emd, "relation": relation, "coref": coref}
    used = {task: _checked(task, block) for task, block in blocks.items() if block and block.get("path")}
    if not used:
        raise ValueError(Errors.H312.format(blocks=", ".join(TASKS)))
    return MultiTaskCorpus(used, share)


def _checked(task: str, block: TaskBlock) -> TaskBlock:
    section = f"[corpora.*.{task}]"
    if unknown := sorted(set(block) - set(_KEYS)):
        known = ", ".join(_KEYS)
        value = block[unknown[0]]
        raise ValueError(Errors.H205.format(key=unknown[0], expected=f"one of {known}", value=value, section=section))
    for key in ("limit", "max_length"):
        value = block.get(key, 0)
        if not isinstance(value, int) or value < 0:
            raise ValueError(Errors.H205.format(key=key, expected="0 or more", value=value, section=section))
    if not Path(block["path"]).exists():
        raise FileNotFoundError(Errors.H101.format(path=block["path"]))
    return block


class MultiTaskCorpus:
    """Reads the blocks of settings again each time it is called with `nlp`."""

    finds_new_labels = True

    def __init__(self, blocks: dict[str, TaskBlock], share: bool) -> None:
        self.blocks = blocks
        self.share = share
        self._reported: set[str] = set()
        # Files whose annotation was found to make sense, so that later passes need not look again.
        self._checked: set[str] = set()
        self._maps = {task: read_label_map(block["labels"]) for task, block in blocks.items() if block.get("labels")}

    def __call__(self, nlp: Language) -> Iterator[Example]:
        # A training has begun where the pipeline has an optimizer, see `nlp.resume_training`.
        for pipe in waiting(nlp, nlp.pipeline) if nlp._optimizer is not None else ():
            pipe.add_labels_of(self._examples(nlp))
        yield from self._examples(nlp)

    def _examples(self, nlp: Language) -> Iterator[Example]:
        # Equal blocks are read once.
        groups: dict[tuple[tuple[str, Any], ...], list[str]] = {}
        for task, block in self.blocks.items():
            key = tuple(sorted((k, str(v)) for k, v in block.items()))
            groups.setdefault(key, []).append(task)
        keys = _group_keys(nlp)
        for tasks in groups.values():
            block, label_map = self.blocks[tasks[0]], self._maps.get(tasks[0])
            if label_map is not None:
                _keep_map(nlp, tasks, label_map)
            later: dict[str, list[Doc]] = {task: [] for task in tasks}
            annotated = dict.fromkeys(tasks, False)
            for reference in self._read(nlp, block, tasks, label_map):
                teaches = [task for task in tasks if any(is_annotated(reference, task, key) for key in keys[task])]
                annotated.update(dict.fromkeys(teaches, True))
                if self.share and teaches:
                    yield _make_example(nlp, reference, teaches, block.get("gold_preproc", True))
                for task in () if self.share else teaches:
                    later[task].append(reference)
            # Task by task, so that the first few examples, which some commands take for a batch, are of one.
            for task, references in later.items():
                for reference in references:
                    yield _make_example(nlp, reference, [task], block.get("gold_preproc", True))
            for task, found in annotated.items():
                if not found:
                    raise ValueError(Errors.H304.format(path=block["path"], task=task, layer=LAYERS[task].place))

    def _read(self, nlp: Language, block: TaskBlock, tasks: list[str], label_map: LabelMap | None) -> Iterator[Doc]:
        """Documents of a block, split where they are too long."""
        limit, max_length = block.get("limit", 0), block.get("max_length", 0)
        cuts: Counter[str] = Counter()
        unnamed: set[str] = set()
        n_docs = 0
        for doc in read_docs(block["path"], nlp):
            if limit and n_docs == limit:
                break
            n_docs += 1
            if len(doc) == 0:
                continue
            is_split = 0 < max_length < len(doc)
            is_new = str(block["path"]) not in self._checked
            where = f"{block['path']}, document {n_docs}"
            if is_new:
                check_gold(doc, where)
            layers = read(doc) if is_split or is_new or label_map else Layers()
            if is_new:
                check(layers, [token.text for token in doc], place_of(doc, where))
            if label_map is not None:
                layers, change = _map_labels(doc, layers, label_map)
                unnamed.update(label for task in tasks for label in change.unnamed.get(task, ()))
            if not is_split:
                yield doc
                continue
            parts = split_points(doc, max_length)
            cuts.update(_count_cuts(layers, [start for start, _ in parts]))
            yield from split_doc(doc, layers, parts)
        self._checked.add(str(block["path"]))
        if n_docs == 0:
            raise ValueError(Errors.H104.format(path=block["path"]))
        self._report(block, cuts)
        if label_map is not None:
            self._report_labels(block, tasks, label_map, unnamed)

    def _report(self, block: TaskBlock, cuts: Counter[str]) -> None:
        """Say once per file what splitting has cost."""
        place = f"{block['path']} {block.get('max_length')}"
        if cuts.total() and block.get("max_length", 0) > 1 and place not in self._reported:
            self._reported.add(place)
            message = Warnings.W104.format(path=block["path"], max_length=block.get("max_length"), **cuts)
            warnings.warn(message, stacklevel=2)

    def _report_labels(self, block: TaskBlock, tasks: list[str], label_map: LabelMap, unnamed: set[str]) -> None:
        """Say once per block which labels the map and the data do not share."""
        place = f"{block['path']} {block['labels']}"
        if place in self._reported:
            return
        self._reported.add(place)
        unmet = {label for task in tasks for label in label_map.unmet().get(task, ())}
        for message, labels in ((Warnings.W180, unnamed), (Warnings.W181, unmet)):
            if labels:
                warnings.warn(message.format(path=block["path"], labels=", ".join(sorted(labels))), stacklevel=2)


def _map_labels(doc: Doc, layers: Layers, label_map: LabelMap) -> tuple[Layers, Change]:
    """Map the labels of a Doc. RETURNS (tuple): Its new layers, and what was done."""
    scored = ENTITIES in doc.spans
    layers, change = label_map.apply(layers)
    write(doc, layers, scored_entities=scored)
    if meta := label_map.apply_meta(get_meta(doc), layers, change):
        set_meta(doc, meta)
    return layers, change


def _keep_map(nlp: Language, tasks: list[str], label_map: LabelMap) -> None:
    """Let the map travel with the pipeline: what was learnt under its labels is not in the corpus any more."""
    maps: dict[str, Any] = nlp.meta.setdefault(_META, {}).setdefault(_MAPS, {})
    maps.update(dict.fromkeys(tasks, label_map.to_json()))


def _count_cuts(layers: Layers, starts: list[int]) -> dict[str, int]:
    """What splitting a Doc costs: mentions across a start, links between parts, relations between parts."""

    def part(span: LabeledSpan) -> int | None:
        first = bisect_right(starts, span.start)
        return first if bisect_right(starts, span.end - 1) == first else None

    clusters = layers.clusters or []
    mentions = {mention[:2]: mention for cluster in [layers.mentions or [], *clusters] for mention in cluster}
    parts = [{part(mention) for mention in cluster} - {None} for cluster in clusters]
    relations = [{part(relation.head), part(relation.tail)} for relation in layers.relations or []]
    return {
        "mentions": sum(part(mention) is None for mention in mentions.values()),
        "links": sum(len(own) - 1 for own in parts if own),
        "relations": sum(len(own) > 1 or None in own for own in relations),
    }


def _group_keys(nlp: Language) -> dict[str, set[str]]:
    """By task, the groups that components of the pipeline learn from: the usual ones, and those in `spans_keys`."""
    keys = {task: {layer.group} for task, layer in LAYERS.items()}
    pipes: list[Any] = [pipe for _, pipe in nlp.pipeline if hasattr(pipe, "tasks")]
    for pipe in pipes:
        for task, key in group_keys(pipe.cfg.get("spans_keys")).items():
            keys[task].add(key)
    return keys


def split_points(doc: Doc, max_length: int) -> list[tuple[int, int]]:
    """Parts of whole sentences, as many in each as fit into `max_length` tokens.

    A sentence longer than that stays whole. A Doc without sentence boundaries is cut every
    `max_length` tokens.
    """
    if not doc.has_annotation("SENT_START"):
        return [(start, min(start + max_length, len(doc))) for start in range(0, len(doc), max_length)]
    parts: list[tuple[int, int]] = []
    start = end = 0
    for sent in doc.sents:
        if sent.end - start > max_length and end > start:
            parts.append((start, end))
            start = end
        end = sent.end
    return [*parts, (start, end)]


def _make_example(nlp: Language, reference: Doc, tasks: list[str], gold_preproc: bool) -> Example:
    if gold_preproc or reference.has_unknown_spaces:
        predicted = copy_tokens(reference, nlp.vocab, sentences=gold_preproc)
    else:
        predicted = nlp.make_doc(reference.text)
    # A reference serves several examples when one file serves several tasks.
    tagged = reference.copy() if len(tasks) == 1 else reference
    set_tasks(tagged, tasks)
    return Example(predicted, tagged)
