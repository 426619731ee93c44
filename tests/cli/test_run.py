"""`glassloop run` does to a script what `python` does, and leaves a record beside it."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Done

Command = Callable[..., Done]
Write = Callable[[str, str], Path]

SHOW_SURROUNDINGS = """
import json, sys, __main__
from helper import VALUE
print(json.dumps([__name__, __file__, sys.argv, sys.path[0], __package__, __spec__ and __spec__.name,
                  __main__.VALUE, sys.modules["__main__"].__dict__ is globals(), __doc__, __builtins__.__name__]))
"""


def test_a_script_finds_the_surroundings_that_python_gives_it(command: Command, write: Write, tmp_path: Path) -> None:
    write("work/show.py", SHOW_SURROUNDINGS)
    write("work/helper.py", "VALUE = 7")
    words = ["work/show.py", "--out", "x", "--format", "json", "-m", "--", "--version"]
    plain = subprocess.run([sys.executable, *words], cwd=tmp_path, capture_output=True, text=True)
    ours = command("run", *words)
    assert ours.returncode == 0, ours.stderr
    assert json.loads(ours.stdout) == json.loads(plain.stdout)


def test_a_linked_script_finds_its_neighbours_where_python_does(command: Command, write: Write, tmp_path: Path) -> None:
    write("work/show.py", SHOW_SURROUNDINGS)
    write("work/helper.py", "VALUE = 7")
    (tmp_path / "link.py").symlink_to(tmp_path / "work" / "show.py")
    plain = subprocess.run([sys.executable, "link.py"], cwd=tmp_path, capture_output=True, text=True)
    assert command("run", "--no-record", "link.py").stdout == plain.stdout


@pytest.mark.parametrize("target", ["package.show", "package"])
def test_a_module_finds_the_surroundings_that_python_gives_it(
    command: Command, write: Write, tmp_path: Path, target: str
) -> None:
    write("package/__init__.py", "")
    write("helper.py", "VALUE = 7")
    write("package/show.py", SHOW_SURROUNDINGS)
    write("package/__main__.py", SHOW_SURROUNDINGS)
    plain = subprocess.run([sys.executable, "-m", target, "a", "-b"], cwd=tmp_path, capture_output=True, text=True)
    ours = command("run", "-m", target, "a", "-b")
    assert json.loads(ours.stdout) == json.loads(plain.stdout)
    run = json.loads((tmp_path / f"runs/{target.rpartition('.')[2]}-001/run.json").read_text())
    assert run["command"] == ["python", "-m", target, "a", "-b"]


@pytest.mark.parametrize(
    "text",
    [
        "raise SystemExit",
        "raise SystemExit(7)",
        "raise SystemExit('no data')",
        "import sys; sys.exit(True)",
        "1 / 0",
        "def f(): return {}['x']\ntry:\n    f()\nexcept KeyError as error:\n    raise ValueError('outer') from error",
        "x = (",
        "import sys\nsys.excepthook = lambda *a: print('hook', a[0].__name__)\n1 / 0",
        "raise KeyboardInterrupt",
    ],
)
def test_a_script_ends_as_under_python(command: Command, write: Write, tmp_path: Path, text: str) -> None:
    write("end.py", text)
    plain = subprocess.run([sys.executable, "end.py"], cwd=tmp_path, capture_output=True, text=True)
    ours = command("run", "--no-record", "end.py")
    assert (ours.stdout, ours.stderr) == (plain.stdout, plain.stderr)
    assert ours.returncode == (130 if plain.returncode == -2 else plain.returncode)  # a shell says 130 for both


def test_the_record_of_a_script(command: Command, write: Write, tmp_path: Path) -> None:
    text = "import lib.helper\nprint('trained')\nraise SystemExit(5)\n"
    write("train.py", text)
    write("lib/helper.py", "X = 1\n")
    done = command("run", "train.py", "--epochs", "3", "--hf-token", "hunter2", env={"MY_SECRET": "hunter3"})
    assert done.returncode == 5
    assert done.stdout == "trained\n"
    assert "run folder runs/train-001" in done.stderr
    folder = tmp_path / "runs" / "train-001"
    run = json.loads((folder / "run.json").read_text())
    assert run["command"] == ["python", "train.py", "--epochs", "3", "--hf-token", "***"]
    assert (run["status"], run["exit_code"]) == ("failed", 5)
    assert run["sources"] == {
        "train.py": hashlib.sha256(text.encode()).hexdigest(),
        "lib/helper.py": hashlib.sha256(b"X = 1\n").hexdigest(),
    }
    assert (folder / "source" / "train.py").read_text() == text
    assert (folder / "source" / "lib" / "helper.py").exists()
    whole = "".join(path.read_text() for path in folder.rglob("*") if path.is_file())
    assert "hunter" not in whole
    assert "exit code 5" in (folder / "report.html").read_text()
    command("run", "train.py")
    assert (tmp_path / "runs" / "train-002").is_dir()


def test_json_is_the_last_line_of_stdout(command: Command, write: Write) -> None:
    write("train.py", "print('hello')")
    done = command("run", "--format", "json", "--out", "here", "train.py")
    assert json.loads(done.stdout.splitlines()[-1]) == {"run": "here", "findings": [], "exit_code": 0}


def test_without_source_or_without_any_record(command: Command, write: Write, tmp_path: Path) -> None:
    write("train.py", "print('hello')")
    assert command("run", "--no-record", "train.py").stdout == "hello\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["train.py"]
    command("run", "--no-source", "--out", "here", "train.py")
    assert not (tmp_path / "here" / "source").exists()
    assert list(json.loads((tmp_path / "here" / "run.json").read_text())["sources"]) == ["train.py"]


def test_a_spawned_child_finds_the_script_and_writes_no_record(command: Command, write: Write, tmp_path: Path) -> None:
    write(
        "train.py",
        "import multiprocessing as mp, os\n"
        "def work(x):\n    return x * x\n"
        "if __name__ == '__main__':\n"
        "    for method in mp.get_all_start_methods():\n"
        "        with mp.get_context(method).Pool(2) as pool:\n"
        "            print(pool.map(work, [1, 2, 3]))\n"
        "    if os.fork() == 0:\n        raise SystemExit(9)\n"
        "    os.wait()\n",
    )
    done = command("run", "train.py")
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.splitlines()) == {"[1, 4, 9]"}
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["train-001"]
    assert json.loads((tmp_path / "runs/train-001/run.json").read_text())["exit_code"] == 0


def test_under_a_launcher_rank_0_alone_records(command: Command, write: Write, tmp_path: Path) -> None:
    write("train.py", "import os\nprint(os.environ['RANK'])")
    assert command("run", "train.py", env={"RANK": "1", "WORLD_SIZE": "2"}).stdout == "1\n"
    assert not (tmp_path / "runs").exists()
    command("run", "train.py", env={"RANK": "0", "WORLD_SIZE": "2"})
    assert json.loads((tmp_path / "runs/train-001/run.json").read_text())["environment"]["world_size"] == 2


def test_torchrun_starts_it_as_it_starts_python(write: Write, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    write(
        "train.py",
        "import torch.distributed as dist\ndist.init_process_group('gloo')\n"
        "print(f'rank {dist.get_rank()} of {dist.get_world_size()}')\ndist.destroy_process_group()\n",
    )
    words = ["torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "glassloop", "run", "train.py"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr
    # torchrun's children do not buffer, so one's line break may come after the other's words.
    assert sorted(re.findall(r"rank \d of 2", done.stdout)) == ["rank 0 of 2", "rank 1 of 2"]
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["train-001"]


def test_a_script_that_changes_folder_is_recorded_all_the_same(command: Command, write: Write, tmp_path: Path) -> None:
    write("train.py", "import os\nos.mkdir('away')\nos.chdir('away')")
    command("run", "train.py")
    assert json.loads((tmp_path / "runs/train-001/run.json").read_text())["status"] == "finished"


def test_a_killed_script_leaves_a_record_that_says_so(command: Command, write: Write, tmp_path: Path) -> None:
    write("train.py", "import os\nif not os.path.exists('again'):\n    open('again', 'w')\n    os.kill(os.getpid(), 9)")
    assert command("run", "--out", "here", "train.py").returncode == -9
    assert json.loads((tmp_path / "here/run.json").read_text())["status"] == "running"
    assert "train.py" in (tmp_path / "here/report.html").read_text()
    command("run", "--out", "here", "train.py")
    statuses = [session["status"] for session in json.loads((tmp_path / "here/run.json").read_text())["sessions"]]
    assert statuses == ["cut", "finished"]


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["run"], "Missing argument"),
        (["run", "trian.py"], "did you mean train.py?"),
        (["run", "digts"], "did you mean digits?"),
        (["run", "folder"], "folder is a folder; name the script in it"),
        (["run", "-m", "no.such.module"], "module no.such.module was not found"),
        (["run", "-m", "no_such_module"], "no module no_such_module"),
        (["run", "--strange", "train.py"], "No such option"),
        (["run", "--format", "xml", "train.py"], "xml"),
        (["run", "--out", "folder", "train.py"], "not empty and holds no run"),
        (["run", "--out", "train.py", "train.py"], "train.py is a file"),
        (["run", "--out", "x", "--no-record", "train.py"], "leave one of them out"),
        (["run", "--out", "a", "digits", "--run-dir", "b"], "both --out a and --run-dir b"),
        (["run", "--out", "a", "digits", "--run-dir=b"], "both --out a and --run-dir b"),
        (["run", "--out", "/proc/no/where", "train.py"], "cannot be written"),
        (["nwe"], "Did you mean 'new'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    command: Command, write: Write, tmp_path: Path, words: list[str], part: str
) -> None:
    write("train.py", "print(1)")
    write("folder/note.txt", "mine")
    done = command(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert part in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "train.py"]


def test_debug_shows_where(command: Command) -> None:
    done = command("--debug", "run", "trian.py")
    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: ")


def test_a_reader_that_leaves_early_is_no_error(write: Write, tmp_path: Path) -> None:
    write("train.py", "for i in range(100000): print(i)")
    line = f"{sys.executable} -m glassloop new --list | head -1"
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, env=dict(os.environ))
    assert "Traceback" not in done.stderr


def test_two_runs_do_not_share_a_folder(command: Command, write: Write, tmp_path: Path) -> None:
    write("train.py", "print('trained')\n")
    assert command("run", "--no-watch", "--out", "here", "train.py", "--lr", "1").returncode == 0
    before = (tmp_path / "here" / "run.json").read_text()
    done = command("run", "--no-watch", "--out", "here", "train.py")
    assert done.returncode == 2
    assert "here already holds a run" in done.stderr
    assert (tmp_path / "here" / "run.json").read_text() == before
    assert command("run", "--no-watch", "--out", "here", "train.py", "--resume").returncode == 0
