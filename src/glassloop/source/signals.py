"""How control leaves a block while it is played."""

from __future__ import annotations

from glassloop.source.values import Value


class ReturnSignal(Exception):  # noqa: N818 (control flow, no error)
    """A function returns."""

    def __init__(self, value: Value) -> None:
        super().__init__()
        self.value = value


class BreakSignal(Exception):  # noqa: N818 (control flow, no error)
    """The innermost loop ends."""


class ContinueSignal(Exception):  # noqa: N818 (control flow, no error)
    """The innermost loop's turn ends."""
