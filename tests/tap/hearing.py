"""Runs a piece of training code under the tap, and gives what was heard as (kind, line) pairs or whole events."""

from __future__ import annotations

import linecache
import textwrap
from pathlib import Path
from typing import Any

from glassloop.events import Event
from glassloop.tap import Spot, listen, place, resolve, rounds

FILE = "heard.py"

START = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
opt = torch.optim.SGD(model.parameters(), lr=0.1)
x, y = torch.randn(4, 3), torch.randn(4, 1)
"""


def hear(code: str, start: str = START) -> list[Event]:
    """The events of `code`, after `start` has run unheard."""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(start, "start.py", "exec"), names)
    text = textwrap.dedent(code).lstrip("\n")
    linecache.cache[FILE] = (len(text), None, text.splitlines(keepends=True), FILE)
    resolve.cache_clear()
    place._call_starts.cache_clear()
    rounds.loops_around.cache_clear()
    rounds._tree.cache_clear()
    events: list[Event] = []
    tap = listen(events.append)
    try:
        exec(compile(text, FILE, "exec"), names)
    finally:
        tap.stop(ended=False)
        names.clear()  # a parameter's hook is a cycle that Python cannot see: its optimizer would live on
    return events


def line(event: Event) -> int:
    assert isinstance(event.at, Spot)
    where = resolve(event.at)
    assert Path(where.path).name == FILE, where
    return where.line


def kinds(code: str, *without: str) -> list[str]:
    """The kinds heard, in order."""
    return [event.kind for event in hear(code) if event.kind not in without]


def places(code: str) -> list[tuple[str, int]]:
    """(kind, line) of everything heard; lines count from 1 at the first line of `code`."""
    return [(event.kind, line(event)) for event in hear(code)]
