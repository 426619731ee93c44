"""The folder a run leaves behind, from a loop's side: opened, given its history, closed with a report."""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from glassloop.errors import UserError
from glassloop.kit import checkpoint, distributed
from glassloop.kit.data import end_workers
from glassloop.kit.progress import note, to_stderr
from glassloop.record import manifest, report
from glassloop.record.files import write_json
from glassloop.record.folders import new_run_folder, newest_run_folder

# What a loader's worker raises arrives with its traceback in the message; the last line is the error itself.
_OF_A_WORKER = f"{UserError.__module__}.{UserError.__qualname__}: "


class Run:
    """An open run folder. `history` holds a row an epoch; `checkpoints` is where `kit.checkpoint` writes.

    Of several processes that train together the first one writes; in the others, what writes does nothing.
    """

    def __init__(self, folder: Path, history: list[dict[str, Any]]) -> None:
        self.folder, self.history = folder, history
        self.checkpoints = folder / "checkpoints"
        self.started = time.perf_counter()
        self.writes = distributed.is_first()

    def begin(self, *, config: dict[str, Any], data: dict[str, Any], sources: list[Path]) -> None:
        """Write run.json. Call it when nothing can refuse any more: a refused resume leaves the record as it was.

        `data` says what is trained on: counts and the split rule; `sources` are kept as they run, the script first.
        """
        if not self.writes:
            return
        with _clear_error(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            command, seed = ["python", *sys.argv], config.get("seed")
            manifest.start(self.folder, command=command, sources=sources, config=config, seed=seed, data=data, entry="loop")

    def add_history(self, row: dict[str, Any]) -> None:
        """Append an epoch's figures and rewrite history.json, whole, so that a crash leaves all epochs before it."""
        self.history.append({key: _finite(value) for key, value in row.items()})
        if not self.writes:
            return
        with _clear_error(self.folder):
            write_json(self.folder / "history.json", self.history)

    def drop_history_from(self, epoch: int) -> None:
        """Keep the rows of the first `epoch` epochs: what a crash left beyond the checkpoint will be made again."""
        self.history = [row for row in self.history if row["epoch"] <= epoch]
        if len(self.history) < epoch:
            note(f"history.json has {len(self.history)} of the {epoch} epochs before the checkpoint")

    def last_row(self) -> dict[str, Any]:
        """The last epoch's figures. Raises UserError where a finished run has lost them."""
        if not self.history:
            raise UserError(f"{self.folder / 'history.json'} holds no epoch of this finished run; put it back")
        return self.history[-1]

    def close(self, final: dict[str, float] | None, exit_code: int = 0) -> None:
        """Complete run.json and draw curves.png and report.html. `final` is None where the run stopped early."""
        if not self.writes:
            return
        seconds = time.perf_counter() - self.started
        with _clear_error(self.folder):
            manifest.finish(self.folder, exit_code=exit_code, seconds=seconds, final=final, stopped=final is None)
            report.write_report(self.folder)


def open_run(folder: Path | None, name: str, *, resume: bool) -> Run:
    """Open `folder` (default: the next free runs/NAME-NNN; with `resume` the newest); `begin` writes into it.

    Raises UserError where a run lies there already and `resume` is not asked for: nothing is overwritten.
    """
    if folder is None and distributed.is_first():
        folder = (newest_run_folder(name) if resume else None) or new_run_folder(name)
    folder = Path(distributed.gather(folder and str(folder))[0])  # the first process's choice
    history_file = folder / "history.json"
    if not resume and (checkpoint.exists(folder / "checkpoints") or history_file.exists()):
        raise UserError(f"{folder} already holds a run; add --resume to go on with it, or give another --run-dir")
    try:
        history = json.loads(history_file.read_text()) if history_file.exists() else []
    except OSError as error:
        raise UserError(f"run folder {folder} cannot be read ({error.strerror}); give another --run-dir") from error
    except ValueError:
        raise UserError(f"{history_file} is not JSON any more; move it away, then --resume") from None
    return Run(folder, history)


@contextmanager
def clear_errors() -> Iterator[None]:
    """Show what the owner can mend as one line and exit code 2; GLASSLOOP_DEBUG=1 shows where it was raised."""
    try:
        yield
    except UserError as error:
        if os.environ.get("GLASSLOOP_DEBUG"):
            raise
        to_stderr(f"error: {str(error).splitlines()[-1].removeprefix(_OF_A_WORKER)}")
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        end_workers()  # or the exit would wait for the sample that each is at, however long that takes
        to_stderr("stopped at once; --resume goes on from the last checkpoint")
        raise SystemExit(130) from None
    except BrokenPipeError:  # who read the output has left (`| head`); what was reached can be resumed
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        raise SystemExit(141) from None


@contextmanager
def _clear_error(folder: Path) -> Iterator[None]:
    """Turn what a full or read-only disk raises into one line."""
    try:
        yield
    except OSError as error:
        reason = f"{error.strerror or error}: {error.filename}" if error.filename else error.strerror or error
        remedy = "free some space, then --resume, or give another --run-dir"
        raise UserError(f"run folder {folder} cannot be written ({reason}); {remedy}") from error


def _finite(value: Any) -> Any:
    """JSON has no NaN and no infinity; a figure that is one of them is stored as null."""
    is_number = isinstance(value, float)
    return None if is_number and (value != value or abs(value) == float("inf")) else value
