"""Speed, memory and start: whole pipelines, training updates, growth with what is read.

    python benchmarks/speed.py all FOLDER --data corpus/open --demo corpus/demo --encoder ENCODER \\
        --trf training/open/model-best --cpu training/demo/model-best

or one thing at a time:

    python benchmarks/speed.py prepare FOLDER --data litbank-train.spacy --encoder ENCODER
    python benchmarks/speed.py paper FOLDER --data corpus/demo/train.spacy
    python benchmarks/speed.py run --data litbank-test.spacy --output results.json encoder=ENCODER \\
        trf=training/open/model-best cpu=training/demo/model-best \\
        spacy-ner=FOLDER/ner spacy-parts=FOLDER/parts
    python benchmarks/speed.py updates corpus/open --encoder ENCODER --output results.json
    python benchmarks/speed.py load training/demo/model-best --output results.json
    python benchmarks/speed.py growth training/demo/model-best litbank-test.spacy --output results.json
    python benchmarks/speed.py processes training/demo/model-best litbank-test.spacy --output results.json
    python benchmarks/speed.py plot results.json --picture docs/speed.svg

`prepare` trains what spaCy has for some of the tasks: a CNN `ner`, and `ner`, `spancat` and
experimental coreference on one shared transformer (short runs: speed is measured, not accuracy).
`paper` trains configs/hmtl.cfg on ELMo and word vectors of the published sizes with random
numbers. `run` loads each system, with each number of threads, in a process of its own and lets
them take turns, so that ratios hold on a noisy machine; the fastest round counts.
`encoder=FOLDER` is the transformer's forward pass alone: packs of 100 words, tokenized
beforehand, sorted by length, 16 at a time. CPU time is listed beside wall time. Two threads
should use nearly two CPU seconds in a second; where they use much less, other work took the rest,
and that row says nothing about two threads.
"""

from __future__ import annotations

import typer
from timing.chart import plot
from timing.compare import run
from timing.everything import everything
from timing.growth import growth
from timing.loading import load
from timing.parts import prepare
from timing.processes import processes
from timing.published import paper
from timing.updates import updates

app = typer.Typer(add_completion=False, no_args_is_help=True)
app.command("all")(everything)
for command in (prepare, paper, run, updates, load, growth, processes, plot):
    app.command()(command)

if __name__ == "__main__":
    app()
