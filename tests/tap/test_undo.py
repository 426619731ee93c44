"""The tap takes itself out exactly: after it, every attribute it touched is the very object it was."""

from __future__ import annotations

import sys
import threading
import time
import types

import pytest
import torch
from torch.optim import lr_scheduler
from torch.optim import optimizer as optimizer_module
from torch.utils.data import DataLoader
from torch.utils.data.dataloader import (
    _BaseDataLoaderIter,
    _MultiProcessingDataLoaderIter,
    _SingleProcessDataLoaderIter,
)

import glassloop.tap as tap_package
from glassloop.tap import listen, patch
from tests.tap.hearing import hear

MODULES = (
    torch, torch.nn, torch.nn.functional, torch.nn.utils, torch.nn.utils.clip_grad, torch.autograd, torch.optim,
    torch.optim.lr_scheduler, torch.amp, torch.cuda.amp, torch.serialization, torch.utils.data,
)  # fmt: skip
CLASSES = (
    torch.Tensor, torch.nn.Parameter, torch.nn.Module, torch.nn.Linear, torch.nn.modules.loss._Loss,
    torch.optim.Optimizer, torch.optim.SGD, torch.amp.GradScaler, torch.cuda.amp.GradScaler,
    DataLoader, _BaseDataLoaderIter, _SingleProcessDataLoaderIter, _MultiProcessingDataLoaderIter,
    torch.no_grad, torch.enable_grad, torch.inference_mode, torch.set_grad_enabled,
)  # fmt: skip


def everything() -> dict[str, object]:
    """Every attribute of the classes and modules that the tap may touch, and what it could change beside them."""
    seen: dict[str, object] = {}
    schedulers = [c for c in vars(lr_scheduler).values() if isinstance(c, type)]
    for owner in (*MODULES, *CLASSES, *schedulers):
        for name, value in vars(owner).items():
            seen[f"{owner.__name__}.{name}"] = value
            closure = value.__closure__ if isinstance(value, types.FunctionType) else None
            for i, cell in enumerate(closure or ()):
                seen[f"{owner.__name__}.{name} cell {i}"] = cell.cell_contents
    for name in ("_global_optimizer_pre_hooks", "_global_optimizer_post_hooks"):
        seen[name] = tuple(getattr(optimizer_module, name).items())
    for i, finder in enumerate(sys.meta_path):
        seen[f"meta_path {i}"] = finder
    return seen


def differing(before: dict[str, object], after: dict[str, object]) -> list[str]:
    names = before.keys() | after.keys()
    return sorted(n for n in names if not same(before.get(n, patch.MISSING), after.get(n, patch.MISSING)))


def same(one: object, other: object) -> bool:
    """Identical; the hook lists, which are copied here, hold identical hooks."""
    return one is other or (isinstance(one, tuple) and one == other)


def test_every_patched_attribute_is_the_same_object_again():
    torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)  # its first construction hooks the class for good
    before = everything()
    tap = listen(lambda event: None)
    during = everything()
    tap.stop()
    assert differing(before, everything()) == []
    touched = differing(before, during)
    for name in ("Module.__call__", "Optimizer.__init__", "Parameter.grad", "Tensor.zero_", "ChainedScheduler.step"):
        assert name in touched


def test_after_a_run_nothing_is_left_on_the_users_objects():
    before = everything()
    hear("F.mse_loss(model(x), y).backward()\nopt.step()\nopt.zero_grad()\n")
    model, opt = torch.nn.Linear(2, 1), None
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    own = {**vars(model)}, {**vars(opt)}, [dict(vars(p)) for p in model.parameters()]
    tap = listen(lambda event: None)
    model(torch.ones(1, 2)).sum().backward()
    opt.step()
    tap.stop()
    assert (vars(model).keys(), vars(opt).keys()) == (own[0].keys(), own[1].keys())
    assert [dict(vars(p)) for p in model.parameters()] == own[2]
    assert differing(before, everything()) == []


def test_a_class_defined_while_listening_is_put_back_too():
    tap = listen(lambda event: None)

    class Later(lr_scheduler.LambdaLR):
        def step(self, epoch=None):
            super().step()

    during = Later.step
    tap.stop()
    assert Later.step is not during
    assert Later.step.__qualname__.endswith("Later.step")
    assert not hasattr(Later.step, "__wrapped__")


def test_names_imported_while_listening_are_put_back_and_kept_ones_are_inert():
    user = types.ModuleType("a_users_module")
    sys.modules["a_users_module"] = user
    heard: list[object] = []
    try:
        user.cross_entropy = original = torch.nn.functional.cross_entropy
        tap = listen(heard.append)
        assert user.cross_entropy is not original
        kept = user.later = torch.nn.functional.mse_loss
        tap.stop()
        assert user.cross_entropy is original
        assert user.later is torch.nn.functional.mse_loss
        heard.clear()
        kept(torch.ones(1), torch.ones(1))
        assert heard == []
    finally:
        del sys.modules["a_users_module"]


def test_what_another_tool_has_wrapped_since_is_left_to_it():
    before = torch.nn.Module.zero_grad
    tap = listen(lambda event: None)
    ours = torch.nn.Module.zero_grad

    def theirs(self, set_to_none=True):
        return ours(self, set_to_none)

    torch.nn.Module.zero_grad = theirs
    try:
        tap.stop()
        assert torch.nn.Module.zero_grad is theirs
        torch.nn.Linear(1, 1).zero_grad()
    finally:
        torch.nn.Module.zero_grad = before


def test_one_run_has_one_ear_and_the_last_to_leave_takes_it_out():
    before, heard = everything(), []
    tap, second = listen(lambda event: None), listen(heard.append)
    tap.stop()
    tap.stop()
    torch.nn.Linear(1, 1)(torch.ones(1, 1))
    assert [event.kind for event in heard] == ["forward"]
    second.stop()
    assert [event.kind for event in heard] == ["forward", "end"]
    assert differing(before, everything()) == []


def heard_in(thread: threading.Thread) -> bool:
    ear = None if tap_package._current is None else tap_package._current.ear
    return ear is not None and ear.on and ear.thread == thread.ident


def test_another_thread_is_refused_until_the_one_that_is_heard_has_ended():
    before, heard = everything(), []
    leave = threading.Event()

    def listens() -> None:
        listen(lambda event: None)
        leave.wait()

    thread = threading.Thread(target=listens)
    thread.start()
    try:
        while not heard_in(thread):
            time.sleep(0.01)
        with pytest.raises(RuntimeError, match="another thread"):
            listen(heard.append)
    finally:
        leave.set()
        thread.join()
    tap = listen(heard.append)
    torch.nn.Linear(1, 1)(torch.ones(1, 1))
    tap.stop()
    assert [event.kind for event in heard] == ["forward", "end"]
    assert differing(before, everything()) == []
