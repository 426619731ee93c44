"""Which turn a `for` loop of the user's is in: the value of its variable, in the frame that runs it."""

from __future__ import annotations

import inspect
import os
import sys
from functools import lru_cache
from types import CodeType, FrameType

from glassloop.findings import Where

Turn = int | str | float | None


def turn_of(loop: Where, variable: str, frame: FrameType | None) -> Turn:
    """The value that `variable` has now in the loop at `loop`, looked for in `frame` and outwards; None if not found.

    Only numbers and words count: nothing of the user's is kept.
    """
    while frame is not None:
        path, lines = _span(frame.f_code.co_filename, frame.f_code)
        if path == loop.path and loop.line in lines:
            value = _value(frame, variable)
            return value if isinstance(value, (int, str, float)) else None
        frame = frame.f_back
    return None


@lru_cache(maxsize=64)
def _span(filename: str, code: CodeType) -> tuple[str, frozenset[int]]:
    # The name is asked for too: code objects are equal where their instructions are, whichever file they came from.
    lines = frozenset(line for _, _, line in code.co_lines() if line is not None)
    return os.path.abspath(filename), lines


def _value(frame: FrameType, variable: str) -> object:
    found = frame.f_locals
    value = found.get(variable)
    if sys.version_info < (3, 13) and frame.f_code.co_flags & inspect.CO_OPTIMIZED:
        # Until 3.13 this is a copy that the frame keeps: it would hold the loop's tensors past their time.
        found.clear()
    return value
