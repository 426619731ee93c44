"""record: a ledger of a training run, a row a step, from which others can verify, replay and audit it.

    with glassloop.record("runs/first"):
        train()

A run folder is left there: run.json, the source, ledger.jsonl, order.bin, data/, rng/. Nothing of ours is ever raised into
the training, which ends in the same bits with a recording as without. Nothing is loaded until a recording begins, and
torch not even then if the run does not.
"""

from __future__ import annotations

import atexit
import json
import logging
import multiprocessing
import os
import secrets
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from glassloop.errors import UserError
from glassloop.record import current, manifest, report
from glassloop.record.files import write_atomic, write_json
from glassloop.record.ledger import FORMAT, NAME, Ledger
from glassloop.record.sources import loaded_sources
from glassloop.recorder.chance import Start
from glassloop.recorder.ending import EndingLedger
from glassloop.recorder.session import Before, content, covered, data_folder, digests, files_told
from glassloop.tap.arrival import when_torch_is_there
from glassloop.tap.traces import REPORT, without_our_frames

if TYPE_CHECKING:
    from glassloop.recorder.rows import Rows
    from glassloop.tap.objects import Objects

_log = logging.getLogger("glassloop")
DataDigest = Literal["full", "seen", "none"]
REPLAY = "GLASSLOOP_REPLAY"  # the path of a JSON file: this process runs a recorded program again, see `_replay`


class Recording:
    """A recording that has begun, into the run folder `home`; run.json is somebody else's: `record`'s or `glassloop run`'s.

    `digest_every`: a state digest at each so many-th step; 0: none; None: as often as costs 3 % of the time.
    `data_digest`: "seen", a digest of each sample within a budget; "full", of each; "none".
    `nonce`: a word that others gave before the run began. `signer`: the id of the key that will sign it.
    """

    def __init__(
        self,
        home: Path,
        *,
        digest_every: int | None = None,
        data_digest: DataDigest = "seen",
        nonce: str | None = None,
        signer: str | None = None,
        keep_source: bool = True,
    ) -> None:
        self._keep_source = keep_source
        self.home = home.absolute()
        self._data_digest, self._nonce, self._signer = data_digest, nonce, signer
        again = _replay() or {}
        self._every = digest_every if not again else _int(again.get("every", {}).get("state"), 1)
        self._last: dict[str, int] | None = again.get("last")
        self._process, self._failed = os.getpid(), False
        self._objects: Objects | None = None
        self.rows: Rows | None = None
        self._resumed: tuple[int, Path, int | None] | None = None
        self._start = Start(again.get("rng"))
        self._cancel = when_torch_is_there(self._listen)
        current.recordings.append(self)

    # --- beginning -------------------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        """Called as soon as torch is there, maybe from within the user's import of it."""
        from glassloop.recorder.data import Data
        from glassloop.recorder.order import Order
        from glassloop.recorder.rows import Rows
        from glassloop.recorder.state import State
        from glassloop.tap.objects import Objects

        try:
            data = Data(data_folder(self.home), self._data_digest)
            self.rows = Rows(self.home, self._open, Order(self.home, data), data, State(self._every))
            self._objects = Objects(self.rows, self._fault)
        except Exception as error:
            self._fault(error)

    def _open(self, made: Rows) -> Ledger:
        """Opens the ledger and writes the row of this session: when the first row is to be written."""
        run = manifest.read(self.home)
        self.home.mkdir(parents=True, exist_ok=True)
        path = self.home / NAME
        before = Before(path)
        session = max(len(run["sessions"]) if run else 0, before.sessions + 1)
        ledger = EndingLedger(path, **self._last) if self._last else Ledger(path)
        rng = self.home / "rng" / f"session-{session}.json"
        rng.parent.mkdir(exist_ok=True)
        write_atomic(rng, self._start.as_json())
        began = {"format": FORMAT, "session": session, "started": run["sessions"][-1]["started"] if run else manifest.now()}
        ledger.append(
            "run",
            **began,
            run=before.run or secrets.token_hex(16),
            nonce=self._nonce,
            **({"signer": self._signer} if self._signer else {}),
            **digests(run),
            rng={
                "file": rng.relative_to(self.home).as_posix(),
                "digest": sha256(rng.read_bytes()).hexdigest(),
                "hash_seed": _hash_seed(),
            },
            every={"state": made.states.every, "algorithm": _algorithm()},
            data_digest=self._data_digest,
            keep_source=self._keep_source,
            order_at=made.order.open(),
        )
        self._go_on(ledger, before, made)
        return ledger

    def _go_on(self, ledger: Ledger, before: Before, made: Rows) -> None:
        """The row of a session that goes on from a checkpoint, and the step from which it counts."""
        if self._resumed is None and made.read:
            self._resumed = before.resumed(made.read)
        if self._resumed is not None:
            step, path, epoch = self._resumed
            made.step, made.order.first_epoch = step, epoch or 0
            ledger.append("resume", step=step, checkpoint=content(path))
        elif before.step:
            made.step = before.step
            text = "an earlier session is there, and nobody said from which checkpoint this one goes on: steps count on"
            ledger.append("note", text=text, step=before.step)

    # --- what others tell (record.current.Open) --------------------------------------------------------------------------

    def saving(self, path: Path) -> None:
        """A checkpoint is about to be written."""
        self._safely(lambda made: made.saving(path))
        if self._objects is not None:
            self._objects.busy = True  # the files in it are not heard one by one

    def saved(self, path: Path, state: str | None) -> None:
        """A checkpoint is there."""
        self.unsaved()
        self._safely(lambda made: made.saved(path, state))

    def unsaved(self) -> None:
        """It could not be written."""
        if self._objects is not None:
            self._objects.busy = False

    def resumed(self, step: int, path: Path, epoch: int | None) -> None:
        """The run goes on from a checkpoint."""
        if self.rows is None or not self.rows.begun:
            self._resumed = step, path, epoch

    def found(self, rule: str, path: str, line: int, step: int) -> None:
        """A mistake was found."""
        self._safely(lambda made: made.append("finding", step=step, rule=rule, path=path, line=line))

    def facts(self, home: Path, run: dict[str, Any]) -> None:
        """run.json is about to be written."""
        if home.absolute() == self.home and self.rows is not None and self.rows.begun:
            self._safely(lambda made: made.append("facts", **digests(run)))

    # --- ending ----------------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Hears nothing more, and writes what waits. `end` completes the record."""
        if os.getpid() != self._process:
            return
        self._cancel()
        self._start.stop()
        if self._objects is not None:
            self._objects.stop()
        self._safely(lambda made: made.settle())

    def end(self) -> None:
        """Writes the last rows; run.json must say by now how the run ended. In a fork, or again, does nothing."""
        if self not in current.recordings or os.getpid() != self._process:
            return
        self.stop()
        self._safely(self._finish, even_failed=True)
        current.recordings.remove(self)
        if self.rows is not None:
            self.rows.close()

    def _finish(self, made: Rows) -> None:
        run = manifest.read(self.home)
        if not made.begun and (run is None or len(run["sessions"]) <= Before(self.home / NAME).sessions):
            return  # a loop that refused its arguments: no session has begun
        if self._failed:
            text = f"the record could not be written, or failed, after step {made.step}: rows are missing here"
            made.append("note", text=text, step=made.step)
        files_told(made, self.home)
        session = run["sessions"][-1] if run else {"status": "failed", "exit_code": None}
        how = {"status": session["status"], "exit_code": session["exit_code"]}
        made.append("end", step=made.step, **how, files=covered(self.home), **digests(run))
        made.ledger.sync()
        if run is not None:
            run["ledger"] = {"rows": made.ledger.rows, "head": made.ledger.head}
            write_json(self.home / "run.json", run)

    def _safely(self, do: Callable[[Rows], None], even_failed: bool = False) -> None:
        if self.rows is None or os.getpid() != self._process or (self._failed and not even_failed):
            return
        try:
            do(self.rows)
        except Exception as error:
            self._fault(error)

    def _fault(self, error: Exception) -> None:
        if not self._failed:
            self._failed = True
            if isinstance(error, (OSError, UserError)):
                reason = getattr(error, "strerror", None) or str(error)
            else:
                reason = f"{type(error).__name__}: {error}; please report it: {REPORT}"
            _log.error("the record in %s ends here, training goes on (%s)", self.home, reason)
            _log.debug("where the record failed", exc_info=True)
        if self._objects is not None:
            self._objects.on = False


def _command() -> list[str]:
    """How this program was started: `python FILE ...`, or `python -m MODULE ...`, which imports from another folder."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    if spec is None:
        return ["python", *sys.argv]
    return ["python", "-m", spec.parent if spec.name.endswith("__main__") else spec.name, *sys.argv[1:]]


class Recorded:
    """What `record` gives: a recording with its own run.json; as a context manager it ends with its block."""

    def __init__(self, out: Path, config: Any, keep_source: bool, options: dict[str, Any]) -> None:
        self.folder = out
        self._keep_source, self._began, self._process = keep_source, time.perf_counter(), os.getpid()
        self._recording: Recording | None = None
        if multiprocessing.parent_process() is not None or not manifest.is_recording_process():
            return  # a loader's worker that runs the script again, or a rank that is not the first
        main = getattr(sys.modules.get("__main__"), "__file__", None)
        self._script = Path(main).absolute() if main and Path(main).is_file() else None
        manifest.start(
            out,
            command=_command(),
            sources=[self._script] if self._script else [],
            config=config,
            seed=None,
            keep_source=keep_source,
            entry="record",
        )
        self._recording = Recording(out, **options)
        atexit.register(self._at_exit)

    def stop(self, exit_code: int = 0) -> None:
        """Ends the recording and completes the run folder. Again, or in a fork of the process: does nothing."""
        recording, self._recording = self._recording, None
        if recording is None or os.getpid() != self._process:
            return
        atexit.unregister(self._at_exit)
        recording.stop()
        try:
            root = self._script.parent if self._script else Path.cwd()
            found = loaded_sources([root, Path.cwd()])
            manifest.add_sources(self.folder, found, root=root, keep_source=self._keep_source)
            manifest.finish(self.folder, exit_code=exit_code, seconds=time.perf_counter() - self._began)
            report.write_report(self.folder)  # before the end row, which vouches for it
            recording.end()
        except (OSError, UserError) as error:
            _log.error("the record in %s could not be completed: %s", self.folder, error)

    def __enter__(self) -> Recorded:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is not None:
            without_our_frames(error)
        self.stop(_exit_code(error))

    def _at_exit(self) -> None:
        self.stop(1 if getattr(sys, "last_value", None) is not None else 0)


def record(
    out: str | Path,
    *,
    config: Any = None,
    keep_source: bool = True,
    data_digest: DataDigest = "seen",
    digest_every: int | None = None,
    nonce: str | None = None,
    resume: bool = False,
) -> Recorded:
    """Begins to record the training of this process into the run folder `out`; see Recording for the options.

    Use it in a `with` statement, or call `stop()` on what it returns. `config`: the run's settings, a mapping.
    The hash seed of an interpreter that was not given one (PYTHONHASHSEED) is unknown: `glassloop run` knows it.
    Raises UserError where `out` cannot be written, or holds a finished run and this one does not go on with it (`resume`).
    """
    replayed = _replay()
    folder = Path(out)
    if replayed is not None and replayed.get("out"):
        folder = Path(replayed["out"]).with_name(Path(replayed["out"]).name + (f"-{_count() + 1}" if _count() else ""))
    folder = folder.absolute()
    earlier = manifest.read(folder)
    if earlier and earlier["status"] == "finished" and not resume:
        raise UserError(f"{out} already holds a run; give another folder, or resume=True to go on with it")
    if earlier and earlier["status"] == "running" and any(one.home == folder for one in _recordings()):
        raise UserError(f"{out} is being recorded into already; give another folder")
    options = {"keep_source": keep_source, "data_digest": data_digest, "digest_every": digest_every, "nonce": nonce}
    try:
        return Recorded(folder, config, keep_source, options)
    except OSError as error:
        raise UserError(f"run folder {out} cannot be written ({error.strerror}); give another") from error


def _recordings() -> list[Recording]:
    return [one for one in current.recordings if isinstance(one, Recording)]


def _count() -> int:
    return len(_recordings())


_told: dict[str, Any] | None = None


def _replay() -> dict[str, Any] | None:
    """What a replay wants of this process: {"out": folder, "rng": initial states or "rng_file", "every": as in the run row,
    "last": {"rows", "signal"} where it is to end after so many rows, as `EndingLedger` does}.

    Taken out of the environment at once: what the program starts is no replay.
    """
    global _told
    path = os.environ.pop(REPLAY, None)
    if path:
        _told = json.loads(Path(path).read_text(encoding="utf-8"))
        assert _told is not None
        if _told.get("rng_file"):
            _told["rng"] = json.loads(Path(_told["rng_file"]).read_text(encoding="utf-8"))
    return _told


def _algorithm() -> str:
    from glassloop.recorder.state import ALGORITHM

    return ALGORITHM


def _hash_seed() -> str | None:
    """The seed of Python's hashes; None where nobody gave it, and nobody can know it."""
    return os.environ.get("PYTHONHASHSEED") if not sys.flags.ignore_environment else None


def _exit_code(error: BaseException | None) -> int:
    """What Python would leave with after this."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 0 if error.code is None else 1
    return 0 if error is None else 130 if isinstance(error, KeyboardInterrupt) else 1


def _int(value: Any, other: int) -> int:
    return value if isinstance(value, int) else other
