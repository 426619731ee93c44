"""A bar where somebody looks, lines where a file is written."""

import io
import os
import pty
import re
import sys
import threading
import time

import pytest

from glassloop.kit.progress import TrainingProgress, to_stderr


class Terminal:
    """A pseudo-terminal and everything that was written to it."""

    def __init__(self):
        self.ours, theirs = pty.openpty()
        self.stream = open(theirs, "w", buffering=1)  # noqa: SIM115  # closed by `text`
        self.chunks = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while True:
            try:
                chunk = os.read(self.ours, 65536)
            except OSError:  # the other end was closed
                return
            self.chunks.append(chunk)

    def text(self):
        self.stream.close()
        self.reader.join(5)
        os.close(self.ours)
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", b"".join(self.chunks).decode())


@pytest.fixture
def terminal(monkeypatch):
    def make(columns):
        for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.setenv("COLUMNS", str(columns))
        made = Terminal()
        monkeypatch.setattr(sys, "stdout", made.stream)
        return made

    return make


@pytest.mark.parametrize("columns", [140, 80])
def test_a_terminal_gets_a_bar_with_all_figures(terminal, columns):
    there = terminal(columns)
    with TrainingProgress(10_000, 100) as progress:
        for step in range(101, 106):
            progress.update(step, loss=0.12345, lr=0.00123, samples=640)
            time.sleep(0.02)
        progress.bar.refresh()
        progress.say("epoch 1 [bold]as it is[/bold]")
    text = there.text()
    for figure in ("105/10000", "0.1235", "1.23e-03", "samples/s", "[bold]as it is[/bold]"):
        assert figure in text, text[-500:]
    assert re.search(r"\d+:\d\d:\d\d", text), text[-500:]  # the time left


def test_a_pipe_gets_lines_now_and_then(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    with TrainingProgress(200, 50, every=0.05) as progress:
        assert progress.bar is None
        for step in range(51, 151):
            progress.update(step, loss=1.5, lr=0.01, samples=64)
            time.sleep(0.003)
        progress.say("epoch 1")
    lines = out.getvalue().splitlines()
    assert lines[-1] == "epoch 1"
    assert 2 <= len(lines) - 1 <= 20  # not one a step
    assert re.fullmatch(r"step \d+/200  loss 1\.5000  lr 1\.00e-02  [\d,]+ samples/s  0:0\d left", lines[0])
    assert "\x1b" not in out.getvalue()


def test_the_time_left_counts_from_where_a_resumed_run_began(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    clock = iter([0.0, 20.0, 40.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    progress = TrainingProgress(1100, 1000, every=10)
    progress.update(1010, loss=1.0, lr=0.1, samples=400)
    progress.update(1020, loss=1.0, lr=0.1, samples=400)
    assert out.getvalue().splitlines() == [
        "step 1010/1100  loss 1.0000  lr 1.00e-01  20 samples/s  3:00 left",
        "step 1020/1100  loss 1.0000  lr 1.00e-01  20 samples/s  2:40 left",
    ]


def test_notes_go_to_stderr(capsys):
    to_stderr("note: beside the results")
    assert capsys.readouterr() == ("", "note: beside the results\n")
