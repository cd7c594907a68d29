"""Worker processes of every kind, started by a process that has already predicted with several threads."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from spacy.training import Example
from tiny import assert_alike, tiny_nlp
from tiny_elmo import write_elmo
from tiny_encoder import encoder_block, write_encoder

# A worker whose threads were lost waits for ever; a healthy one needs seconds.
TIMEOUT = 240

# Predicts with two threads in this process, then in each way with workers; prints what both have found, and how many
# threads the workers and then this process have.
SCRIPT = """
import json, multiprocessing, sys
from pathlib import Path
import spacy, torch
from spacy.tokens import Doc
from spacy_hmtl.annotations.jsonl import doc_to_json

ways, method, model, texts = sys.argv[1].split(), sys.argv[2], Path(sys.argv[3]), json.loads(sys.argv[4])
folder = Path(sys.argv[0]).parent

class Threads:
    def __call__(self, doc):
        doc.user_data["threads"] = torch.get_num_threads()
        return doc

def as_pipe(nlp):
    nlp._components.append(("threads", Threads()))  # not a function of the registry: it must travel by pickle alone
    docs = list(nlp.pipe(texts, n_process=2, batch_size=4))
    return [doc_to_json(doc) for doc in docs], sorted({doc.user_data["threads"] for doc in docs})

def as_server(nlp):
    from functools import partial
    from spacy_hmtl.serve.models import encode_document
    from spacy_hmtl.serve.pool import Pool
    from spacy_hmtl.serve.schema import Limits
    pool = Pool("forked", partial(spacy.load, model), Limits(), describe=type)
    answers = pool.submit(texts, encode_document).result()
    pool.close()
    return [json.loads(answer) for answer in answers], [torch.get_num_threads()]

def as_annotator(nlp):
    from spacy_hmtl.integrations.annotator import Annotator
    return [json.loads(found.json) for found in Annotator(str(model)).annotate(texts)], [torch.get_num_threads()]

def as_command(nlp):
    from spacy_hmtl.annotate.run import annotate
    source, out = folder / f"{method}.jsonl", folder / f"{method}.out.jsonl"
    source.write_text("".join(json.dumps({"text": text}) + "\\n" for text in texts), encoding="utf8")
    annotate(str(model), source, out, batch_size=4, n_process=2)
    return [json.loads(line) for line in out.read_text(encoding="utf8").splitlines()], [1]

def in_child(send, work, nlp):
    send.send(work(nlp))

def main():
    multiprocessing.set_start_method(method)
    torch.set_num_threads(2)
    nlp = spacy.load(model)
    list(nlp.pipe(texts * 8))
    assert torch.get_num_threads() == 2
    torch.rand(1500, 1500) @ torch.rand(1500, 1500)  # large enough for both threads, whatever the model
    expected = [doc_to_json(nlp(text)) for text in texts]
    found = {}
    for way in ways:
        work = globals()["as_" + way]
        if way == "pipe":
            answer = work(nlp)
        else:
            receive, send = multiprocessing.Pipe(False)
            child = multiprocessing.Process(target=in_child, args=(send, work, nlp))
            child.start()
            answer = receive.recv()
            child.join()
        found[way] = [*answer, torch.get_num_threads()]
    print(json.dumps([expected, found]))

if __name__ == "__main__":
    main()
"""


def without_scores(value: Any) -> Any:
    """JSON without confidences, whose last digits depend on threads and batches."""
    if isinstance(value, dict):
        return {key: without_scores(one) for key, one in value.items() if key not in ("score", "links", "id", "name")}
    return [without_scores(one) for one in value] if isinstance(value, list) else value


def run_script(ways: str, method: str, model: Path, texts: list[str], folder: Path) -> tuple[Any, dict[str, Any]]:
    script = folder / "script.py"
    script.write_text(SCRIPT, encoding="utf8")
    environment = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}
    with subprocess.Popen(
        [sys.executable, str(script), ways, method, str(model), json.dumps(texts)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    assert process.returncode == 0, err
    expected, found = json.loads(out.splitlines()[-1])
    return expected, found


def check(expected: Any, found: list[Any]) -> None:
    """A worker with one thread has found the same, and the process that started it has two as before."""
    answers, threads, own = found
    assert without_scores(answers) == without_scores(expected)
    assert threads == [1]
    assert own == 2


@pytest.fixture(scope="module")
def forked(model_path: Path, texts: list[str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, dict[str, Any]]:
    """What is found in every way, one after the other in one process."""
    if not hasattr(os, "fork"):
        pytest.skip("Windows has no fork")
    folder = tmp_path_factory.mktemp("forked")
    return run_script("server annotator command pipe", "fork", model_path, texts, folder)


@pytest.mark.parametrize("way", ["pipe", "server", "annotator", "command"])
def test_a_forked_process_finds_the_same(way: str, forked: tuple[Any, dict[str, Any]]) -> None:
    expected, found = forked
    check(expected, found[way])


@pytest.mark.slow
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_fresh_process_finds_the_same_with_one_thread(
    method: str, model_path: Path, texts: list[str], tmp_path: Path
) -> None:
    if method == "forkserver" and not hasattr(os, "fork"):
        pytest.skip("Windows has no fork")
    expected, found = run_script("pipe", method, model_path, texts, tmp_path)
    check(expected, found["pipe"])


@pytest.mark.parametrize("kind", ["transformer", "elmo"])
def test_every_component_travels_to_a_process_that_is_not_forked(
    kind: str, demo_examples: list[Example], tmp_path: Path
) -> None:
    if kind == "transformer":
        embed = encoder_block(write_encoder(tmp_path / "encoder"))
    else:
        embed = {"@architectures": "spacy_hmtl.ELMo.v1", **write_elmo(tmp_path / "elmo")}
    nlp = tiny_nlp(demo_examples, [["ner"], ["coref"]], model={"embed": embed})
    nlp.update(demo_examples)  # from now on vectors are remembered
    small = len(pickle.dumps(nlp.get_pipe("hmtl")))
    for _ in range(2):
        nlp.update([Example.from_dict(nlp.make_doc(f"Number {i} left."), {"entities": []}) for i in range(200)])
    data = pickle.dumps(nlp.get_pipe("hmtl"))
    assert len(data) < 1.2 * small  # what was remembered stays behind
    pipe = pickle.loads(data)
    text = "Dell said it left Austin."
    assert_alike(pipe(nlp.make_doc(text)), nlp(text))


def test_a_fork_leaves_this_process_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(os, "fork"):
        pytest.skip("Windows has no fork")
    monkeypatch.delenv("TOKENIZERS_PARALLELISM", raising=False)
    n_threads = torch.get_num_threads()
    child = os.fork()
    if child == 0:
        os._exit(int(os.environ.get("TOKENIZERS_PARALLELISM") != "false" or torch.get_num_threads() != 1))
    assert os.waitpid(child, 0)[1] == 0
    assert "TOKENIZERS_PARALLELISM" not in os.environ
    assert torch.get_num_threads() == n_threads
