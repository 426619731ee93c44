"""Stop between two steps instead of inside one: a signal becomes a question the loop asks."""

import signal
import sys
import threading
from types import FrameType

from glassloop.record.manifest import is_recording_process


class StopSignal:
    """`with StopSignal() as stop:` and, after each step, `if stop.requested: save and leave`.

    SIGTERM (a scheduler's or a container's notice) and the first Ctrl-C only set `requested`. A second Ctrl-C stops at once.
    Signals reach the main thread alone, so elsewhere this does nothing.
    """

    requested = False
    exit_code = 0  # 128 + the signal's number, as a shell would report it

    def __enter__(self) -> "StopSignal":
        self._before = {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        if self.requested and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.requested = True
        self.exit_code = 128 + number
        if not is_recording_process():  # a launcher hands a signal to all of its processes
            return
        again = "; Ctrl-C again stops at once" if number == signal.SIGINT else ""
        # Not print: the handler may have interrupted one, and a buffered stream refuses to be entered twice.
        sys.__stderr__ and sys.__stderr__.write(f"\nfinishing this step, then saving{again}\n")
