"""Turns and passes of the loops around a backward, and whether its loss is a mean, as the tap says them."""

from __future__ import annotations

import pytest

from glassloop.events import BACKWARD, MEAN, RESCALED, TURN
from tests.tap.hearing import hear, places


def turns(code: str) -> list[tuple[int, int]]:
    """Of each backward the pass and the turn, as parities."""
    told = [event.facts[TURN] for event in hear(code) if event.kind == BACKWARD]
    assert all(isinstance(t, tuple) for t in told)
    return [t[1:] for t in told]  # type: ignore[index]


def means(code: str) -> list[object]:
    return [event.facts.get(MEAN) for event in hear(code) if event.kind == BACKWARD]


def test_a_turn_of_the_loop_is_another_turn_and_a_turn_of_the_outer_loop_another_pass():
    code = """
    for epoch in range(2):
        for i in range(3):
            model(x).mean().backward()
    """
    assert turns(code) == [(0, 1), (0, 0), (0, 1), (1, 0), (1, 1), (1, 0)]


def test_two_calls_of_one_helper_stand_in_one_turn():
    code = """
    def walk(t):
        model(t).mean().backward()
    for i in range(2):
        walk(x)
        walk(y.expand(4, 3))
    """
    assert turns(code) == [(0, 1), (0, 1), (0, 0), (0, 0)]


def test_a_while_loop_goes_round_too_and_an_index_that_starts_again_is_another_pass():
    code = """
    n = 0
    while n < 2:
        n += 1
        for i in range(3):
            model(x).mean().backward()
    """
    assert turns(code) == [(0, 1), (0, 0), (0, 1), (1, 0), (1, 1), (1, 0)]


def test_a_size_that_goes_up_and_down_is_no_index():
    code = """
    n = 0
    for size in (4, 9, 2, 7, 8, 5):
        model(x).mean().backward()
    """
    assert {p for p, _ in turns(code)} == {0}


def test_a_pass_of_a_loader_is_a_pass_in_a_while_loop():
    code = """
    n = 0
    while n < 2:
        n += 1
        for b in torch.utils.data.DataLoader(x, batch_size=2):
            model(b).mean().backward()
    """
    assert turns(code) == [(0, 1), (0, 0), (1, 1), (1, 0)]


def test_equal_turns_are_equal_events():
    events = [e for e in hear("for i in range(6): model(x).mean().backward()") if e.kind == BACKWARD]
    assert (len(events), len({id(e) for e in events})) == (6, 2)


@pytest.mark.parametrize(
    ("loss", "mean"),
    [
        ("F.mse_loss(out, y)", True),
        ("F.mse_loss(out, y, reduction='sum')", False),
        ("F.mse_loss(out, y) / 4", False),
        ("nn.L1Loss()(out, y)", True),
        ("nn.L1Loss()(out, y) + 0.1 * out.abs().sum()", True),
        ("(out - y).square().mean()", True),
        ("(out - y).square().sum() / 4", False),
        ("F.mse_loss(out, y) / 4 + out.mean()", False),
        ("0.25 * F.mse_loss(out, y)", None),
        ("(out - y).square().sum()", None),
        ("F.cross_entropy(torch.cat([out, -out], 1), y.long().clamp(0, 1).squeeze(), label_smoothing=0.1)", True),
        ("torch.amp.GradScaler('cpu').scale(F.mse_loss(out, y))", True),
        ("torch.amp.GradScaler('cpu').scale(F.mse_loss(out, y) / 2)", False),
    ],
)
def test_whether_a_loss_is_a_mean_is_read_off_its_graph(loss: str, mean: bool | None):
    assert means(f"out = model(x)\nloss = {loss}\nloss.backward()") == [mean]


def test_a_mean_inside_a_model_is_one():
    code = """
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = model
        def forward(self, x, y):
            return F.mse_loss(self.layer(x), y)
    Own()(x, y).backward()
    """
    assert means(code) == [True]


@pytest.mark.parametrize(
    "division", ["p.grad.div_(2)", "p.grad.data.mul_(0.5)", "p.grad.data /= 2", "torch._foreach_div_([p.grad], 2)"]
)
def test_gradients_divided_by_hand(division: str):
    assert (RESCALED, 3) in places(f"model(x).mean().backward()\nfor p in model.parameters():\n    {division}\nopt.step()\n")


def test_a_moving_average_of_weights_is_nothing_of_the_gradients():
    code = """
    average = [p.detach().clone() for p in model.parameters()]
    model(x).mean().backward()
    for a, p in zip(average, model.parameters()):
        a.mul_(0.9).add_(p.detach(), alpha=0.1)
    opt.step()
    """
    assert RESCALED not in [e.kind for e in hear(code)]
