"""`annotate` says how far it is: documents of documents, words per second, time left; on a terminal only."""

import re
import time

from cli.lines import write_lines
from spacy.tokens import DocBin
from terminals import watched

from spacy_hmtl.annotate.inputs import count_inputs, read_inputs
from spacy_hmtl.annotate.run import annotate
from spacy_hmtl.annotate.worker import Worker


def test_a_terminal_sees_documents_words_and_time_left(model_path, source, texts, tmp_path, monkeypatch):
    stderr = watched(monkeypatch)
    annotate(str(model_path), source, tmp_path / "out.jsonl", batch_size=3)
    shown = stderr.last_lines()[-1]
    assert re.search(rf"\d+ of {len(texts)} documents, \S+ left, [\d,]+ words/s", shown), shown


def test_a_run_that_goes_on_begins_where_it_ended(failing_model_path, texts, tmp_path, monkeypatch):
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    write_lines(source, [{"text": text} for text in texts])
    monkeypatch.setattr(Worker, "__call__", stop_after(Worker.__call__, 2))
    try:
        annotate(str(failing_model_path), source, out, batch_size=2)
    except KeyboardInterrupt:
        monkeypatch.undo()
    stderr = watched(monkeypatch)
    annotate(str(failing_model_path), source, out, batch_size=2)
    assert f"4 of {len(texts)} documents" in stderr.last_lines()[0]


def stop_after(call, n_batches):
    """A worker that somebody stops."""
    seen = []

    def stopping(self, batch):
        seen.append(batch)
        if len(seen) > n_batches:
            raise KeyboardInterrupt
        return call(self, batch)

    return stopping


def test_a_pipe_sees_nothing(model_path, source, tmp_path, capfd):
    annotate(str(model_path), source, tmp_path / "out.jsonl")
    assert capfd.readouterr().err == ""


def test_loading_is_not_counted_as_work(model_path, source, tmp_path, monkeypatch):
    load = Worker.load

    def slowly(self):
        if self._nlp is None:
            time.sleep(1.5)
        return load(self)

    monkeypatch.setattr(Worker, "load", slowly)
    began = time.perf_counter()
    report = annotate(str(model_path), source, tmp_path / "out.jsonl")
    assert report.seconds < time.perf_counter() - began - 1.4


def test_documents_are_counted_as_they_are_read(demo_docs, tmp_path):
    (tmp_path / "a.txt").write_text("One.\n\nStill one.", encoding="utf-8")
    (tmp_path / "b.jsonl").write_text('{"text": "x"}\n\n  \n{"text": "y"}', encoding="utf-8")
    DocBin(docs=demo_docs).to_disk(tmp_path / "c.spacy")
    assert count_inputs(tmp_path) == len(list(read_inputs(tmp_path))) == 3 + len(demo_docs)
