"""What a script saved is the same but for words, or it is not; and no file is unpickled to see it."""

from pathlib import Path

import pytest

from glassloop.replay.likeness import same_but_for_words

torch = pytest.importorskip("torch")


def saved(path: Path, **changes: object) -> Path:
    """A checkpoint as frameworks write them: weights, numbers, and where it was written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"weights": torch.arange(6.0), "epoch": 3, "best": 0.5, "path": str(path), "keys": ["a", "b"]}
    torch.save({**content, **changes}, path)
    return path


def test_another_path_in_a_checkpoint_is_only_words(tmp_path: Path) -> None:
    one = saved(tmp_path / "version_0" / "last.ckpt")
    assert same_but_for_words(one, saved(tmp_path / "version_11" / "last-v1.ckpt"))


@pytest.mark.parametrize(
    "changes", [{"epoch": 4}, {"best": 0.25}, {"weights": torch.arange(6.0) + 1}, {"keys": ["a"]}, {"more": 1}], ids=str
)
def test_another_number_or_tensor_is_not(tmp_path: Path, changes: dict[str, object]) -> None:
    assert not same_but_for_words(saved(tmp_path / "a.pt"), saved(tmp_path / "b.pt", **changes))


def test_a_folder_is_compared_file_by_file(tmp_path: Path) -> None:
    for name in ("one", "other"):
        saved(tmp_path / name / "optimizer.pt")
        (tmp_path / name / "model.safetensors").write_bytes(b"weights")
    assert same_but_for_words(tmp_path / "one", tmp_path / "other")
    (tmp_path / "other" / "model.safetensors").write_bytes(b"Weights")
    assert not same_but_for_words(tmp_path / "one", tmp_path / "other")


def test_a_pickle_that_would_run_something_is_only_read(tmp_path: Path) -> None:
    class Runs:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (tmp_path / "ran",))

    one, other = saved(tmp_path / "a.pt", more=Runs()), saved(tmp_path / "b.pt", more=Runs())
    assert same_but_for_words(one, other)
    assert not (tmp_path / "ran").exists()


def test_what_cannot_be_read_is_not_the_same(tmp_path: Path) -> None:
    one = saved(tmp_path / "a.pt")
    (tmp_path / "b.pt").write_bytes(one.read_bytes()[:-30])
    assert not same_but_for_words(one, tmp_path / "b.pt")
    assert not same_but_for_words(one, tmp_path / "absent.pt")
