"""A ledger that ends its process with its last row: for a replay of a run that was killed, or of a part of one."""

import os
from pathlib import Path

from glassloop.record.ledger import Ledger

COUNTED = ("step", "eval", "checkpoint")


class EndingLedger(Ledger):
    """Sends this process `signal` right after the `rows`-th row of a step, an evaluation or a checkpoint.

    From outside that would come too late: a next step, or a next file that the program writes over, may take a millisecond.
    """

    def __init__(self, path: Path, rows: int, signal: int) -> None:
        super().__init__(path)
        self._left, self._signal = rows, signal

    def append_line(self, kind: str, text: str) -> int:
        """As every ledger does; then the end, where this was the last one."""
        number = super().append_line(kind, text)
        if kind in COUNTED:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), self._signal)
        return number
