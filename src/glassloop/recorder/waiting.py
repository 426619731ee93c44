"""Rows whose numbers are still on their way from an accelerator: written in their order, at most LAG steps late.

Nothing here waits for a device but `flush`, and a step that comes LAG steps after one whose numbers have not arrived.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch

from glassloop.tap.late import Late

LAG = 16


class Row(NamedTuple):
    """A row that waits for its numbers; `write` takes them, in the order of `numbers`."""

    numbers: tuple[torch.Tensor, ...]
    write: Callable[[list[float]], None]


class Waiting:
    """A queue of rows."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._sent: list[Row] = []
        self._late: Late | None = None
        self.empty = True  # whether a row can be written at once

    def add(self, row: Row) -> None:
        """One more. Half of LAG are sent together; those sent before have had as many steps to arrive."""
        self._rows.append(row)
        self.empty = False
        if len(self._rows) >= LAG // 2:
            self._send()

    def flush(self) -> None:
        """Writes all of them; waits for the device."""
        self._send()
        self._write()

    def _send(self) -> None:
        if torch.cuda.is_available() and torch.cuda.is_current_stream_capturing():
            return  # what is done now is being recorded for replay, and ours must not become part of that
        self._write()
        self._sent, self._rows = self._rows, []
        self.empty = not self._sent
        tensors = [number for row in self._sent for number in row.numbers]
        self._late = Late(tensors) if tensors else None

    def _write(self) -> None:
        sent, self._sent = self._sent, []
        self.empty = not self._rows
        numbers = iter(self._late.read() if self._late is not None else [])
        self._late = None
        for row in sent:
            row.write([next(numbers)[0] for _ in row.numbers])
