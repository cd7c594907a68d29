"""`annotate` stopped at any moment goes on to the same output, no document lost or doubled."""

import importlib.util
import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import spacy
from cli.lines import read_lines, write_lines
from spacy.tokens import Doc, DocBin

from spacy_hmtl.annotate.fingerprint import fingerprint
from spacy_hmtl.annotate.outputs import Output, encode_line
from spacy_hmtl.annotate.partial import PartialDocs
from spacy_hmtl.annotate.records import pack_record
from spacy_hmtl.annotate.run import annotate
from spacy_hmtl.annotations import set_meta

needs_pyarrow = pytest.mark.skipif(
    importlib.util.find_spec("pyarrow") is None, reason='needs pip install "spacy-hmtl[parquet]"'
)


def leave_partial(out, content, model):
    """What a stopped run of `model` has left."""
    partial = out.with_name(out.name + ".partial")
    partial.write_bytes(content)
    out.with_name(out.name + ".partial.json").write_text(json.dumps({"model": fingerprint(str(model))}))
    return partial


def with_path(folder):
    """The environment of a process that finds the packages in a folder."""
    path = os.pathsep.join([str(folder), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    return {**os.environ, "PYTHONPATH": path}


def as_lines(records):
    return "".join(json.dumps(record) + "\n" for record in records).encode()


@pytest.fixture(scope="module", params=[".jsonl", ".spacy", pytest.param(".parquet", marks=needs_pyarrow)])
def undisturbed(request, failing_model_path, poisoned_texts, tmp_path_factory):
    """What a run makes that is not stopped, as a file of some kind; its errors lie beside it."""
    folder = tmp_path_factory.mktemp("undisturbed")
    expected = folder / f"expected{request.param}"
    annotate(str(failing_model_path), write_lines(folder / "in.jsonl", poisoned_texts), expected, batch_size=2)
    return expected


@pytest.mark.parametrize("n_before", [0, 1, 3, 4])
def test_a_stopped_run_goes_on_to_the_same_output(
    failing_model_path, poisoned, undisturbed, tmp_path, monkeypatch, n_before
):
    suffix = undisturbed.suffix
    out = tmp_path / f"out{suffix}"
    partial = tmp_path / f"out{suffix}.partial"
    add = Output.add

    def stop(self, payload):
        if self.n_docs == n_before:
            raise KeyboardInterrupt
        add(self, payload)

    monkeypatch.setattr(Output, "add", stop)
    with pytest.raises(KeyboardInterrupt):
        annotate(str(failing_model_path), poisoned, out, batch_size=2)
    monkeypatch.undo()
    assert not out.exists()
    if partial.exists():
        with partial.open("ab") as file:
            file.write(b'\0\0\0\0\0\0\1\0{"id":3,"text":"half a li')
    report = annotate(str(failing_model_path), poisoned, out, batch_size=2)
    assert report.n_docs == 5
    assert report.n_resumed >= n_before
    assert out.read_bytes() == undisturbed.read_bytes()
    assert read_lines(report.errors) == read_lines(undisturbed.with_name(f"{undisturbed.name}.errors.jsonl"))
    assert {p.name for p in tmp_path.iterdir() if "errors" not in p.name} == {"in.jsonl", f"out{suffix}"}


# Many processes from one that has imported everything: starts take seconds, forks take none.
KILLER = """
    import os, random, signal, sys, time
    from pathlib import Path
    import torch
    from spacy_hmtl.annotate.run import annotate

    torch.set_num_threads(1)
    model, source, out, longest = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), float(sys.argv[4])
    choose = random.Random(int(sys.argv[5]))
    n_kills = 0
    while not out.exists():
        child = os.fork()
        if not child:
            annotate(model, source, out, batch_size=4)
            os._exit(0)
        if n_kills < 3:
            time.sleep(choose.uniform(0.2, longest))
            os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
        n_kills += status != 0
    print(n_kills)
    """


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills and forks as Unix does")
@pytest.mark.parametrize("suffix", [".jsonl", ".spacy"])
@pytest.mark.usefixtures("one_thread")
def test_kills_lose_and_double_nothing(failing_model_path, poison_package, texts, tmp_path, suffix):
    some = [*texts, "poison"]
    source = write_lines(tmp_path / "in.jsonl", [{"text": some[i % len(some)], "id": i} for i in range(200)])
    expected, out = tmp_path / f"expected{suffix}", tmp_path / f"out{suffix}"
    seconds = annotate(str(failing_model_path), source, expected, batch_size=4).seconds
    arguments = [str(failing_model_path), str(source), str(out), str(seconds / 2), "1"]
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLER), *arguments],
        capture_output=True,
        text=True,
        env=with_path(poison_package),
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 1
    assert out.read_bytes() == expected.read_bytes()
    errors = [p.with_name(p.name + ".errors.jsonl").read_bytes() for p in (expected, out)]
    assert errors[0] == errors[1]


def test_entries_of_a_stopped_run_are_kept_as_they_are(model_path, source, texts, tmp_path):
    out = tmp_path / "out.jsonl"
    lines = as_lines({"text": text, "mark": i} for i, text in enumerate(texts[:5]))
    leave_partial(out, lines, model_path)
    report = annotate(str(model_path), source, out, batch_size=4)
    assert report.n_resumed == 5
    assert out.read_bytes().startswith(lines)
    assert [r["text"] for r in read_lines(out)] == texts


@pytest.mark.parametrize(("suffix", "encode"), [(".jsonl", encode_line), (".spacy", pack_record)])
def test_a_finished_partial_only_gets_its_name(model_path, source, texts, tmp_path, suffix, encode):
    out, expected = tmp_path / f"out{suffix}", tmp_path / f"expected{suffix}"
    annotate(str(model_path), source, expected, batch_size=1)
    nlp = spacy.load(model_path)
    entries = []
    for record in map(json.loads, source.read_text().splitlines()):
        doc = nlp(record.pop("text"))
        meta = {**record.get("meta", {}), **({"name": record["id"]} if "id" in record else {})}
        if meta:
            set_meta(doc, meta)
        entries.append(encode(doc))
    leave_partial(out, b"".join(entries), model_path)
    assert annotate(str(model_path), source, out).n_words == 0
    assert out.read_bytes() == expected.read_bytes()


@pytest.mark.parametrize("suffix", [".jsonl", ".spacy"])
def test_entries_of_another_input_are_refused(model_path, source, tmp_path, run, suffix):
    out = tmp_path / f"out{suffix}"
    doc = Doc(spacy.blank("en").vocab, words=["Something", "else"])
    partial = leave_partial(out, {".jsonl": encode_line, ".spacy": pack_record}[suffix](doc), model_path)
    code, output = run("annotate", model_path, source, out)
    assert code == 1
    assert "another text" in output.replace("\n", " ")
    assert partial.exists()
    code, _ = run("annotate", model_path, source, out, "--no-resume")
    assert code == 0


def test_entries_of_another_model_are_not_used(model_path, failing_model_path, source, texts, tmp_path):
    leave_partial(tmp_path / "out.jsonl", as_lines([{"text": texts[0], "old": True}]), failing_model_path)
    assert annotate(str(model_path), source, tmp_path / "out.jsonl").n_resumed == 0


def test_errors_without_a_partial_output_are_not_gone_on_from(failing_model_path, poisoned, tmp_path):
    # A kill right after the output got its name leaves the list of errors and the name of the model.
    out = tmp_path / "out.jsonl"
    annotate(str(failing_model_path), poisoned, out)
    leave_partial(out, b"", failing_model_path).unlink()
    report = annotate(str(failing_model_path), poisoned, out)
    assert (report.n_docs, report.n_failed, report.n_resumed) == (5, 2, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="files are not locked there")
def test_two_runs_do_not_write_one_output(model_path, source, tmp_path, run):
    with Output(tmp_path / "out.jsonl", resume=True, model=""):
        code, output = run("annotate", model_path, source, tmp_path / "out.jsonl")
    assert code == 1
    assert "another run is writing this output" in output.replace("\n", " ")


def test_records_cut_at_any_byte_are_found_up_to_the_cut(tmp_path):
    vocab = spacy.blank("en").vocab
    records = [pack_record(Doc(vocab, words=words)) for words in (["One"], [], ["Two", "three"])]
    whole = b"".join(records)
    ends = [sum(map(len, records[:n])) for n in range(4)]
    path = tmp_path / "out.partial"
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        partial = PartialDocs(path, tmp_path / "out.spacy")
        n_complete = sum(end <= cut for end in ends[1:])
        assert partial.n_entries == n_complete
        assert path.stat().st_size == ends[n_complete]
        partial.close()


def test_temporary_files_of_killed_runs_go_away(model_path, source, tmp_path):
    (tmp_path / ".out.spacy.999.tmp").write_bytes(b"half a file")
    annotate(str(model_path), source, tmp_path / "out.spacy")
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl", "out.spacy"}
    assert len(DocBin().from_disk(tmp_path / "out.spacy")) > 0


# Runs `annotate` with two workers and ends one process of the three while they work: the worker or the main one.
WORKERS = """
    import os, signal, sys, threading, time
    from pathlib import Path
    from spacy_hmtl.annotate.run import annotate
    from spacy_hmtl.annotate.outputs import Output

    def main():
        import multiprocessing
        add = Output.add
        def add_and_kill(self, payload):
            add(self, payload)
            if self.n_docs == 20:
                workers = [child.pid for child in multiprocessing.active_children()]
                print(*workers, flush=True)
                os.kill(workers[0] if sys.argv[4] == "worker" else os.getpid(), signal.SIGKILL)
        Output.add = add_and_kill
        try:
            annotate(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), batch_size=2, n_process=2)
        except OSError as error:
            print(error)

    if __name__ == "__main__":
        main()
    """


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="looks at processes as Linux shows them")
@pytest.mark.parametrize("killed", ["worker", "main"])
@pytest.mark.usefixtures("one_thread")
def test_killed_workers_do_not_stall_and_killed_runs_leave_no_workers(
    failing_model_path, poison_package, texts, tmp_path, killed
):
    some = [*texts, "poison"]
    source = write_lines(tmp_path / "in.jsonl", [{"text": some[i % len(some)], "id": i} for i in range(120)])
    (tmp_path / "run.py").write_text(textwrap.dedent(WORKERS))
    expected, out = tmp_path / "expected.jsonl", tmp_path / "out.jsonl"
    command = [sys.executable, tmp_path / "run.py", failing_model_path, source, out, killed]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=120, env=with_path(poison_package))
    workers, *message = done.stdout.splitlines()
    assert ("A worker process ended" in " ".join(message)) == (killed == "worker")
    deadline = time.monotonic() + 10
    while any(map(is_running, workers.split())) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(is_running, workers.split()))
    # What the workers wrote and what this process writes are one file.
    assert annotate(str(failing_model_path), source, out, batch_size=2).n_resumed >= 20
    annotate(str(failing_model_path), source, expected, batch_size=2)
    assert out.read_bytes() == expected.read_bytes()
    errors = [p.with_name(p.name + ".errors.jsonl").read_bytes() for p in (expected, out)]
    assert errors[0] == errors[1]
