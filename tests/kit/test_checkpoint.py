"""What goes in comes out, to the bit; what cannot be kept is refused in one line; what is there is never lost."""

import json
import os
import shutil
import subprocess

import numpy as np
import pytest
import torch
from torch import nn

from glassloop.errors import UserError
from glassloop.kit import checkpoint
from glassloop.kit.digest import state_digest


class Holder(nn.Module):
    """Carries any tensors as buffers."""

    def __init__(self, **tensors):
        super().__init__()
        for name, tensor in tensors.items():
            self.register_buffer(f"its_{name}", tensor)


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 4)
        self.norm = nn.BatchNorm1d(4)
        self.head = nn.Linear(4, 10, bias=False)
        self.head.weight = self.embed.weight


def save(folder, step=1, modules=None, state=None, **options):
    modules = {"model": nn.Linear(2, 2)} if modules is None else modules
    return checkpoint.save(folder, step, modules, {} if state is None else state, {"seed": 0}, **options)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def assert_same(found, expected):
    assert list(found) == list(expected)
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.dtype, name
        assert found[name].shape == tensor.shape, name
        assert torch.equal(found[name].nan_to_num(7.0), tensor.nan_to_num(7.0)), name


# ---- what it holds -------------------------------------------------------------------------------------------------------


def test_tied_weights_are_stored_once_and_come_back_tied(tmp_path):
    model = Tied()
    path = save(tmp_path, modules={"model": model})
    found = checkpoint.load(path)
    assert_same(found.weights["model"], model.state_dict())
    assert (path / "model.safetensors").stat().st_size < 2 * 10 * 4 * 4 + 1000
    again = Tied()
    checkpoint.restore(found, {"model": again}, {}, {}, ())
    assert again.head.weight is again.embed.weight
    assert_same(again.state_dict(), model.state_dict())


def test_every_kind_of_tensor(tmp_path):
    base = torch.arange(24.0).reshape(4, 6)
    holder = Holder(
        bfloat16=torch.randn(3, 5).bfloat16(),
        half=torch.randn(3).half(),
        double=torch.randn(2).double(),
        scalar=torch.tensor(3),
        truth=torch.tensor([True, False]),
        byte=torch.tensor([1, 255], dtype=torch.uint8),
        empty=torch.zeros(0, 7),
        another_empty=torch.zeros(0),
        turned=base.t(),
        every_second=torch.arange(10)[::2],
        spread=torch.ones(1).expand(5),
        odd=torch.tensor([float("nan"), float("inf"), -0.0, 1e-45]),
        channels_last=torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last),
    )
    found = checkpoint.load(save(tmp_path, modules={"model": holder}))
    assert_same(found.weights["model"], holder.state_dict())
    assert torch.signbit(found.weights["model"]["its_odd"][2])


def test_views_of_one_storage(tmp_path):
    base = torch.arange(12.0).reshape(3, 4)
    holder = Holder(whole=base, row=base[1], rows=base[1:], same=base, turned=base.t(), flat=base.reshape(-1))
    found = checkpoint.load(save(tmp_path, modules={"model": holder}))
    assert_same(found.weights["model"], holder.state_dict())


def test_buffers_and_averaged_weights_come_back(tmp_path):
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    ema = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9))
    for _ in range(3):
        model(torch.randn(8, 3))
        ema.update_parameters(model)
    found = checkpoint.load(save(tmp_path, modules={"model": model, "ema": ema}))
    assert found.weights["model"]["1.num_batches_tracked"] == 3
    assert found.weights["ema"]["n_averaged"] == 3
    fresh = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    fresh_ema = torch.optim.swa_utils.AveragedModel(fresh)
    checkpoint.restore(found, {"model": fresh, "ema": fresh_ema}, {}, {}, ())
    assert_same(fresh.state_dict(), model.state_dict())
    assert_same(fresh_ema.state_dict(), ema.state_dict())


def test_the_state_comes_back_with_its_types(tmp_path):
    state = {
        "numbers": [1, 2.5, True, None, float("inf"), 1e-320],
        "nested": {"text": "ü", "pair": (1, "a"), 3: torch.tensor([1.5], dtype=torch.bfloat16)},
    }
    found = checkpoint.load(save(tmp_path, step=12, state=state))
    assert state_digest(found.state) == state_digest(state)
    assert found.state["nested"]["pair"] == (1, "a")
    assert found.state["numbers"][2] is True
    assert found.step == 12
    assert found.config == {"seed": 0}


def test_the_digest_names_the_state_alone(tmp_path):
    model = nn.Linear(2, 2)
    one = checkpoint.load(save(tmp_path / "a", 1, {"model": model}, {"x": 1.0}))
    two = checkpoint.load(checkpoint.save(tmp_path / "b", 9, {"model": model}, {"x": 1.0}, {"epochs": 3}))
    other = checkpoint.load(save(tmp_path / "c", 1, {"model": model}, {"x": 1.0 + 2**-52}))
    assert one.digest == two.digest
    assert one.digest != other.digest


@pytest.mark.parametrize(
    ("state", "place", "kind"),
    [
        ({"best": np.float64(0.5)}, "state['best']", "numpy.float64"),
        ({"rng": {"numpy": [1, np.arange(3)]}}, "state['rng']['numpy'][1]", "numpy.ndarray"),
        ({"a": [{"f": print}]}, "state['a'][0]['f']", "builtins.builtin_function_or_method"),
        ({"a": {1, 2}}, "state['a']", "builtins.set"),
    ],
    ids=["numpy-float", "array", "function", "set"],
)
def test_what_would_not_load_is_refused_when_it_is_saved(tmp_path, state, place, kind):
    save(tmp_path, 1)
    with pytest.raises(UserError) as caught:
        save(tmp_path, 2, state=state)
    assert place in str(caught.value)
    assert kind in str(caught.value)
    assert "\n" not in str(caught.value)
    assert names(tmp_path) == ["latest", "step-00000001"]


# ---- which ones stay -----------------------------------------------------------------------------------------------------


def test_the_newest_and_the_best_stay(tmp_path):
    for step in range(1, 7):
        save(tmp_path, step, keep=2, best=step in (1, 3))
    assert names(tmp_path) == ["best", "latest", "step-00000003", "step-00000005", "step-00000006"]
    assert checkpoint.load(tmp_path / "latest").step == 6
    assert checkpoint.load(tmp_path / "best").step == 3
    assert os.readlink(tmp_path / "latest") == "step-00000006"  # relative: a folder that is moved stays whole
    save(tmp_path, 7, keep=2, best=True)
    assert names(tmp_path) == ["best", "latest", "step-00000006", "step-00000007"]


def test_keep_one(tmp_path):
    for step in (1, 2, 3):
        save(tmp_path, step, keep=1)
    assert names(tmp_path) == ["latest", "step-00000003"]


def test_the_one_just_written_stays_beside_a_damaged_later_one(tmp_path):
    """A run that went on from step 10, because step 20 was damaged, and is stopped at 15."""
    save(tmp_path, 10, best=True)
    (save(tmp_path, 20) / "state.pt").write_bytes(b"")
    save(tmp_path, 15, keep=1)
    said = []
    assert checkpoint.load_newest(tmp_path, said.append).step == 15
    assert len(said) == 1
    assert checkpoint.load(tmp_path / "latest").step == 15


def test_the_same_step_is_written_again(tmp_path):
    model = nn.Linear(2, 2)
    save(tmp_path, 4, {"model": model}, {"evaluated": False}, keep=1)
    save(tmp_path, 4, {"model": model}, {"evaluated": True}, keep=1, best=True)
    assert names(tmp_path) == ["best", "latest", "step-00000004"]
    assert checkpoint.load_newest(tmp_path).state == {"evaluated": True}


@pytest.mark.parametrize("moment", range(1, 40))
def test_no_moment_without_a_whole_checkpoint(tmp_path, monkeypatch, moment):
    """Stop dead at the n-th change of the file system while the only checkpoint is replaced: one is there, and whole."""
    save(tmp_path, 4, state={"evaluated": False}, keep=1)
    calls = 0

    def counted(real):
        def call(*args, **kwargs):
            nonlocal calls
            calls += 1
            if calls >= moment:  # and nothing after it, no clean-up either: the process is gone
                raise Gone
            return real(*args, **kwargs)

        return call

    for name in ("replace", "rename", "mkdir", "fsync", "unlink", "symlink", "rmdir"):
        monkeypatch.setattr(os, name, counted(getattr(os, name)))
    monkeypatch.setattr(shutil, "rmtree", counted(shutil.rmtree))
    try:
        save(tmp_path, 4, state={"evaluated": True}, keep=1)
    except Gone:
        pass
    else:
        assert moment > 10  # every change has been tried
    monkeypatch.undo()
    said = []
    found = checkpoint.load_newest(tmp_path, said.append)
    assert found is not None
    assert found.step == 4
    assert said == []
    save(tmp_path, 5, keep=1)
    assert names(tmp_path) == ["latest", "step-00000005"]  # nothing is left lying about


class Gone(BaseException):
    """The process was killed here."""


def test_leftovers_of_a_killed_save_are_cleared(tmp_path):
    left = tmp_path / ".writing-step-00000009-12345"
    left.mkdir(parents=True)
    (left / "model.safetensors").write_bytes(b"half of it")
    assert checkpoint.load_newest(tmp_path) is None  # never taken for a checkpoint
    assert not checkpoint.exists(tmp_path)
    save(tmp_path, 1)
    assert names(tmp_path) == ["latest", "step-00000001"]


# ---- damage, and places that cannot be written ---------------------------------------------------------------------------


def test_nothing_there(tmp_path):
    assert checkpoint.load_newest(tmp_path / "absent") is None


def damage_of(path, whole):
    """Why it is damaged; empty where a flipped bit was padding or a space, and what was read is the same."""
    try:
        found = checkpoint.load(path)
    except checkpoint.DamagedError as error:
        return str(error)
    parts = [[it.weights, it.state, it.config] for it in (found, whole)]
    assert state_digest(parts[0]) == state_digest(parts[1])
    return ""


@pytest.mark.parametrize("file", ["model.safetensors", "state.pt", "config.json", "digests.json"])
def test_every_bit_counts(tmp_path, file):
    """One bit flipped, at some fifty places in each file: none goes unnoticed."""
    path = save(tmp_path, state={"x": torch.arange(5.0), "n": 3})
    whole = checkpoint.load(path)
    data = (path / file).read_bytes()
    noticed = 0
    for place in range(0, len(data), max(len(data) // 50, 1)):
        damaged = bytearray(data)
        damaged[place] ^= 1 << (place % 8)
        (path / file).write_bytes(damaged)
        reason = damage_of(path, whole)
        assert "\n" not in reason
        assert not reason or str(path) in reason
        noticed += bool(reason)
    assert noticed > 5


def test_a_swapped_state_is_damage(tmp_path):
    """A whole file from elsewhere, and one with a type no checkpoint of ours holds."""
    path = save(tmp_path, state={"x": 1})
    for state in ({"x": 2}, {"x": torch.float32}, [1], "text"):
        torch.save(state, path / "state.pt")
        with pytest.raises(checkpoint.DamagedError):
            checkpoint.load(path)


@pytest.mark.parametrize("text", ["", "[]", "null", '{"weights": 1}', '{"weights": {}}', '{"weights": {"no": {}}}', "\x00"])
def test_a_senseless_digest_file_is_damage(tmp_path, text):
    path = save(tmp_path)
    (path / "digests.json").write_text(text)
    with pytest.raises(checkpoint.DamagedError):
        checkpoint.load(path)


def test_none_is_whole(tmp_path):
    for step in (1, 2):
        (save(tmp_path, step) / "state.pt").unlink()
    said = []
    with pytest.raises(UserError, match="none of the 2 checkpoints"):
        checkpoint.load_newest(tmp_path, said.append)
    assert len(said) == 2


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "checkpoints").write_text("in the way")
    with pytest.raises(UserError, match="could not be written") as caught:
        save(tmp_path / "checkpoints")
    assert "\n" not in str(caught.value)
    assert "give another --run-dir" in str(caught.value)


def test_a_read_only_file_system(tmp_path):
    """As root a mode does not bind; a mount does."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    try:
        save(disk / "checkpoints", 1)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(UserError, match="Read-only file system") as caught:
            save(disk / "checkpoints", 2)
        assert "checkpoints before it are intact" in str(caught.value)
        assert checkpoint.load_newest(disk / "checkpoints").step == 1
    finally:
        subprocess.run(["umount", str(disk)], check=True)


# ---- put back into a model -----------------------------------------------------------------------------------------------


def test_restore_refuses_other_settings_in_one_line(tmp_path):
    model = nn.Linear(2, 2)
    checkpoint.save(tmp_path, 1, {"model": model}, {}, {"lr": 0.1, "weight_decay": 0.0, "workers": 0})
    found = checkpoint.load_newest(tmp_path)
    checkpoint.restore(found, {"model": model}, {}, {"lr": 0.1, "weight_decay": 0.0, "workers": 2}, {"workers"})
    with pytest.raises(UserError, match=r"--weight-decay was 0\.0 when .* is 0\.5 now"):
        checkpoint.restore(found, {"model": model}, {}, {"lr": 0.1, "weight_decay": 0.5, "workers": 0}, {"workers"})


@pytest.mark.parametrize(
    ("modules", "words"),
    [
        ({"model": nn.Linear(2, 3)}, "does not fit this model"),
        ({"model": nn.Linear(2, 2, bias=False)}, "does not fit this model"),
        ({"model": nn.Linear(2, 2), "ema": nn.Linear(2, 2)}, "it is not its own"),
    ],
    ids=["shape", "fewer", "more-modules"],
)
def test_restore_refuses_another_model(tmp_path, modules, words):
    save(tmp_path)
    with pytest.raises(UserError, match=words) as caught:
        checkpoint.restore(checkpoint.load_newest(tmp_path), modules, {}, {}, ())
    assert "\n" not in str(caught.value)


def test_restore_refuses_another_optimizer(tmp_path):
    model = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    save(tmp_path, 1, {"model": model}, {"optimizer": optimizer.state_dict()})
    other = torch.optim.SGD([{"params": [p]} for p in model.parameters()], lr=0.1)
    with pytest.raises(UserError, match="does not fit this model or optimizer"):
        checkpoint.restore(checkpoint.load_newest(tmp_path), {"model": model}, {"optimizer": other}, {}, ())


def test_files_are_what_third_parties_read(tmp_path):
    """Plain safetensors, plain JSON, and a pickle that the safe loader takes."""
    from safetensors.torch import load_file

    model = nn.Linear(2, 2)
    path = save(tmp_path, 3, {"model": model}, {"n": 1})
    assert names(path) == ["config.json", "digests.json", "model.safetensors", "state.pt"]
    assert_same(dict(sorted(load_file(path / "model.safetensors").items())), dict(sorted(model.state_dict().items())))
    assert torch.load(path / "state.pt", weights_only=True) == {"n": 1}
    assert set(json.loads((path / "digests.json").read_text())) == {"weights", "state", "config", "all"}
