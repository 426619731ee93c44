"""The rows of a run: the very numbers of the loop, and a loop whose numbers do not change."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import glassloop
from glassloop.kit import checkpoint
from glassloop.record.tensors import content_digest
from glassloop.record.verify import verify
from glassloop.recorder import rows
from glassloop.recorder.state import State
from glassloop.recorder.waiting import LAG, Row, Waiting
from glassloop.recording import Recording
from tests.recorder.conftest import Net, Record, of, read


def loop(told: list[tuple[Any, ...]], steps: int = 6) -> Net:
    """A seeded loop that tells the numbers of its steps, as they were."""
    torch.manual_seed(0)
    model = Net()
    groups = [{"params": model.body[0].parameters(), "lr": 0.01}, {"params": model.body[3].parameters()}]
    optimizer = torch.optim.Adam(groups)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    data = TensorDataset(torch.randn(24, 3), torch.randn(24, 1))
    for x, y in DataLoader(data, batch_size=24 // steps, shuffle=True):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        rates = [group["lr"] for group in optimizer.param_groups]
        optimizer.step()
        schedule.step()
        told.append((loss.item(), norm.item(), rates))
        with torch.no_grad():
            loss.zero_()  # what was recorded must not follow
    return model


def bits(model: nn.Module) -> dict[str, list[Any]]:
    """All of a state, and of the generators."""
    state = {name: tensor.tolist() for name, tensor in model.state_dict().items()}
    return {**state, "torch": torch.get_rng_state().tolist(), "python": [random.getstate()]}


def test_a_step_has_the_numbers_that_the_loop_saw_and_the_loop_ends_in_the_same_bits(record: Record) -> None:
    told: list[tuple[Any, ...]] = []
    alone = bits(loop([]))
    found: list[Any] = []
    rows = record(lambda: found.append(bits(loop(told))), digest_every=1)
    assert found == [alone]
    steps = of(rows, "step")
    assert [(row["loss"], row["grad_norm"], row["lr"]) for row in steps] == told
    assert len({row["rng"] for row in steps}) == len({row["state"] for row in steps}) == 6
    assert rows[0]["row"] == "run"
    assert [row["row"] for row in rows].count("end") == 1
    assert all(len(str(row)) < 600 for row in steps)


def test_the_same_program_gives_the_same_rows(tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        recording = Recording(tmp_path / name, digest_every=2)
        loop([])
        recording.end()
        steps = of(read(tmp_path / name), "step")
        found.append([{key: value for key, value in row.items() if key not in ("n", "prev")} for row in steps])
    assert found[0] == found[1]
    assert ["state" in row for row in found[0]] == [False, True] * 3


def test_numbers_that_are_none_have_words(record: Record) -> None:
    weight = nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([weight], lr=torch.tensor(0.25))

    def run() -> None:
        for factor in (float("inf"), float("nan")):
            weight.grad = None
            (weight * factor).sum().backward()
            optimizer.step()
        optimizer.step()

    steps = of(record(run), "step")
    assert [row["loss"] for row in steps] == ["inf", "nan", None]
    assert steps[0]["lr"] == [0.25]
    assert {row["epoch"] for row in steps} == {None}


def test_each_optimizer_has_its_number(record: Record) -> None:
    first, second = nn.Linear(1, 1), nn.Linear(1, 1)
    optimizers = [torch.optim.SGD(net.parameters(), lr=0.1) for net in (first, second)]

    def run() -> None:
        for _ in range(2):
            for optimizer in optimizers:
                optimizer.step()

    assert [row.get("opt") for row in of(record(run), "step")] == [None, 1, 0, 1]


def test_a_state_is_told_from_another_by_any_tensor_of_the_model() -> None:
    def digest(change: Callable[[Net], object], first: int = 0) -> str | None:
        torch.manual_seed(0)
        model = Net()
        optimizer = torch.optim.SGD(list(model.body[first].parameters()), lr=0.1)
        change(model)
        return State(1).stepped(optimizer, 1)

    with torch.no_grad():
        same = digest(lambda m: None)
        changes: list[Callable[[Net], object]] = [
            lambda m: m.body[0].weight[0, 0].add_(1e-6),  # type: ignore[operator, union-attr, index]
            lambda m: m.body[1].running_mean.add_(1e-6),  # type: ignore[operator, union-attr]
            lambda m: m.body[1].num_batches_tracked.add_(1),  # type: ignore[operator, union-attr]
            lambda m: m.body[3].bias.neg_(),  # type: ignore[operator, union-attr]
            lambda m: m.body[1].register_buffer("running_var", None),
        ]
        assert digest(lambda m: None) == same
        assert len({same, *map(digest, changes)}) == len(changes) + 1


def test_checkpoints_and_what_goes_on_from_them_have_rows(tmp_path: Path) -> None:
    home = tmp_path / "run"
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    recording = Recording(home)
    optimizer.step()
    saved = checkpoint.save(home / "checkpoints", 1, {"model": model}, {"epoch": 0}, {})
    optimizer.step()
    torch.save(model.state_dict(), tmp_path / "by_hand.pt")
    recording.end()
    kit, hand = of(read(home), "checkpoint")
    assert (kit["step"], kit["path"], kit["digest"]) == (1, "checkpoints/step-00000001", content_digest(saved))
    assert kit["state"] == checkpoint.load(saved).digest
    assert (hand["step"], hand["digest"]) == (2, content_digest(tmp_path / "by_hand.pt"))
    assert len(of(read(home), "saving")) == 2  # not the files inside the folder
    recording = Recording(home)
    checkpoint.restore(checkpoint.load(saved), {"model": model}, {}, {}, ())
    optimizer.step()
    recording.end()
    recording = Recording(home)
    torch.load(tmp_path / "by_hand.pt", weights_only=True)
    optimizer.step()
    recording.end()
    rows = read(home)
    assert [row["checkpoint"] for row in of(rows, "resume")] == [kit["digest"], hand["digest"]]
    assert [row["step"] for row in of(rows, "step")] == [1, 2, 2, 3]


def test_a_full_disk_ends_the_record_and_not_the_training(tmp_path: Path, monkeypatch: Any, caplog: Any) -> None:
    recording = Recording(tmp_path / "run")
    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    optimizer.step()
    with monkeypatch.context() as patch:
        patch.setattr("os.write", _full)
        for _ in range(3):
            optimizer.step()
    recording.end()
    (line,) = [one.getMessage() for one in caplog.records]
    assert "No space left on device" in line
    rows = read(tmp_path / "run")
    assert [row["step"] for row in of(rows, "step")] == [1]
    assert "could not be written" in of(rows, "note")[-1]["text"]


def _full(*_: Any) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_ctrl_c_between_two_writes_leaves_a_chain_that_holds(tmp_path: Path, monkeypatch: Any) -> None:
    data = TensorDataset(torch.randn(8, 1))
    for place in ("before", "after"):
        home = tmp_path / place
        recording = Recording(home)
        model = nn.Linear(1, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

        def interrupted(file: int, line: bytes, place: str = place, write: Any = os.write) -> int:
            """A write at which Ctrl-C comes: before anything of a step is written, or when its line is."""
            if place == "after":
                written: int = write(file, line)
                if not line.startswith(b"{"):
                    return written
            raise KeyboardInterrupt

        try:
            for number, (x,) in enumerate(DataLoader(data, batch_size=2)):
                model(x).mean().backward()
                if number == 2:
                    monkeypatch.setattr("os.write", interrupted)
                optimizer.step()
        except KeyboardInterrupt:
            monkeypatch.undo()
        recording.end()
        assert verify(home).word != "broken", verify(home).problems
        assert [row["step"] for row in of(read(home), "step")] == [1, 2, 3][: 3 if place == "after" else 2]


def test_a_recording_inside_another_and_a_watch_between(tmp_path: Path) -> None:
    before = (torch.optim.Optimizer.zero_grad, DataLoader.__iter__, torch.autograd.backward, torch.save)
    outer = Recording(tmp_path / "outer")
    with glassloop.watch(lambda finding: None):
        inner = Recording(tmp_path / "inner")
        loop([])
        inner.end()
    outer.end()
    one, other = ([row["loss"] for row in of(read(tmp_path / name), "step")] for name in ("outer", "inner"))
    assert one == other
    assert len(one) == 6
    assert before == (torch.optim.Optimizer.zero_grad, DataLoader.__iter__, torch.autograd.backward, torch.save)


def test_findings_of_a_watch_have_rows(record: Record) -> None:
    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def run() -> None:
        with glassloop.watch(lambda finding: None):
            for _ in range(3):
                model(torch.ones(1, 1)).sum().backward()
                optimizer.step()

    (row,) = of(record(run), "finding")
    assert (row["rule"], Path(row["path"]).name) == ("zero-grad-missing", Path(__file__).name)


def test_samples_have_digests_and_labels(record: Record, tmp_path: Path) -> None:
    x = torch.arange(12.0).reshape(6, 2)
    x[4] = x[1]
    y = torch.tensor([0, 1, 2, 0, 5, 2])
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)

    data = TensorDataset(x, y)

    def run() -> None:
        for _ in range(2):
            for a, _ in DataLoader(data, batch_size=4, shuffle=True):
                model(a).sum().backward()
                optimizer.step()

    record(run)
    lines = [json.loads(line) for line in (tmp_path / "run" / "data" / "loader-0.jsonl").read_text().splitlines()]
    by_index = {line["i"]: line for line in lines}
    assert {i: line["y"] for i, line in by_index.items()} == dict(enumerate(y.tolist()))
    assert by_index[1]["d"] == by_index[4]["d"]  # a copy, under another label
    assert len({line["d"] for line in lines}) == 5
    (about,) = json.loads((tmp_path / "run" / "data" / "loaders.json").read_text())
    assert (about["seen"], about["digested"], about["again"], about["changed"]) == (6, 6, 6, 0)
    assert record(run, data_digest="none")[0]["row"] == "run"


def test_rows_wait_for_their_numbers_at_most_so_many_steps_and_in_their_order() -> None:
    waiting, written = Waiting(), []
    for number in range(100):
        value = torch.tensor(float(number))
        waiting.add(Row((value,), lambda found, n=number: written.append((n, found))))  # type: ignore[misc]
        assert number - len(written) < LAG
    waiting.flush()
    assert written == [(n, [float(n)]) for n in range(100)]


def test_numbers_that_are_on_a_device_change_nothing_but_when_a_row_is_written(tmp_path: Path, monkeypatch: Any) -> None:
    found = []
    for name in ("near", "far"):
        if name == "far":  # as if a tensor's number could not be read at once
            monkeypatch.setattr(rows, "_taken", lambda value: value.detach().clone())
        recording = Recording(tmp_path / name, digest_every=1)
        loop([], steps=12)
        loop([], steps=12)
        torch.save({}, tmp_path / "x.pt")
        recording.end()
        found.append([{k: v for k, v in row.items() if k not in ("n", "prev")} for row in read(tmp_path / name)[1:-1]])
    assert found[0] == found[1]
    assert len(of(found[0], "step")) == 24


def test_a_thread_that_trains_is_heard_from_its_first_batch_on(record: Record) -> None:
    def run() -> None:
        thread = threading.Thread(target=lambda: loop([]))
        thread.start()
        thread.join()

    rows = of(record(run), "step")
    assert [row["samples"] for row in rows] == [4] * 6
    assert None not in [row["loss"] for row in rows]


def test_a_compiled_model_has_a_state(record: Record) -> None:
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    compiled = torch.compile(model, backend="eager")

    def run() -> None:
        for _ in range(2):
            compiled(torch.ones(1, 2)).sum().backward()
            optimizer.step()

    assert len({row["state"] for row in of(record(run, digest_every=1), "step")}) == 2


def test_numpys_generator_is_part_of_a_checkpoints_row(record: Record, tmp_path: Path) -> None:
    def run() -> None:
        for _ in range(2):
            torch.save({}, tmp_path / "x.pt")
            np.random.rand()

    first, second = of(record(run), "checkpoint")
    assert first["rng"]["numpy"] != second["rng"]["numpy"]
    assert first["rng"]["python"] == second["rng"]["python"]


def test_a_step_inside_another_is_one_and_one_that_raised_is_none(record: Record) -> None:
    weight = nn.Parameter(torch.ones(1))
    inner = torch.optim.SGD([weight], lr=0.1)

    class Outer(torch.optim.SGD):
        """A step around another optimizer's."""

        def step(self, closure: Any = None) -> None:  # type: ignore[override]
            """As often as not it fails."""
            inner.step()
            if closure is not None:
                closure()

    outer = Outer([weight], lr=0.2)

    def failed() -> None:
        raise ValueError

    def run() -> None:
        outer.step()
        for _ in range(2):
            with contextlib.suppress(ValueError):
                outer.step(failed)
        inner.step()
        inner.step()
        outer.step()

    assert [(row["lr"], row.get("opt")) for row in of(record(run), "step")] == [
        ([0.2], None), ([0.1], 1), ([0.1], 1), ([0.2], 0)
    ]  # fmt: skip


def test_a_rate_that_changes_by_its_sign_or_inside_a_tensor_is_told(record: Record) -> None:
    rate = torch.tensor(0.25)
    plain, inside = (torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=lr) for lr in (0.0, rate))

    def run() -> None:
        for value in (0.0, -0.0, 0.5):
            plain.param_groups[0]["lr"] = value
            plain.step()
            rate.fill_(value)
            inside.step()

    assert [str(row["lr"]) for row in of(record(run), "step")] == ["[0.0]", "[0.0]", "[-0.0]", "[-0.0]", "[0.5]", "[0.5]"]
