"""One start of a pipeline, timed; `loading.py` runs this file in fresh processes.

    python start.py WAY STARTED PIPELINE [MODULES.json]

WAY is `plain` (what a user writes), `modules` (write what a load imports into MODULES.json) or
`steps` (theirs first, so that what is left is ours alone). STARTED is the caller's
`time.perf_counter()`, which on Linux and macOS runs alike for all processes of a machine.
Nothing is imported at the top: every import is part of what is measured.
"""

import sys
import time


def plain(started: float, pipeline: str) -> dict[str, float]:
    import spacy

    spacy.load(pipeline)
    return {"all": time.perf_counter() - started, "cpu": time.process_time()}


def modules(pipeline: str, path: str) -> dict[str, float]:
    import json

    import spacy

    nlp = spacy.load(pipeline)
    own = [name for name, factory in nlp.pipe_factories.items() if factory == "hmtl"]
    # In the order in which they were asked for.
    names = [name for name in sys.modules if name != "__main__"]
    with open(path, "w") as file:
        json.dump({"components": own, "modules": names}, file)
    return {}


def steps(started: float, pipeline: str, path: str) -> dict[str, float]:
    times = [started, time.perf_counter()]

    def step() -> None:
        times.append(time.perf_counter())

    import torch  # noqa: F401

    step()
    import spacy

    step()
    import importlib
    import itertools
    import json

    with open(path) as file:
        wanted = json.load(file)
    for ours in (False, True):
        for name in wanted["modules"]:
            if (name.split(".")[0] == "spacy_hmtl") == ours and name not in sys.modules:
                try:
                    importlib.import_module(name)
                except Exception:  # some packages put names into sys.modules by hand
                    continue
        step()
    # Once for what spaCy finds out once (registries, the language), and once warm, to take from the third.
    spacy.load(pipeline, exclude=wanted["components"])
    step()
    spacy.load(pipeline, exclude=wanted["components"])
    step()
    spacy.load(pipeline)
    step()
    seconds = [late - early for early, late in itertools.pairwise(times)]
    python, torch_, spacy_, other, our_modules, spacy_load, again, whole = seconds
    found = {"python": python, "torch": torch_, "spacy": spacy_, "other": other, "spacy_load": spacy_load}
    our_load = max(0.0, whole - again)
    return {**found, "our_modules": our_modules, "our_load": our_load, "ours": our_modules + our_load}


if __name__ == "__main__":
    way, started_at, *rest = sys.argv[1:]
    if way == "modules":
        result = modules(*rest)
    else:
        result = (plain if way == "plain" else steps)(float(started_at), *rest)
    print(__import__("json").dumps(result))
