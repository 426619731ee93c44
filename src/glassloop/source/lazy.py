"""Generators of the script: their body is played only as far as somebody asks for a value.

A body runs in a thread of its own, and the two never run at once: whoever asks waits. It is the one way to stop in the
middle of a recursive evaluation without writing the evaluator twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from glassloop.source.values import Value


class Abandoned(BaseException):
    """Nobody will ask for more."""


class Lazy(Iterator[Value]):
    """`body(give)` calls `give(value)` for each value; `next` plays up to the next one."""

    def __init__(self, body: Callable[[Callable[[Value], None]], None]) -> None:
        self._body = body
        self._mine = threading.Semaphore(0)
        self._theirs = threading.Semaphore(0)
        self._thread: threading.Thread | None = None
        self._value: Value | None = None
        self._error: BaseException | None = None
        self._over = False
        self._abandoned = False

    def __next__(self) -> Value:
        if self._over:
            raise StopIteration
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()
        self._mine.release()
        self._theirs.acquire()
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        if self._over or self._value is None:
            raise StopIteration
        return self._value

    def abandon(self) -> None:
        """Let the thread go."""
        if self._thread is not None and not self._over:
            self._abandoned = True
            self._mine.release()
            self._theirs.acquire()

    def _run(self) -> None:
        self._mine.acquire()
        try:
            if not self._abandoned:
                self._body(self._give)
        except Abandoned:
            pass
        except BaseException as error:  # it belongs to whoever asked for the value
            self._error = error
        self._over = True
        self._theirs.release()

    def _give(self, value: Value) -> None:
        self._value = value
        self._theirs.release()
        self._mine.acquire()
        if self._abandoned:
            raise Abandoned
