"""What the loop says while it runs: a bar on a terminal, a line now and then anywhere else."""

import sys
import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from glassloop.record.manifest import is_recording_process


class TrainingProgress:
    """`with TrainingProgress(total_steps, first_step) as progress:` then `progress.update(...)` when figures are at hand.

    On a terminal a bar with loss, learning rate, samples per second and time left; in a pipe or a file one line at most
    every `every` seconds, so that a log stays readable. `update` costs microseconds: the bar is drawn by a thread.
    """

    def __init__(self, total_steps: int, first_step: int = 0, every: float = 10.0) -> None:
        self.total_steps, self.first_step, self.every = total_steps, first_step, every
        self.console = Console(highlight=False, soft_wrap=True)
        self.started = self.last_line = time.perf_counter()
        self.samples = 0
        self.bar: Progress | None = None
        if self.console.is_terminal:
            figures = "loss {task.fields[loss]:.4f}  lr {task.fields[lr]:.2e}  {task.fields[rate]:,.0f} samples/s"
            columns = (TextColumn("step {task.completed}/{task.total}"), BarColumn(), TextColumn(figures))
            self.bar = Progress(*columns, TimeRemainingColumn(), console=self.console, transient=True, refresh_per_second=4)
            self.task = self.bar.add_task(
                "train", total=total_steps, completed=first_step, loss=float("nan"), lr=0.0, rate=0.0
            )

    def __enter__(self) -> "TrainingProgress":
        if self.bar:
            self.bar.start()
        return self

    def __exit__(self, *_error: object) -> None:
        if self.bar:
            self.bar.stop()

    def update(self, step: int, *, loss: float, lr: float, samples: int) -> None:
        """`step` optimizer steps are done; `loss` and `lr` are the last step's; `samples` were seen since the last call."""
        self.samples += samples
        now = time.perf_counter()
        rate = self.samples / max(now - self.started, 1e-9)
        if self.bar:
            self.bar.update(self.task, completed=step, loss=loss, lr=lr, rate=rate)
        elif now - self.last_line >= self.every:
            self.last_line = now
            left = (self.total_steps - step) * (now - self.started) / max(step - self.first_step, 1)
            self.say(
                f"step {step}/{self.total_steps}  loss {loss:.4f}  lr {lr:.2e}  {rate:,.0f} samples/s  "
                f"{int(left // 60)}:{int(left % 60):02d} left"
            )

    def say(self, text: str) -> None:
        """A line that stays, above the bar where there is one."""
        if self.bar:
            self.bar.console.print(text, markup=False)
        else:
            print(text, flush=True)


def to_stderr(text: str) -> None:
    """One line beside the results, such as `error: …` for what ends a run."""
    print(text, file=sys.stderr, flush=True)


def note(text: str) -> None:
    """`note: …` beside the results, for what a run survives. Of several processes that all see it only the first says it."""
    if is_recording_process():
        to_stderr(f"note: {text}")
