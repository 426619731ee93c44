"""`glassloop new --data`: what the owner gets holds the data's path and choices, and data one cannot train on is refused."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import Done
from tests.loops.harness import run

Command = Callable[..., Done]


def table(path: Path, rows: int = 60) -> Path:
    lines = ["size;kind;bought"]
    lines += [f'{i * 37 % 11};"{("a; b", "c")[i % 2]}";{("no", "yes")[(i * 37 % 11 > 5) == (i % 2)]}' for i in range(rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def pictures(folder: Path, each: int = 10) -> Path:
    for name, colour in (("blue", (20, 40, 200)), ("red", (220, 40, 30))):
        (folder / name).mkdir(parents=True)
        for number in range(each):
            ending = ("png", "jpg")[number % 2]
            Image.new("RGB", (50 + number, 40), colour).save(folder / name / f"{number}.{ending}")
    return folder


LINE = "Grüße, «naïve» 東京 🙂 said the fox.\n"


def text(path: Path) -> Path:
    path.write_bytes(("\ufeff" + LINE.replace("\n", "\r\n") * 200).encode("utf-8"))
    return path


def test_a_table_trains_at_once_and_its_record_says_what_was_seen(command: Command, tmp_path: Path) -> None:
    table(tmp_path / "my table.csv")
    done = command("new", "tabular", "mine", "--data", "my table.csv", "--target", "bought")
    assert done.returncode == 0, done.stderr
    assert "60 rows, 3 columns as numbers; classification, classes of bought: " in done.stdout
    task = (tmp_path / "mine" / "task.py").read_text(encoding="utf-8")
    assert f"\nDATA = {json.dumps(str(tmp_path / 'my table.csv'))}  # " in task
    assert '\nTARGET = "bought"  # ' in task
    assert '\nKIND = "classification"  # ' in task
    assert "\nBATCH_SIZE = 32\n" in task
    ended = run(tmp_path / "mine", "--run-dir", tmp_path / "run")
    assert ended.final["val_accuracy"] > 0.8, ended
    about = json.loads((tmp_path / "run" / "run.json").read_text())["data"]
    assert about["split"] == "a fifth of the rows for validation, stratified by class, random_state=0"
    assert about["columns"] == ["size", "kind=a; b", "kind=c"]
    assert set(about["classes"]) == {"no", "yes"}
    assert sum(about["classes"].values()) == about["rows"] == about["train"] + about["validation"] == 60


def test_a_target_of_numbers_is_a_regression(command: Command, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n" + "".join(f"{i},{i * 0.5 + 0.25}\n" for i in range(40)))
    done = command("new", "tabular", "mine", "--data", "t.csv", "--target", "y")
    assert "regression, y from 0.25 to 19.75. 32 rows train, 8 validate" in done.stdout
    ended = run(tmp_path / "mine", "--run-dir", tmp_path / "run", "--epochs", 2)
    assert set(ended.final) >= {"val_loss", "val_r2", "val_mae"}, ended


def test_pictures_train_at_once(command: Command, tmp_path: Path) -> None:
    pictures(tmp_path / "photos")
    done = command("new", "images", "mine", "--data", "photos")
    assert done.returncode == 0, done.stderr
    assert "20 pictures of about 55x40 pixels; classes: blue 10, red 10. 16 train, 4 validate" in done.stdout
    assert "\nBATCH_SIZE = 16\n" in (tmp_path / "mine" / "task.py").read_text()
    ended = run(tmp_path / "mine", "--run-dir", tmp_path / "run", "--epochs", 10, "--workers", 0)
    assert ended.final["val_accuracy"] > 0.7, ended  # one colour a class
    about = json.loads((tmp_path / "run" / "run.json").read_text())["data"]
    assert about["classes"] == {"blue": 10, "red": 10}
    assert about["train"] == 16
    assert "a fifth of each class" in about["split"]


def test_a_text_trains_at_once(command: Command, tmp_path: Path) -> None:
    text(tmp_path / "fox.txt")
    done = command("new", "text", "mine", "--data", "fox.txt")
    assert done.returncode == 0, done.stderr
    assert f"{200 * len(LINE):,} characters in 201 lines, {len(set(LINE))} different ones. The last tenth" in done.stdout
    ended = run(tmp_path / "mine", "--run-dir", tmp_path / "run", "--epochs", 20)
    assert ended.final["val_loss"] < 1.5, ended  # one line again and again: 3.1 is what its characters' frequencies give
    assert "fox" in (tmp_path / "run" / "sample.txt").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "run" / "run.json").read_text())["data"]["train_tokens"] == 180 * len(LINE)


def test_what_cannot_be_trained_on_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    """One process for all: each start costs seconds."""
    table(tmp_path / "t.csv")
    (tmp_path / "gap.csv").write_text("x,y\n" + "1,0\n,1\n" * 15)
    (tmp_path / "few.csv").write_text("x,y\n1,0\n2,1\n")
    (tmp_path / "short.txt").write_text("short")
    (tmp_path / "latin.txt").write_bytes(b"gr\xfc\xdfe " * 999)
    (tmp_path / "empty.txt").write_text("")
    pictures(tmp_path / "photos")
    (pictures(tmp_path / "broken") / "red" / "3.jpg").write_bytes(b"GIF89")
    pictures(tmp_path / "few", each=3)
    cases = [
        ("digits --data t.csv", "digits brings its own data; --data is for images, tabular, text"),
        ("tabular --target y", "give the table, too: --data FILE.csv"),
        ("tabular --data t.csv", "say which column of t.csv to predict: --target COLUMN"),
        ("text --data t.csv --target y", "--target is a column of a table; leave it out for text"),
        ("tabular --data none.csv --target y", "none.csv cannot be read (No such file or directory)"),
        ("tabular --data t.csv --target y", "has no column y; it has size, kind, bought"),
        ("tabular --data t.csv --target bougth", "did you mean bought?"),
        ("tabular --data gap.csv --target y", "15 cells are empty or not a number, first at line 3, column x"),
        ("tabular --data few.csv --target y", "has 2 rows; give at least 20"),
        ("text --data short.txt", "has 5 characters; give at least 2,600"),
        ("text --data latin.txt", "line 1: byte 0xfc is not UTF-8"),
        ("text --data empty.txt", "is empty"),
        ("images --data none", "none is not there; give a folder"),
        ("images --data t.csv", "t.csv is a file; give a folder"),
        ("images --data photos/red", "red has no folder in it"),
        ("images --data broken", "3.jpg is no picture, whatever its name says"),
        ("images --data few", "blue holds 3 pictures"),
    ]
    script = (
        "import contextlib, io, json, sys\nfrom glassloop.cli import main\nended = []\n"
        "for words in json.loads(sys.argv[1]):\n"
        "    said = io.StringIO()\n    sys.argv = ['glassloop', 'new', *words]\n"
        "    with contextlib.redirect_stderr(said):\n"
        "        try:\n            main()\n            code = 0\n"
        "        except SystemExit as leaving:\n            code = leaving.code\n"
        "    ended.append([code, said.getvalue()])\n"
        "print(json.dumps([ended, sorted({'torch', 'numpy'} & set(sys.modules))]))"
    )
    words = [[line.split()[0], "mine", *line.split()[1:]] for line, _ in cases]
    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps(words)], cwd=tmp_path, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    ended, loaded = json.loads(done.stdout)
    assert loaded == []
    for (line, said), (code, stderr) in zip(cases, ended, strict=True):
        assert code == 2, line
        assert said in stderr, line
        assert stderr.startswith("error: "), line
        assert len(stderr.splitlines()) == 1, stderr
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize("name", ["table", "text"])
def test_data_that_went_bad_after_the_copy_is_refused_by_the_loop(command: Command, tmp_path: Path, name: str) -> None:
    data = {"table": table, "text": text}[name](tmp_path / "data.x")
    words = (
        ["tabular", "mine", "--data", data.name, "--target", "bought"]
        if name == "table"
        else ["text", "mine", "--data", data.name]
    )
    assert command("new", *words).returncode == 0
    data.write_text("size;kind;bought\n1;2;NaN\n" if name == "table" else "")
    ended = run(tmp_path / "mine", "--run-dir", tmp_path / "run")
    assert ended.code == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"error: {data}")
    assert not (tmp_path / "run").exists()
