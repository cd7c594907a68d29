"""The batcher: frequencies against the formula, epochs, one task a batch, nothing repeated early."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import Any

import pytest
import spacy
from spacy.tokens import Doc
from spacy.training import Example

from spacy_hmtl.annotations import get_tasks, set_tasks
from spacy_hmtl.training.batcher import make_task_batcher

NLP = spacy.blank("en")
COUNTS = {"ner": 7, "emd": 3, "coref": 20}
SIZES = {"ner": 2, "emd": 3, "coref": 4}
N_BATCHES = {"ner": 4, "emd": 1, "coref": 5}  # the quotients, rounded up


def make_examples(counts: dict[str, int]) -> list[Example]:
    examples = []
    for task, count in counts.items():
        for number in range(count):
            reference = Doc(NLP.vocab, words=[f"{task}{number}"])
            set_tasks(reference, [task])
            examples.append(Example(Doc(NLP.vocab, words=[f"{task}{number}"]), reference))
    return examples


def batcher(sampling: str = "proportional", seed: int = 0, size: dict[str, int] = SIZES) -> Any:
    return make_task_batcher(size=size, sampling=sampling, seed=seed)


def task_of(batch: list[Example]) -> str:
    (tasks,) = {get_tasks(eg.reference) for eg in batch}
    assert tasks is not None
    assert len(tasks) == 1
    return tasks[0]


def names(batch: list[Example]) -> list[str]:
    return [eg.reference[0].text for eg in batch]


def epochs(batch: Any, examples: list[Example]) -> Iterator[list[Example]]:
    """Batches without end, as `spacy train` draws them: the same list, shuffled for each epoch."""
    rng = random.Random(0)
    while True:
        rng.shuffle(examples)
        yield from batch(examples)


@pytest.mark.parametrize("sampling", ["proportional", "uniform"])
def test_an_epoch_has_as_many_batches_as_all_tasks_together(sampling: str) -> None:
    draw, examples = batcher(sampling), make_examples(COUNTS)
    for _ in range(3):
        assert len(list(draw(examples))) == sum(N_BATCHES.values())


@pytest.mark.parametrize("sampling", ["proportional", "uniform"])
def test_every_batch_is_of_one_task_and_no_larger_than_its_size(sampling: str) -> None:
    for batch in islice(epochs(batcher(sampling), make_examples(COUNTS)), 60):
        assert 1 <= len(batch) <= SIZES[task_of(batch)]


@pytest.mark.parametrize(
    ("sampling", "shares"),
    [("proportional", {t: n / 10 for t, n in N_BATCHES.items()}), ("uniform", dict.fromkeys(COUNTS, 1 / 3))],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_tasks_are_drawn_with_the_probabilities_of_the_formula(
    sampling: str, shares: dict[str, float], seed: int
) -> None:
    n_draws = 4000
    drawn = Counter(task_of(b) for b in islice(epochs(batcher(sampling, seed), make_examples(COUNTS)), n_draws))
    for task, share in shares.items():
        sigma = math.sqrt(n_draws * share * (1 - share))
        assert abs(drawn[task] - n_draws * share) < 3 * sigma


def test_the_next_task_does_not_depend_on_the_last() -> None:
    drawn = [task_of(batch) for batch in islice(epochs(batcher(), make_examples(COUNTS)), 4000)]
    after_coref = [later for task, later in pairwise(drawn) if task == "coref"]
    share, n_draws = N_BATCHES["coref"] / 10, len(after_coref)
    assert abs(after_coref.count("coref") - n_draws * share) < 3 * math.sqrt(n_draws * share * (1 - share))


def test_all_data_of_a_task_are_seen_before_any_repeats() -> None:
    seen: dict[str, list[str]] = {task: [] for task in COUNTS}
    for batch in islice(epochs(batcher(), make_examples(COUNTS)), 200):
        seen[task_of(batch)] += names(batch)
    for task, count in COUNTS.items():
        rounds = [seen[task][i : i + count] for i in range(0, len(seen[task]) - count + 1, count)]
        assert len(rounds) > 5
        assert all(sorted(own) == sorted(f"{task}{n}" for n in range(count)) for own in rounds)
        assert len(set(map(tuple, rounds))) > 1  # shuffled again


def test_a_seed_decides_everything() -> None:
    runs = []
    for seed in (5, 5, 6):
        batches = islice(epochs(batcher(seed=seed), make_examples(COUNTS)), 40)
        runs.append([names(batch) for batch in batches])
    assert runs[0] == runs[1] != runs[2]


def test_other_examples_start_a_new_round() -> None:
    # As with max_epochs = -1, where the corpus is read again for each epoch.
    draw = batcher(size={"ner": 2})
    for number in range(5):
        examples = make_examples({"ner": 5 + number % 2})
        batches = list(draw(iter(examples)))
        assert sorted(name for batch in batches for name in names(batch)) == sorted(names(examples))


def test_no_examples_make_no_batches() -> None:
    assert list(batcher()([])) == []


def test_unknown_sampling_is_refused() -> None:
    with pytest.raises(ValueError, match='must be "proportional" or "uniform", found \'often\''):
        batcher("often")


def test_a_batch_size_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="batch size of 'emd' must be at least 1, found 0"):
        batcher(size={"ner": 1, "emd": 0})


def test_a_task_without_a_size_is_refused() -> None:
    with pytest.raises(ValueError, match="'coref' but has no size for it"):
        list(batcher(size={"ner": 1, "emd": 1})(make_examples(COUNTS)))


@pytest.mark.parametrize("tasks", [None, ("ner", "emd")])
def test_examples_that_do_not_carry_one_task_are_refused(tasks: tuple[str, ...] | None) -> None:
    doc = NLP.make_doc("Dell")
    if tasks:
        set_tasks(doc, tasks)
    with pytest.raises(ValueError, match="carry no task"):
        list(batcher()([Example(NLP.make_doc("Dell"), doc)]))


@pytest.mark.parametrize(
    ("sampling", "temperature", "weights", "expected"),
    [
        ("proportional", 2.0, {}, {"ner": 2.0, "emd": 1.0, "coref": 5**0.5}),
        ("proportional", 1.0, {"emd": 3.0, "coref": 0.5}, {"ner": 4.0, "emd": 3.0, "coref": 2.5}),
        ("uniform", 7.0, {"ner": 2.0}, {"ner": 2.0, "emd": 1.0, "coref": 1.0}),
    ],
)
def test_temperature_and_weights_change_the_probabilities(
    sampling: str, temperature: float, weights: dict[str, float], expected: dict[str, float]
) -> None:
    batch = make_task_batcher(size=SIZES, sampling=sampling, seed=1, temperature=temperature, weights=weights)
    drawn = Counter(task_of(own) for own in islice(epochs(batch, make_examples(COUNTS)), 6_000))
    total = sum(expected.values())
    assert {task: n / 6_000 for task, n in drawn.items()} == pytest.approx(
        {task: share / total for task, share in expected.items()}, abs=0.03
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": 0.0}, r"temperature must be above 0, found 0\.0"),
        ({"weights": {"ner": 0.0}}, r"ner must be above 0, found 0\.0"),
        ({"weights": {"mood": 1.0}}, "weights must be of ner or emd or coref, found 'mood'"),
    ],
)
def test_impossible_temperatures_and_weights_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_task_batcher(size=SIZES, sampling="proportional", seed=0, **settings)
