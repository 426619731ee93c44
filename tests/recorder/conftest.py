"""A recording is tested with real loops in this process; the truth about a batch is in the batch itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from glassloop.record.verify import verify
from glassloop.recording import Recording

Rows = list[dict[str, Any]]
Record = Callable[..., Rows]


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """`record(loop)` runs `loop()` recorded and gives the rows of its ledger; options are those of Recording."""

    def run(loop: Callable[[], object], **options: Any) -> Rows:
        recording = Recording(tmp_path / "run", **options)
        try:
            loop()
        finally:
            recording.end()
        assert verify(tmp_path / "run").word != "broken"
        return read(tmp_path / "run")

    return run


def read(home: Path) -> Rows:
    """The rows of a ledger, as anybody would read them."""
    return [json.loads(line) for line in (home / "ledger.jsonl").read_text().splitlines()]


def of(rows: Rows, kind: str) -> Rows:
    """The rows of a kind."""
    return [row for row in rows if row["row"] == kind]


class Net(nn.Module):
    """A little of everything that has a state."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.2), nn.Linear(4, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """One number a row."""
        return self.body(x)  # type: ignore[no-any-return]
