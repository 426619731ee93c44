"""What the user sees of an error: not our frames, which stand between the loop and torch while a run is heard."""

from __future__ import annotations

from types import TracebackType

from glassloop.tap.place import stands_between

REPORT = "https://github.com/glassloop/glassloop/issues"


def without_our_frames(error: BaseException) -> None:
    """Takes our frames out of the traceback of an error and of those that it came of, but for the outermost frame."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        one = pending.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        _clean(one.__traceback__)
        pending += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]


def _clean(trace: TracebackType | None) -> None:
    while trace is not None:
        while trace.tb_next is not None and stands_between(trace.tb_next.tb_frame.f_code.co_filename):
            trace.tb_next = trace.tb_next.tb_next
        trace = trace.tb_next
