"""Where to compute: what is absent is refused in one line."""

import pytest
import torch

from glassloop.errors import UserError
from glassloop.kit.device import autocast_dtype, choose_device, refuse_many_processes


@pytest.fixture
def machine(monkeypatch):
    def with_accelerators(cuda=False, mps=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return with_accelerators


@pytest.mark.parametrize(
    ("there", "chosen"), [({"cuda": True, "mps": True}, "cuda"), ({"mps": True}, "mps"), ({}, "cpu")], ids=str
)
def test_auto_takes_the_best_there_is(machine, there, chosen):
    machine(**there)
    assert choose_device("auto") == torch.device(chosen)
    assert choose_device(chosen) == torch.device(chosen)
    assert choose_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_an_absent_one_is_refused(machine, name):
    machine()
    with pytest.raises(UserError, match=rf"device '{name}' is not available here \(available: cpu\); give --device auto"):
        choose_device(name)


def test_an_unknown_one_is_refused(machine):
    machine()
    with pytest.raises(UserError, match="device 'tpu' is not known; give auto, cpu, cuda or mps"):
        choose_device("tpu")


def test_precisions():
    assert autocast_dtype("fp16") is torch.float16
    assert autocast_dtype("bf16") is torch.bfloat16


@pytest.mark.parametrize("world", ["2", "8"])
def test_many_processes_are_refused(monkeypatch, world):
    monkeypatch.setenv("WORLD_SIZE", world)
    with pytest.raises(UserError, match=f"WORLD_SIZE is {world}, .* {world} separate models"):
        refuse_many_processes()


@pytest.mark.parametrize("world", [None, "1", "", "none"])
def test_one_process_is_not(monkeypatch, world):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    if world is not None:
        monkeypatch.setenv("WORLD_SIZE", world)
    refuse_many_processes()
