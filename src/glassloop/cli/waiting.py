"""A bar on stderr for what takes longer than two seconds; nothing where nobody looks."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SECONDS = 2.0


@contextmanager
def bar(title: str) -> Iterator[Callable[[float], None]]:
    """Gives a function that is told the part that is done, from 0 to 1."""
    from rich.console import Console
    from rich.progress import Progress

    began = time.monotonic()
    progress = Progress(console=Console(stderr=True), transient=True)
    task = progress.add_task(title, total=1.0)
    started = False

    def tell(part: float) -> None:
        nonlocal started
        if not started and sys.stderr.isatty() and time.monotonic() - began > _SECONDS:
            started = True
            progress.start()
        progress.update(task, completed=part)

    try:
        yield tell
    finally:
        if started:
            progress.stop()
