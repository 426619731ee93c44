"""Clearing that no call of PyTorch's announces."""

from __future__ import annotations

from tests.tap.hearing import hear, places

LOOP = "for p in model.parameters():\n    {}\nopt.step()\n"
BACKWARD = "F.mse_loss(model(x), y).backward()\n"


def heard(clearing: str) -> list[tuple[str, int]]:
    return [(k, at) for k, at in places(BACKWARD + LOOP.format(clearing)) if k not in ("forward", "loss")]


def test_set_to_none_is_one_clearing_at_its_line():
    assert heard("p.grad = None") == [("backward", 1), ("zero-grad", 3), ("step", 4)]


def test_zeroed_in_place():
    assert heard("p.grad.zero_()") == [("backward", 1), ("zero-grad", 3), ("step", 4)]


def test_zeroed_behind_the_graphs_back():
    assert heard("p.grad.data.zero_()") == [("backward", 1), ("zero-grad", 3), ("step", 4)]


def test_a_gradient_of_the_users_own_makes_it_opaque():
    assert heard("p.grad = p.grad * 2") == [("backward", 1), ("opaque", 3), ("step", 4)]


def test_zeroing_something_else_is_no_clearing():
    assert heard("torch.ones(3).zero_()") == [("backward", 1), ("step", 4)]


def test_plain_tensors_are_heard_too():
    start = """
import torch
w = torch.ones(3, requires_grad=True)
opt = torch.optim.SGD([w], lr=0.1)
"""
    events = hear("w.sum().backward()\nw.grad.zero_()\nopt.step()\n", start)
    assert [e.kind for e in events] == ["backward", "zero-grad", "step"]


def test_the_models_own_zero_grad_names_the_optimizers():
    (event,) = hear("model.zero_grad()\n")
    assert (event.kind, event.what and event.what.role, [r.label for r in event.of or ()]) == (
        "zero-grad", "model", ["SGD"],
    )  # fmt: skip


def test_clamped_in_place_is_a_clip():
    assert heard("p.grad.clamp_(-1, 1)") == [("backward", 1), ("clip", 3), ("step", 4)]
    assert heard("p.grad.data.clip_(-1, 1)") == [("backward", 1), ("clip", 3), ("step", 4)]


BARE = """
import torch
w, b = torch.ones(3, requires_grad=True), torch.ones(1, requires_grad=True)
opt = torch.optim.SGD([w, b], lr=0.1)
"""


def of_bare_tensors(clearing: str) -> list[str]:
    text = f"for _ in range(2):\n    (w.sum() + b).backward()\n    opt.step()\n    {clearing}\n"
    return [e.kind for e in hear(text, BARE)]


def test_what_is_assigned_to_a_plain_tensors_grad_is_found_at_the_next_backward():
    expected = ["backward", "step", "opaque", "backward", "step"]
    assert of_bare_tensors("w.grad = b.grad = None") == expected
    assert of_bare_tensors("w.grad = torch.zeros(3)") == expected


def test_a_plain_tensors_gradient_that_stays_or_is_cleared_aloud_is_no_riddle():
    assert of_bare_tensors("pass") == ["backward", "step", "backward", "step"]
    for aloud in ("opt.zero_grad()", "for t in (w, b): t.grad.zero_()"):
        assert of_bare_tensors(aloud) == ["backward", "step", "zero-grad"] * 2
