"""The text that is run is the recorded one: in place, or laid out again from the run folder; never anything else."""

import hashlib
from pathlib import Path

import pytest

from glassloop.errors import UserError
from glassloop.record import manifest
from glassloop.replay.source import choose


def recorded(folder: Path, *names: str) -> dict[str, str]:
    """A project with these files, kept in folder/out as a run keeps them; the first is the script."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n")
    manifest.start(
        folder / "out", command=["python", names[0]], sources=[folder / name for name in names], config=None, seed=None
    )
    return dict((manifest.read(folder / "out") or {})["sources"])


def test_files_above_the_script_lie_above_it_again(tmp_path: Path) -> None:
    sources = recorded(tmp_path, "app/train.py", "app/net/model.py", "shared/data.py")
    assert "up/shared/data.py" in sources
    script = tmp_path / "app" / "train.py"
    assert choose(tmp_path / "out", 1, sources, script, tmp_path / "scratch").in_place
    (tmp_path / "shared" / "data.py").write_text("# changed\n")
    found = choose(tmp_path / "out", 1, sources, script, tmp_path / "scratch")
    assert not found.in_place
    assert found.script.read_text() == "# app/train.py\n"
    assert (found.root / "net" / "model.py").read_text() == "# app/net/model.py\n"
    assert (found.root.parent / "shared" / "data.py").read_text() == "# shared/data.py\n"
    assert found.root.is_relative_to(tmp_path / "scratch")


def test_what_was_imported_from_a_folder_is_imported_from_its_copy(tmp_path: Path) -> None:
    """As for `python -m app.net.train` in tmp_path, or with tmp_path on PYTHONPATH: the names of the packages matter."""
    sources = recorded(tmp_path, "app/net/train.py", "app/net/model.py")
    (tmp_path / "app" / "net" / "model.py").unlink()
    script = tmp_path / "app" / "net" / "train.py"
    found = choose(tmp_path / "out", 1, sources, script, tmp_path / "scratch", [tmp_path, tmp_path / "elsewhere"])
    assert [path / "app" / "net" for path in found.imports] == [found.root]
    assert (found.imports[0] / "app" / "net" / "model.py").read_text() == "# app/net/model.py\n"


def test_a_copy_that_was_changed_is_not_run(tmp_path: Path) -> None:
    sources = recorded(tmp_path, "train.py")
    (tmp_path / "train.py").unlink()
    (tmp_path / "out" / "source" / "train.py").write_text("# changed\n")
    with pytest.raises(UserError, match=r"train\.py is not at hand: .*train\.py is not there"):
        choose(tmp_path / "out", 1, sources, tmp_path / "train.py", tmp_path / "scratch")


def test_the_text_of_a_later_session_is_found_where_it_is_kept(tmp_path: Path) -> None:
    recorded(tmp_path, "train.py")
    (tmp_path / "train.py").write_text("# second\n")
    manifest.start(tmp_path / "out", command=["python"], sources=[tmp_path / "train.py"], config=None, seed=None)
    (tmp_path / "train.py").unlink()
    second = {"train.py": hashlib.sha256(b"# second\n").hexdigest()}
    found = choose(tmp_path / "out", 2, second, tmp_path / "train.py", tmp_path / "scratch")
    assert found.script.read_text() == "# second\n"


@pytest.mark.parametrize("name", ["/etc/passwd", "../train.py", "up/../../train.py", "a//b.py", "", "c:\\train.py"])
def test_a_name_that_climbs_writes_nothing(tmp_path: Path, name: str) -> None:
    recorded(tmp_path, "train.py")
    with pytest.raises(UserError):
        choose(tmp_path / "out", 1, {name: "0" * 64}, tmp_path / "train.py", tmp_path / "scratch")
    assert not (tmp_path / "scratch").exists()
