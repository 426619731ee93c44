"""Which ways through a program are played, and that leaving some out changes no verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from glassloop.check import Report, check_paths
from glassloop.source.bounds import implied, question

HEAD = """
import argparse
import torch
args = argparse.ArgumentParser().parse_args()
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
"""
STEP = """
    loss = torch.nn.functional.mse_loss(model(torch.randn(8, 4)), torch.randn(8, 1))
    {clear}
    loss.backward()
    optimizer.step()
"""


def read(folder: Path, text: str) -> Report:
    script = folder / "script.py"
    script.write_text(text, encoding="utf-8")
    return check_paths([script], keep=True)


def paths(report: Report) -> int:
    return sum(len(play.paths) for play in report.plays)


@pytest.mark.parametrize(
    ("known", "answer", "asked", "expected"),
    [
        (("Lt", 1), False, ("Lt", 3), False),
        (("Lt", 1), True, ("Lt", 3), None),
        (("Lt", 3), True, ("Lt", 1), True),
        (("Lt", 3), True, ("LtE", 3), True),
        (("Lt", 3), False, ("GtE", 3), True),
        (("LtE", 3), False, ("Gt", 3), True),
        (("LtE", 3), True, ("Lt", 3), None),
        (("Gt", 3), False, ("GtE", 4), None),
        (("Gt", 3), False, ("GtE", 2), False),
        (("GtE", 3), True, ("Gt", 4), True),
    ],
)
def test_answers_follow_from_answers(known: tuple[str, int], answer: bool, asked: tuple[str, int], expected: object) -> None:
    keys = [question(number, op, "n", 0, mirrored=False) for op, number in (known, asked)]
    assert isinstance(keys[1], tuple)
    assert implied({keys[0]: answer}, keys[1]) is expected


def test_both_orders_of_a_comparison_and_a_sum_ask_one_question() -> None:
    assert question(3, "Lt", "n", 0, mirrored=True) == question(3, "Gt", "n", 0, mirrored=False)  # n < 3, 3 > n
    assert question(3, "Lt", "n", 2, mirrored=False) == question(1, "Lt", "n", 0, mirrored=False)  # 3 < n + 2, 1 < n
    assert implied({question(1, "Lt", "n", 0, mirrored=False): False}, ("eq", "n", 5)) is False
    assert implied({question(1, "Lt", "n", 0, mirrored=False): False}, ("eq", "n", "five")) is None


def test_a_check_of_arguments_that_raises_is_no_way_of_its_own(tmp_path: Path) -> None:
    checks = "".join(f"if args.a{i} < 0:\n    raise ValueError('a{i}')\n" for i in range(12))
    report = read(tmp_path, HEAD + checks + "for _ in range(9):" + STEP.format(clear="pass"))
    assert paths(report) == 1
    assert [f.rule for f in report.findings] == ["zero-grad-missing"]


def test_an_error_that_is_caught_is_a_way(tmp_path: Path) -> None:
    text = HEAD + "clears = False\ntry:\n    if args.a:\n        raise ValueError\nexcept ValueError:\n    clears = True\n"
    report = read(tmp_path, text + "for _ in range(9):" + STEP.format(clear="optimizer.zero_grad() if clears else None"))
    assert paths(report) > 1


def test_branches_that_are_over_are_not_tried_together(tmp_path: Path) -> None:
    ways = "".join(f"if args.a{i}:\n    model.eval()\n    model.train()\n" for i in range(10))
    report = read(tmp_path, HEAD + ways + "for _ in range(9):" + STEP.format(clear="pass"))
    assert paths(report) <= 11
    assert [f.rule for f in report.findings] == ["zero-grad-missing"]


def test_a_branch_whose_effect_lasts_is_tried_with_those_after_it(tmp_path: Path) -> None:
    """Only where the one clears and the other does not step is there nothing to say."""
    text = HEAD + "for _ in range(9):" + STEP.format(clear="if args.a:\n        optimizer.zero_grad()")
    text = text.replace("    optimizer.step()", "    if args.b:\n        optimizer.step()")
    seen = {tuple(path.choices) for play in read(tmp_path, text).plays for path in play.paths}
    assert {(True, True), (True, False), (False, True), (False, False)} <= seen


def test_a_loader_is_never_empty(tmp_path: Path) -> None:
    data = "from torch.utils.data import DataLoader\nloader = DataLoader(open('data'))\n"
    guard = "for _ in range(9):\n    if len(loader) == 0:\n        break\n    for x in loader:\n"
    trains = "        model(x).sum().backward()\n        optimizer.step()\n"
    assert paths(read(tmp_path, HEAD + data + guard + trains)) == 1
