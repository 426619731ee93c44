"""Checkpoints against the rows that vouch for them: nothing is unpickled, nothing outside the folder is opened."""

from pathlib import Path
from typing import Any

from glassloop.errors import UserError
from glassloop.record.course import Course
from glassloop.record.reading import LinkError, UnsafeError, inside
from glassloop.record.tensors import content_digest, file_digest
from glassloop.record.verdict import Verdict, counted, first_line

Row = dict[str, Any]

_TOLD = 10  # files outside that are named


def check_saved(run: Path, course: Course, verdict: Verdict) -> None:
    """Each path's newest checkpoint row against what lies there."""
    found = [name for name in course.saved if _is_inside(run, name)]
    for name in sorted(course.saved.keys() - set(found))[:_TOLD]:
        verdict.note(f"{name} lies outside the run folder: not looked at ({_stated(course.saved[name])})")
    ours = [name for name in found if name.startswith("checkpoints/")]
    newest = max(ours, key=lambda name: int(course.saved[name]["n"]), default=None)
    there = [name for name in found if _exists(run, name)]
    by_digest = {row["sha256"]: row for row in course.saved.values() if isinstance(row.get("sha256"), str)}
    for name in there:
        _check(run, name, course, by_digest, verdict)
    if newest is not None and not _exists(run, newest):
        number = course.saved[newest]["n"]
        what = f"it is missing, and row {number} is the newest checkpoint's"
        verdict.incomplete(newest, what, "it was removed", row=number)
    gone = len(found) - len(there)
    if gone:
        verdict.note(f"{counted(gone, 'older checkpoint')} no longer there (the newest and the best are kept)")
    if there:
        verdict.checked.append(counted(len(there), "checkpoint"))
    for name in _loose(run, course):
        if course.opening.get("session") == 1 and name not in course.saving and (run / name / "digests.json").is_file():
            means = "it was put in, or saved by a session that was not recorded"
            verdict.incomplete(name, "no row vouches for this checkpoint", means)
        else:
            verdict.note(f"no row vouches for {name}")


def _check(run: Path, name: str, course: Course, by_digest: dict[str, Row], verdict: Verdict) -> None:
    row = course.saved[name]
    try:
        path = inside(run, name)
        raw = file_digest(path)[0] if "sha256" in row else ""
        if "sha256" in row and raw == row["sha256"]:
            return
        held = content_digest(path)
    except (OSError, UserError) as error:
        held, raw, why = "", "", first_line(error)
    else:
        why = f"it is not what row {row['n']} (step {row.get('step')}) vouches for"
        if held == row["digest"] and "sha256" not in row:
            return
    begun = course.saving.get(name)
    other = by_digest.get(raw)
    if begun is not None:
        means = f"the run was killed while it saved it again (row {begun['n']}), or it was changed after"
        verdict.incomplete(name, why, means, row=begun["n"])
    elif other is not None:
        means = f"it was exchanged: it is that of row {other['n']} (step {other.get('step')})"
        verdict.broken(name, why, means, row=row["n"])
    elif held and held == row["digest"]:
        verdict.broken(name, f"{why}: its bytes differ", "it was written again, though it holds the same", row=row["n"])
    else:
        verdict.broken(name, why, "it was changed or exchanged", row=row["n"])


def _is_inside(run: Path, name: str) -> bool:
    """Is this a name in the folder? What leads there through a link is: it is told when it is opened."""
    try:
        inside(run, name)
    except LinkError:
        return True
    except UnsafeError:
        return False
    return True


def _exists(run: Path, name: str) -> bool:
    try:
        inside(run, name).lstat()
    except OSError:
        return False
    except LinkError:  # there is a link on the way: that is told when it is to be opened
        return True
    return True


def _stated(row: Row) -> str:
    digest = row.get("sha256") if isinstance(row.get("sha256"), str) else None
    return f"row {row['n']} gives its sha256, {digest}" if digest else f"row {row['n']} gives the digest of its contents"


def _loose(run: Path, course: Course) -> list[str]:
    folder = run / "checkpoints"
    if folder.is_symlink() or not folder.is_dir():
        return []
    names = sorted(f"checkpoints/{path.name}" for path in folder.iterdir() if not path.is_symlink())
    return [name for name in names if name not in course.saved and "/step-" in name][:20]
