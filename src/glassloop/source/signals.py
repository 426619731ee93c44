"""How control leaves a block while it is played."""

from __future__ import annotations

from glassloop.source.values import Value


class ReturnSignal(Exception):
    """A function returns."""

    def __init__(self, value: Value) -> None:
        super().__init__()
        self.value = value


class BreakSignal(Exception):
    """The innermost loop ends."""


class ContinueSignal(Exception):
    """The innermost loop's turn ends."""
