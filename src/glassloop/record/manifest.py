"""run.json: what was run, on what, and how it ended. The facts that a third party needs to judge or repeat a run.

A run may take several sessions: it is stopped, or killed, and resumed. The top level says how the first one began and
how the last one ended; `sessions` has an entry for each, which says under `changed` where it differs from the first.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from glassloop.errors import UserError
from glassloop.record import current
from glassloop.record.files import write_atomic, write_json
from glassloop.record.machine import describe_machine
from glassloop.record.secrets import mask_command, plain

_STOPPED = (130, 143)  # 128 + SIGINT, 128 + SIGTERM: asked to stop, not failed


def start(
    run_dir: Path,
    *,
    command: list[str],
    sources: Sequence[Path],
    config: Mapping[str, Any] | None,
    seed: int | None,
    data: Mapping[str, Any] | None = None,
    keep_source: bool = True,
    entry: str | None = None,
) -> None:
    """Open a session in `run_dir`/run.json, and keep the exact text of `sources` in `run_dir`/source/.

    `entry` says how the run was begun: "run" (`glassloop run`), "record" (`glassloop.record`) or "loop" (a shipped loop).
    The first of `sources` is the script; all are named by their path from its folder. With `keep_source=False` only
    their digests are recorded. Secret-looking values in `command` and `config` are masked.
    Raises UserError when a run.json is there and cannot be read, OSError where the folder cannot be written.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    run = read(run_dir)
    number = len(run["sessions"]) + 1 if run else 1
    facts = {
        "command": mask_command(command),
        "entry": entry,
        "cwd": str(Path.cwd()),
        "config": plain(config) if config is not None else None,
        "seed": seed,
        "data": plain(data) if data is not None else None,
        "sources": _keep(run_dir, list(sources), number, keep_source),
        "environment": describe_machine(),
    }
    session: dict[str, Any] = {"started": now(), "status": "running"}
    session |= {"exit_code": None, "seconds": None, "final": None}
    if run is None:
        run = {"format": "glassloop-run/1", **session, **facts, "sessions": []}
    else:
        if run["sessions"][-1]["status"] == "running":
            run["sessions"][-1]["status"] = "cut"  # killed before it could say how it ended
        run.update(status="running", exit_code=None)
        session["changed"] = {name: fact for name, fact in facts.items() if fact != run[name]}
    run["sessions"].append(session)
    _write(run_dir, run)


def add_sources(run_dir: Path, sources: Sequence[Path], *, root: Path, keep_source: bool = True) -> None:
    """Add to the open session files that were found to have run only once they had, named relative to `root`.

    One that was written after the session began is marked in `edited_during_run`: its text may not be what ran.
    """
    run = _open_session(run_dir)
    session = run["sessions"][-1]
    began = datetime.fromisoformat(session["started"]).timestamp()
    known = session.get("changed", {}).get("sources", run["sources"])
    found = {**known, **_keep(run_dir, list(sources), len(run["sessions"]), keep_source, root)}
    if len(run["sessions"]) == 1:
        run["sources"] = found
    elif found != run["sources"]:
        session.setdefault("changed", {})["sources"] = found
    edited = [_name(path, root) for path in sources if path.stat().st_mtime > began]
    if edited:
        session["edited_during_run"] = sorted(edited)
    _write(run_dir, run)


def finish(
    run_dir: Path, *, exit_code: int, seconds: float, final: Mapping[str, Any] | None = None, stopped: bool = False
) -> None:
    """Close the open session: `seconds` of wall time, `final` the metrics it ended with.

    The status becomes finished (exit code 0), stopped (asked to, by SIGINT, SIGTERM or `stopped`: there is more to come)
    or failed; after a kill it stays running.
    """
    run = _open_session(run_dir)
    session = run["sessions"][-1]
    status = "stopped" if stopped or exit_code in _STOPPED else "failed" if exit_code else "finished"
    end = {"status": status, "exit_code": exit_code, "final": plain(final) if final is not None else None}
    session.update(end, seconds=round(seconds, 3))
    spent = [entry["seconds"] for entry in run["sessions"] if entry["seconds"] is not None]
    run.update(end, seconds=round(sum(spent), 3))
    environment = describe_machine()  # once more: by now torch is loaded, and says what it runs on
    if len(run["sessions"]) == 1:
        run["environment"] = environment
    elif environment != run["environment"]:
        session["changed"]["environment"] = environment
    else:
        session["changed"].pop("environment", None)
    _write(run_dir, run)


def read(run_dir: Path) -> dict[str, Any] | None:
    """run.json as it stands, or None where there is none. Raises UserError when it cannot be read."""
    path = run_dir / "run.json"
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
        if not run["sessions"]:
            raise ValueError("it lists no session")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        remedy = "move it away or give another run folder"
        raise UserError(f"{path} is not a record of a run ({type(error).__name__}: {error}); {remedy}") from error
    return dict(run)


def _open_session(run_dir: Path) -> dict[str, Any]:
    run = read(run_dir)
    if run is None:
        raise UserError(f"{run_dir} holds no run.json; a run must be started before it is finished")
    return run


def _write(run_dir: Path, run: dict[str, Any]) -> None:
    current.facts(run_dir, run)
    write_json(run_dir / "run.json", run)


def _keep(
    run_dir: Path, sources: list[Path], session: int, keep_source: bool, root: Path | None = None
) -> dict[str, str]:
    """Copy each source below run_dir/source and return its digest by name.

    A text of an earlier session is never replaced: where it differs, the new one goes to source/session-N/.
    """
    folder = run_dir / "source"
    digests: dict[str, str] = {}
    for path in sources:
        name = _name(path, root or sources[0].parent)
        try:
            text = path.read_bytes()
        except OSError as error:
            raise UserError(f"source {path} cannot be read ({error.strerror}); it could not be recorded") from error
        digests[name] = hashlib.sha256(text).hexdigest()
        target = folder / name
        if target.exists() and target.read_bytes() != text:
            target = folder / f"session-{session}" / name
        if keep_source and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(target, text)
    return digests


def _name(path: Path, root: Path) -> str:
    """The path from `root`, with forward slashes everywhere; `up/` stands for a folder above, so that none escapes."""
    try:
        relative = os.path.relpath(path.resolve(), root.resolve())
    except ValueError:  # another drive, on Windows
        return path.name
    return Path(relative).as_posix().replace("../", "up/")


def now() -> str:
    """The time as run.json has it: UTC, in milliseconds."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def is_recording_process() -> bool:
    """Is this the process that writes? Under a launcher every rank runs the script, and only rank 0 records it."""
    return os.environ.get("RANK", "0") in ("", "0")
