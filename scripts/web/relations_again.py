"""Train the relation level of a pipeline again, on top of the others, which stay as they are to the bit.

    python scripts/web/relations_again.py MODEL RELATIONS OUTPUT [UPDATES]

In the joint training a property that KnowledgeNet's annotators did not look for teaches nothing, so that the head
finds too many; RELATIONS is the folder in which a share of the passages says that there are none.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import spacy
import torch
from spacy.util import fix_random_seed
from thinc.api import Adam

from spacy_hmtl.training.corpus import make_multi_task_corpus

N_DOCS = 12
RATE = 0.001
_BELOW_AND_BESIDE = ["embeddings", "ner", "emd", "coref"]


def main(model: str, folder: Path, output: Path, n_updates: int) -> None:
    """Load, train and save."""
    torch.set_num_threads(1)
    fix_random_seed(0)
    nlp = spacy.load(model, config={"components.hmtl.frozen": _BELOW_AND_BESIDE})
    pipe: Any = nlp.get_pipe("hmtl")
    optimizer = Adam(RATE, L2=0.0, grad_clip=0.0, use_averages=True)
    n_warm = max(1, n_updates // 10)
    examples = list(make_multi_task_corpus(relation={"path": folder})(nlp))
    losses: dict[str, float] = {}
    order: list[Any] = []
    for number in range(n_updates):
        if len(order) < N_DOCS:
            order = random.sample(examples, len(examples))
        batch, order = order[:N_DOCS], order[N_DOCS:]
        optimizer.learn_rate = RATE * min((number + 1) / n_warm, 1 - number / n_updates)
        pipe.update(batch, drop=0.1, sgd=optimizer, losses=losses)
        if number % 100 == 99:
            print(number + 1, round(losses["hmtl_relation"] / 100, 2), flush=True)
            losses = {}
    with pipe.model.use_params(optimizer.averages):
        pipe.cfg["frozen"] = []
        nlp.to_disk(output)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]) if len(sys.argv) > 4 else 600)
