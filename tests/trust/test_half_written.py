"""Half-written never: killed at the worst moment, on a full disk, in a folder that cannot be written, every command."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from spacy.tokens import DocBin

from spacy_hmtl.files import appearing, appearing_folder, remove_stale, write_text

POSIX = pytest.mark.skipif(os.name != "posix", reason="kills and limits as Unix has them")
OLD = "what was there before\n"
# Command -> arguments before the output, and what the output is called.
COMMANDS = {
    "annotate": ("annotate {model} {texts}", "out.jsonl"),
    "annotate to .spacy": ("annotate {model} {texts}", "out.spacy"),
    "annotate to .parquet": ("annotate {model} {texts}", "out.parquet"),
    "convert": ("convert jsonl {lines}", "out.spacy"),
    "export conll": ("export conll {gold}", "out.conll"),
    "export dygie": ("export dygie {gold}", "out.json"),
    "export jsonl": ("export jsonl {gold}", "out.jsonl"),
    "export brat": ("export brat {gold}", "out"),
    "visualize": ("visualize {gold}", "out.html"),
    "graph jsonld": ("graph {gold}", "out.jsonld"),
    "graph graphml": ("graph {gold}", "out.graphml"),
    "graph csv": ("graph {gold}", "out.csv"),
    "evaluate": ("evaluate {model} {gold} --output", "out.json"),
    "data-check": ("data-check {gold} --output", "out.json"),
    "check": ("check {model} --write {texts} --output", "out"),
}


@pytest.fixture(scope="module")
def execute(places):
    """Run a command in a process of its own: its status and what it printed. See `run_forked.py`."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(Path(__file__).with_name("run_forked.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        to_server, from_server = server.stdin, server.stdout

        def run_command(how, command, output):
            arguments = [*COMMANDS[command][0].format(**places).split(), str(output)]
            to_server.write(json.dumps([how, arguments]) + "\n")
            to_server.flush()
            return json.loads(from_server.readline())

        yield run_command
        to_server.close()


@pytest.fixture(scope="module")
def places(model_path, _demo_docs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("places")
    DocBin(docs=_demo_docs).to_disk(folder / "gold.spacy")
    lines = [json.dumps({"text": f"Anna Keller left Oslo {n} times."}) for n in range(8)]
    (folder / "texts.jsonl").write_text("\n".join(lines), encoding="utf-8")
    from spacy_hmtl.annotations.jsonl import write_jsonl

    write_jsonl(_demo_docs, folder / "lines.jsonl")
    names = {"gold": "gold.spacy", "texts": "texts.jsonl", "lines": "lines.jsonl"}
    return {"model": str(model_path), **{key: str(folder / name) for key, name in names.items()}}


def lay_out(command, tmp_path):
    """The output's place with something there, which must outlive what fails."""
    folder = tmp_path / "there"
    folder.mkdir()
    output = folder / COMMANDS[command][1]
    if command == "check":
        output.mkdir()
        (output / "golden.json").write_text(OLD)
        return output, output / "golden.json"
    if command == "export brat":  # takes an empty folder only
        return output, None
    output.write_text(OLD)
    return output, output


def names(folder):
    """Files that are there but for what a stopped `annotate` goes on from."""
    return {p.name for p in folder.iterdir() if ".partial" not in p.name}


@POSIX
@pytest.mark.parametrize(
    ("command", "moment"),
    [*((command, "before the name") for command in COMMANDS)]
    + [(command, "while writing") for command in ("annotate", "convert", "export conll", "visualize", "graph csv")],
)
def test_a_kill_leaves_what_was_there_and_a_later_run_cleans_up(execute, tmp_path, command, moment):
    output, old = lay_out(command, tmp_path)
    before = names(output.parent)
    status, said = execute(moment, command, output)
    assert status == -signal.SIGKILL, said
    if old is not None:
        assert old.read_text() == OLD
    assert before <= names(output.parent)
    status, said = execute("undisturbed", command, output)
    assert status == 0, said
    assert {name for name in names(output.parent) if name.startswith(".")} == set()
    assert not [p for p in output.parent.iterdir() if ".partial" in p.name]
    assert output.exists()
    assert old is None or old.read_bytes() != OLD.encode()


@POSIX
@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_leaves_what_was_there_and_is_told(execute, tmp_path, command):
    output, old = lay_out(command, tmp_path)
    before = names(output.parent)
    status, said = execute("full", command, output)
    assert status == 1, said
    assert "Traceback" not in said
    assert "[H126]" in said
    assert "File too large" in said
    if old is not None:
        assert old.read_text() == OLD
    assert names(output.parent) == before


@pytest.mark.parametrize("command", COMMANDS)
def test_a_place_that_cannot_be_written_is_told(places, tmp_path, run, command):
    # Below a file there can be no folder, whoever asks, the superuser included.
    (tmp_path / "file").write_text(OLD)
    arguments, name = COMMANDS[command]
    code, output = run(*arguments.format(**places).split(), tmp_path / "file" / name)
    assert code == 1
    assert "[H126]" in output
    assert (tmp_path / "file").read_text() == OLD


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser writes everywhere")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_read_only_folder_is_told(places, tmp_path, run, command):
    (tmp_path / "folder").mkdir(mode=0o555)
    arguments, name = COMMANDS[command]
    code, output = run(*arguments.format(**places).split(), tmp_path / "folder" / name)
    assert (code, "[H126]" in output) == (1, True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_what_is_no_file_is_written_to_at_once(places, tmp_path, run):
    (tmp_path / "out.html").symlink_to("/dev/full")
    code, output = run("visualize", places["gold"], tmp_path / "out.html")
    assert code == 1
    assert "No space left on device" in output.replace("\n", " ")
    assert (tmp_path / "out.html").is_symlink()


def dead_pid():
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


@POSIX
def test_only_files_of_dead_processes_go(tmp_path):
    dead = dead_pid()
    stale, alive = tmp_path / f".a.txt.{dead}.tmp", tmp_path / f".a.txt.{os.getppid()}.tmp"
    others = [tmp_path / name for name in (f".b.a.txt.{dead}.tmp", f".a.txt.x.{dead}.tmp", ".a.txt.99x.tmp")]
    for path in (stale, alive, *others):
        path.write_text("half")
    write_text(tmp_path / "a.txt", "whole")
    assert not stale.exists()
    assert all(path.exists() for path in (alive, *others))


@POSIX
def test_a_folder_that_a_killed_process_took_away_comes_back(tmp_path):
    (tmp_path / f".out.{dead_pid()}.old").mkdir()
    remove_stale(tmp_path / "out")
    assert (tmp_path / "out").is_dir()


def test_an_error_leaves_what_was_there(tmp_path):
    (tmp_path / "a.txt").write_text(OLD)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a").write_text(OLD)

    def stop(folder):
        with appearing(folder / "a.txt") as file, appearing_folder(folder / "folder") as inner:
            file.write("half")
            (inner / "b").write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        stop(tmp_path)
    assert (tmp_path / "a.txt").read_text() == OLD
    assert (tmp_path / "folder" / "a").read_text() == OLD
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "a.txt", "folder"]


@POSIX
def test_links_and_permissions_stay(tmp_path):
    (tmp_path / "real.txt").write_text(OLD)
    (tmp_path / "real.txt").chmod(0o600)
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    write_text(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"
    assert (tmp_path / "real.txt").stat().st_mode & 0o777 == 0o600


def test_the_longest_name_has_room_for_what_is_added(tmp_path):
    name = "a" * 250 + ".txt"
    write_text(tmp_path / name, "whole")
    assert (tmp_path / name).read_text() == "whole"
