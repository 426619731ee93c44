"""Planted faults are found, and named; what is meant, natural or unknown is not called a fault."""

import random
from pathlib import Path
from typing import Any

import pytest

from glassloop.audit import Report, audit
from glassloop.audit.shuffles import permutation
from tests.audit.written import Written, honest, shuffled


def failing(report: Report) -> list[str]:
    """What fails beside verify, which knows that no recorder wrote these."""
    return [check.name for check in report.checks if check.answer.verdict == "fails" and check.name != "record-whole"]


def with_contents(folder: Path, train: list[Any], val: list[Any]) -> Written:
    written = Written(folder, [(x, i % 10) for i, x in enumerate(train)], [(x, i % 10) for i, x in enumerate(val)])
    written.begin()
    written.epoch(shuffled(len(train), 0), 0)
    written.evaluate(range(len(val)))
    return written


def test_an_honest_run_fails_nothing(tmp_path: Path) -> None:
    report = audit(honest(tmp_path / "run").end())
    assert failing(report) == []
    for name in ("validation-apart", "training-repeats", "class-balance", "seen-once", "coverage"):
        assert report[name].answer.verdict == "holds", name


def test_twenty_copies_across_the_split(tmp_path: Path) -> None:
    train = [("t", i) for i in range(300)]
    val = [("v", i) for i in range(40)] + [("t", 7 * i) for i in range(20)]
    report = audit(with_contents(tmp_path / "run", train, val).end())
    assert failing(report) == ["validation-apart"]
    answer = report["validation-apart"].answer
    assert answer.facts["loader 1 (val)"]["equal_to_training"] == 20
    assert (41, 7) in answer.facts["examples"]


def test_data_that_repeats_by_itself_is_no_leak(tmp_path: Path) -> None:
    """Rows of four small numbers, split honestly: equal ones on both sides, as often as inside the training data."""
    draw = random.Random(0)
    rows = [tuple(draw.randrange(6) for _ in range(4)) for _ in range(600)]
    report = audit(with_contents(tmp_path / "run", rows[:500], rows[500:]).end())
    assert failing(report) == []
    assert report["validation-apart"].answer.verdict == "unknown"
    assert report["training-repeats"].answer.verdict == "unknown"


def test_a_second_loader_over_the_training_data_measures_the_training(tmp_path: Path) -> None:
    written = honest(tmp_path / "run")
    rows = (written.folder / "data" / "loader-0.jsonl").read_text()
    (written.folder / "data" / "loader-2.jsonl").write_text(rows)
    written.loaders.append({"loader": 2, "split": "val", "length": 300, "sampler": "SequentialSampler", "seen": 300})
    report = audit(written.end())
    assert failing(report) == []
    assert "loader 2 (val) holds training samples alone" in report["validation-apart"].answer.says


def test_validation_on_the_training_data(tmp_path: Path) -> None:
    train = [("t", i) for i in range(100)]
    assert failing(audit(with_contents(tmp_path / "run", train, train).end())) == ["validation-apart"]


def test_augmented_samples_cannot_be_told_apart(tmp_path: Path) -> None:
    report = audit(honest(tmp_path / "run", changed=64).end())
    assert report["validation-apart"].answer.verdict == "unknown"


@pytest.mark.parametrize("sampler", ["RandomSampler", "MySampler"])
def test_a_sample_seen_twice_and_one_never(tmp_path: Path, sampler: str) -> None:
    written = honest(tmp_path / "run", epochs=1, sampler=sampler, replacement=False if sampler == "RandomSampler" else None)
    order = shuffled(300, 1)
    order[order.index(17)] = 230
    written.epoch(order, 1)
    report = audit(written.end())
    assert failing(report)[-1:] == ["seen-once"]
    says = report["seen-once"].answer.says
    assert "pass 2 (steps 31 to 60)" in says
    assert "index 230 was drawn 2 times" in says
    assert "1 not at all (17)" in says


def test_an_oversampler_of_ones_own_is_not_called_a_fault(tmp_path: Path) -> None:
    written = honest(tmp_path / "run", epochs=0, sampler="ThreeTimes", replacement=None)
    for epoch in range(2):
        written.epoch([i % 300 for i in shuffled(900, epoch)], epoch)
    report = audit(written.end())
    assert failing(report) == []
    assert "repeats 300 indices" in report["seen-once"].answer.says


def test_a_declared_weighted_sampler_is_said_not_failed(tmp_path: Path) -> None:
    written = honest(tmp_path / "run", epochs=0, sampler="WeightedRandomSampler", replacement=True)
    draw = random.Random(0)
    for epoch in range(3):
        written.epoch(draw.choices(range(300), [1 + 8 * (i % 10 == 0) for i in range(300)], k=300), epoch)
    report = audit(written.end())
    assert failing(report) == []
    assert "repeats are meant" in report["seen-once"].answer.says
    assert "no epoch stranger than chance" in report["class-balance"].answer.says


@pytest.mark.parametrize("sampler", ["RandomSampler", "WeightedRandomSampler", "MySampler"])
@pytest.mark.parametrize("epochs", [2, 5])
def test_a_class_under_sampled_in_one_epoch(tmp_path: Path, sampler: str, epochs: int) -> None:
    """Half of class 3's draws of the last epoch go to the other classes."""
    weighted = sampler == "WeightedRandomSampler"
    written = honest(tmp_path / "run", 4000, 0, sampler=sampler, replacement={"R": False, "W": True}.get(sampler[0]))
    draw = random.Random(1)
    for epoch in range(epochs):
        order = draw.choices(range(4000), k=4000) if weighted else shuffled(4000, epoch)
        if epoch == epochs - 1:
            order = [i + 1 if i % 10 == 3 and draw.random() < 0.5 else i for i in order]
        written.epoch(order, epoch, size=200)
    report = audit(written.end())
    assert "class-balance" in failing(report)
    says = report["class-balance"].answer.says
    assert f"pass {epochs}: class 3 is under-sampled" in says
    assert says.count("pass ") == says.count(f"pass {epochs}")


def test_a_curriculum_is_not_called_under_sampled(tmp_path: Path) -> None:
    written = honest(tmp_path / "run", 2000, 0, sampler="Curriculum", replacement=None)
    for epoch in range(5):
        written.epoch([i for i in shuffled(2000, epoch) if i % 10 <= 2 * epoch + 1], epoch)
    assert failing(audit(written.end())) == []


def test_an_epoch_that_is_left_early(tmp_path: Path) -> None:
    """`if step == limit: break`: samples are missed, the classes come by chance."""
    written = honest(tmp_path / "run", epochs=0)
    for epoch in range(4):
        written.epoch(shuffled(300, epoch)[:100], epoch)
    report = audit(written.end())
    assert failing(report) == []
    assert "was left after 100 of 300 samples" in report["seen-once"].answer.says
    assert report["class-balance"].answer.verdict == "holds"


def test_a_last_batch_that_is_dropped(tmp_path: Path) -> None:
    written = honest(tmp_path / "run", 305, 0, drop_last=True)
    for epoch in range(3):
        written.epoch(shuffled(305, epoch)[:300], epoch)
    report = audit(written.end())
    assert failing(report) == []
    assert report["seen-once"].answer.verdict == "holds"


def kit(folder: Path, orders: list[list[int]]) -> Report:
    written = honest(folder, epochs=0, sampler="EpochOrder")
    for epoch, order in enumerate(orders):
        written.epoch(order, epoch)
    return audit(written.end())


def test_the_order_of_the_kit_is_computed_again(tmp_path: Path) -> None:
    orders = [list(permutation(300, 3, epoch)) for epoch in range(3)]
    right = kit(tmp_path / "right", orders)["order-from-seed"].answer
    assert (right.verdict, right.facts["loader 0 (train)"]["epochs"]) == ("holds", [0, 1, 2])
    orders[1][4], orders[1][5] = orders[1][5], orders[1][4]
    wrong = kit(tmp_path / "wrong", orders)
    assert failing(wrong) == ["order-from-seed"]
    assert "pass 2 is not the order of seed 3" in wrong["order-from-seed"].answer.says


def test_a_killed_run_that_went_on_is_no_fault(tmp_path: Path) -> None:
    """Killed at step 50, resumed from 40: the ten steps that were done again are no second sight of their samples."""
    written = honest(tmp_path / "run", epochs=0, sampler="EpochOrder")
    orders = [list(permutation(300, 3, epoch)) for epoch in range(3)]
    written.epoch(orders[0], 0)
    written.epoch(orders[1][:200], 1)
    (written.folder / "data" / "session-2").mkdir()
    written.begin(resumed_from=40)
    written.epoch(orders[1][100:], 0)
    written.epoch(orders[2], 1)
    folder = written.end()
    for name in ("loaders.json", "loader-0.jsonl", "loader-1.jsonl"):
        (folder / "data" / "session-2" / name).write_bytes((folder / "data" / name).read_bytes())
    report = audit(folder)
    assert failing(report) == []
    assert report["order-from-seed"].answer.verdict == "holds"
    assert report["seen-once"].answer.verdict == "holds"  # what one session left, the next took up
    assert report["coverage"].answer.facts["draws_done_again"] == 100
    assert "session 1 was cut, and went on" in report["coverage"].answer.says


def test_steps_that_no_row_tells_of(tmp_path: Path) -> None:
    written = honest(tmp_path / "run")
    written.step += 5
    written.epoch(shuffled(300, 9), 3)
    report = audit(written.end())
    assert report["coverage"].answer.verdict == "unknown"
    assert report["coverage"].answer.facts["steps_without_row"]


def test_labels_that_are_no_classes(tmp_path: Path) -> None:
    written = Written(tmp_path / "run", [(("t", i), i) for i in range(300)], [(("v", i), None) for i in range(30)])
    written.begin()
    written.epoch(shuffled(300, 0)[:150], 0)
    written.evaluate(range(30))
    report = audit(written.end())
    assert (failing(report), report["class-balance"].answer.verdict) == ([], "unknown")
