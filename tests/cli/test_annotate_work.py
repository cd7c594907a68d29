"""Texts that would take too long are refused, or given up, each alone: the guard, and `annotate --timeout`."""

import time

import pytest
import spacy
from cli.lines import read_lines, write_lines

from spacy_hmtl.annotate.guard import Guard, TooMuchWorkError
from spacy_hmtl.annotate.run import annotate
from spacy_hmtl.integrations import Annotator

# Its tokenizer sleeps on some texts, one component on others: what processes find by its entry point.
SLOW = {
    "test_slow.py": """
import time
import spacy
from spacy.language import Language
from spacy.tokenizer import Tokenizer

@spacy.registry.tokenizers("test_slow_tokenizer")
def make():
    def make_tokenizer(nlp):
        class Slow(Tokenizer):
            def __call__(self, text):
                if "slow to cut" in text:
                    time.sleep(600)
                return super().__call__(text)
        return Slow(nlp.vocab)
    return make_tokenizer

@Language.component("test_slow")
def slow(doc):
    if "slow to read" in doc.text:
        time.sleep(600)
    return doc
""",
    "test_slow-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: test_slow\nVersion: 1\n",
    "test_slow-1.dist-info/entry_points.txt": (
        "[spacy_factories]\ntest_slow = test_slow:slow\n[spacy_tokenizers]\ntest_slow_tokenizer = test_slow:make\n"
    ),
}


@pytest.fixture
def slow_model(tmp_path, monkeypatch):
    """A pipeline that sleeps on some texts, in this process and in those that it starts."""
    folder = tmp_path / "packages"
    for name, content in SLOW.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    __import__("test_slow")
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "test_slow_tokenizer"}}})
    nlp.add_pipe("test_slow")
    nlp.to_disk(tmp_path / "slow")
    return str(tmp_path / "slow")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Anna left. " + "(" * 1_001, "H625"),
        ("a" * 200_000, "H625"),
        ("x " + "(" * 900 + " " + ")" * 900 + " y", "H626"),
        ("a" * 500 + "(" * 200 + " ", None),
        (" ".join(["=" * 80 + "\nA title of some thirty letters\n" + "Some words of a text. " * 12] * 300), None),
        ("https://example.org/a/b?c=" + "d" * 900, None),
        (" " * 300_000, None),
        ("中文，" * 300 + "\n" + "中文" * 400, None),
        ("", None),
    ],
)
def test_texts_that_take_the_tokenizer_too_long_are_refused_at_once(text, code):
    began = time.perf_counter()
    if code is None:
        Guard().check_text(text)
    else:
        with pytest.raises(TooMuchWorkError, match=rf"\[{code}\]") as caught:
            Guard().check_text(text)
        assert "((" not in str(caught.value)
    assert time.perf_counter() - began < 1
    Guard(max_run=0).check_text(text)


def test_the_first_place_that_is_wrong_is_named():
    with pytest.raises(TooMuchWorkError, match=r"run of 12 characters .* begins at character 6; at most 11"):
        Guard(max_run=11).check_text("Anna ((((((((((((")
    with pytest.raises(TooMuchWorkError, match=r"\[H627\] The text has 4 tokens, at most 3"):
        Guard(max_tokens=3).check_tokens(4)


def test_hostile_texts_cost_themselves_and_not_their_batch(model_path, tmp_path, run):
    words = ["Anna left.", "(" * 200_000, "Ben stayed.", "one two three four five six seven eight", "The end."]
    source = write_lines(tmp_path / "in.jsonl", [{"text": text, "id": i} for i, text in enumerate(words)])
    code, output = run("annotate", model_path, source, tmp_path / "out.jsonl", "--max-tokens", 7)
    assert (code, "2 documents failed" in " ".join(output.split())) == (0, True)
    assert [record["id"] for record in read_lines(tmp_path / "out.jsonl")] == [0, 2, 4]
    errors = read_lines(tmp_path / "out.jsonl.errors.jsonl")
    assert [(error["id"], error["error"].split()[1]) for error in errors] == [("1", "[H625]"), ("3", "[H627]")]
    assert "((" not in "".join(error["error"] for error in errors)
    # What others made of texts has the same bounds.
    found = Annotator(str(model_path), guard=Guard(max_run=11)).annotate(["Anna left.", "(" * 12])
    assert [one.error is None for one in found] == [True, False]


# Two processes share what one does with both kinds of slow texts: one kind shows it.
@pytest.mark.parametrize(("n_process", "second"), [(1, "slow to read"), (2, "slow to cut")])
def test_a_text_that_takes_too_long_is_given_up_and_the_others_are_kept(slow_model, tmp_path, n_process, second):
    words = ["Anna left.", "slow to cut", "Ben stayed.", "She said so.", second, "He said so.", "The end."]
    source = write_lines(tmp_path / "in.jsonl", [{"text": text, "id": i} for i, text in enumerate(words)])
    report = annotate(slow_model, source, tmp_path / "out.jsonl", batch_size=4, timeout=2.0, n_process=n_process)
    assert (report.n_docs, report.n_failed) == (5, 2)
    assert [record["text"] for record in read_lines(tmp_path / "out.jsonl")] == [w for w in words if "slow" not in w]
    errors = read_lines(report.errors)
    assert [(error["id"], error["index"]) for error in errors] == [("1", 1), ("4", 4)]
    assert all("[H628] The text took longer than 2 seconds" in error["error"] for error in errors)


@pytest.mark.parametrize(
    ("options", "code"), [(("--timeout", "0"), "H629"), (("--timeout", "1", "--engine", "ray"), "H630")]
)
def test_a_time_limit_that_cannot_be_kept_is_refused(model_path, source, tmp_path, run, options, code):
    status, output = run("annotate", model_path, source, tmp_path / "out.jsonl", *options)
    assert (status, f"[{code}]" in output) == (1, True)
