"""The files beside a ledger against what its rows state of them: run.json, source, data, generators, those of the end."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from glassloop.errors import UserError
from glassloop.record.course import Course
from glassloop.record.ledger import NAME, digest_of
from glassloop.record.reading import inside, open_plain
from glassloop.record.verdict import Verdict, counted, first_line

RUN_JSON = "run.json"
CHANGED = "it is not what was written"

_MOST = 16 << 20  # bytes of a run.json; a long one has thirty thousand
_CHUNK = 1 << 20


def read_json(run: Path, name: str) -> dict[str, Any]:
    """A JSON object in the folder. Raises UserError, in one line, OSError."""
    with open_plain(inside(run, name)) as file:
        raw = file.read(_MOST + 1)
    if len(raw) > _MOST:
        raise UserError(f"it is longer than {_MOST} bytes: not read")
    try:
        found = json.loads(raw.decode("utf-8"))
        json.dumps(found, allow_nan=False)  # what comes after may rely on it
    except (ValueError, RecursionError) as error:
        raise UserError(f"it is no JSON ({type(error).__name__}: {first_line(error)})") from None
    if type(found) is not dict:
        raise UserError("it is no JSON object")
    return found


def check_run_json(run: Path, course: Course, heads: Mapping[int, str], verdict: Verdict) -> dict[str, Any] | None:
    """run.json against the ledger, and the ledger's end against the head that run.json states.

    Returns run.json where it can be read. `heads`: the digest of the last of the first N lines, by N.
    """
    try:
        facts = read_json(run, RUN_JSON)
    except FileNotFoundError:
        verdict.incomplete(RUN_JSON, "it is missing", "what was run, and on what, cannot be read")
        return None
    except (OSError, UserError) as error:
        verdict.broken(RUN_JSON, first_line(error), "it was changed, or is not glassloop's")
        return None
    if _head_fits(facts, heads, course, verdict):
        _facts_fit(facts, course, verdict)
    else:
        verdict.note("run.json was not compared: the row that vouches for it may be gone, or changed")
    return facts


def _facts_fit(facts: dict[str, Any], course: Course, verdict: Verdict) -> None:
    """run.json must have the digest that the last row which states one gives."""
    if not course.stated:
        verdict.incomplete(RUN_JSON, "no row of the ledger vouches for it", "it may have been changed")
        return
    found = digest_of({name: fact for name, fact in facts.items() if name != "ledger"})
    *before, last = course.stated
    sessions = facts.get("sessions")
    if found == last["run_json"]:
        return
    if any(found == row["run_json"] for row in before) and last["n"] == verdict.rows - 1:
        verdict.incomplete(RUN_JSON, f"it is as it was before row {last['n']}", "the run was killed while it wrote it")
        return
    changed = {name for name, digest in course.facts.items() if not _stands(facts, name, digest)}
    if isinstance(sessions, list) and len(sessions) > course.session and not changed:
        what = f"it tells of session {len(sessions)}, and the ledger of {course.session}"
        means = "a session was not recorded, or killed before its first row, or run.json was changed"
        verdict.incomplete(RUN_JSON, what, means)
    else:
        named = f": {', '.join(sorted(changed)[:10])}" if changed else ""
        verdict.broken(RUN_JSON, f"{CHANGED}{named}", f"it was changed after row {last['n']} was written", row=last["n"])


def _stands(facts: Mapping[str, Any], name: str, stated: Any) -> bool:
    fact = facts.get(name)
    return bool(stated in (fact, digest_of(fact)))


def _head_fits(facts: Mapping[str, Any], heads: Mapping[int, str], course: Course, verdict: Verdict) -> bool:
    """Does the ledger end as run.json states? True where nothing is stated of it, too."""
    stated = facts.get("ledger")
    if stated is None:
        if course.end is not None:
            means = "the run was killed as it ended, or it was changed: nothing vouches for the last row"
            verdict.incomplete(RUN_JSON, "it does not state the ledger's head", means)
        return True
    count, head = (stated.get("rows"), stated.get("head")) if isinstance(stated, dict) else (None, None)
    if type(count) is not int or not isinstance(head, str) or len(stated) != 2:
        verdict.broken(RUN_JSON, "what it states of the ledger is not as glassloop writes it", "it was changed")
    elif head == verdict.head and count != verdict.rows:
        verdict.broken(RUN_JSON, f"it says that the ledger has {count} rows, and it has {verdict.rows}", "it was changed")
    elif count > verdict.rows:
        what = f"run.json says that it ended with {count} rows, and it has {verdict.rows}"
        verdict.incomplete(NAME, what, f"rows {verdict.rows} to {count - 1} are gone: its tail was cut", row=verdict.rows)
        return False
    elif heads.get(count) != head:
        what = f"its row {count - 1} is not the one whose digest run.json states"
        verdict.broken(NAME, what, "this line was changed, or run.json was", row=count - 1, line=count)
        what = f"the head it states is not the digest of row {count - 1}"
        verdict.broken(RUN_JSON, what, "it was changed, or that row was")
        return False
    elif count < verdict.rows and course.began >= count:
        if course.end is not None:
            what = f"it is of before session {course.session} ended"
            verdict.incomplete(RUN_JSON, what, "the run was killed as it ended, or it was exchanged")
    elif count < verdict.rows:
        what = f"run.json states its end after {count} rows, and {verdict.rows} are there"
        verdict.broken(NAME, what, "rows were put in at the end", row=count, line=count + 1)
        return False
    return True


def check_sources(run: Path, facts: Mapping[str, Any], verdict: Verdict, kept: bool) -> None:
    """The texts in source/ against the digests in run.json, session by session. `kept`: the texts were to be there."""
    sessions = facts.get("sessions")
    told = [facts.get("sources")]
    for session in sessions if isinstance(sessions, list) else []:
        changed = session.get("changed") if isinstance(session, dict) else None
        told.append(changed.get("sources") if isinstance(changed, dict) else None)
    folder = run / "source"
    if not folder.is_symlink() and not (folder.is_dir() and any(folder.iterdir())) and not kept:
        verdict.note("the folder has digests of the source that ran, not its text (--no-source)")
        return
    count = 0
    for number, sources in enumerate(told):
        for name, digest in sources.items() if isinstance(sources, dict) else ():
            _source(run, max(number, 1), str(name), digest, verdict)
            count += 1
    verdict.checked.append(counted(count, "source file"))


def _source(run: Path, session: int, name: str, digest: Any, verdict: Verdict) -> None:
    places = [f"source/{name}", f"source/session-{session}/{name}"]
    found: dict[str, str] = {}
    for place in places:
        try:
            found[place] = plain_digest(run, place)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, UserError) as error:
            verdict.broken(place, first_line(error), "it was not read")
            return
    if digest in found.values():
        return
    if not found:
        verdict.incomplete(places[0], "it is missing, and run.json states its digest", "the text that ran cannot be read")
    else:
        verdict.broken(list(found)[-1], CHANGED, "the source was changed after the run")


def check_files(run: Path, course: Course, facts: Mapping[str, Any] | None, verdict: Verdict) -> None:
    """Side files whose digests stand in rows: of data and order (a first part of them), of generators, of the end."""
    for name, row in course.data.items():
        _first_part(run, name, row, course, verdict)
    if course.data:
        verdict.checked.append(counted(len(course.data), "side file"))
    for row in course.generators:
        check_digest(run, str(row.get("file")), row.get("digest"), verdict, Vouched.by_row(row["n"]))
    files = (course.end or {}).get("files")
    sessions = (facts or {}).get("sessions")
    if isinstance(sessions, list) and len(sessions) > course.session:
        files = None  # a later session has begun, and may have written them again before its first row
    for name, digest in files.items() if isinstance(files, dict) else ():
        check_digest(run, name, digest, verdict, Vouched.by_row((course.end or {})["n"]))
    folder = run / "data"
    loose = sorted(path.name for path in folder.iterdir()) if folder.is_dir() and not folder.is_symlink() else []
    told = {name.split("/")[1] for name in course.data if name.startswith("data/")}
    for name in loose[:20]:
        if name not in told:
            verdict.note(f"no row vouches for data/{name}")


def _first_part(run: Path, name: str, row: dict[str, Any], course: Course, verdict: Verdict) -> None:
    try:
        path = inside(run, name)
        digest, size = sha256(), 0
        with open_plain(path) as file:
            while size < row["bytes"] and (chunk := file.read(min(_CHUNK, row["bytes"] - size))):
                digest.update(chunk)
                size += len(chunk)
            more = bool(file.read(1))
    except FileNotFoundError:
        what = f"it is missing, and row {row['n']} states its digest"
        verdict.incomplete(name, what, "what it held cannot be read", row=row["n"])
    except (OSError, UserError) as error:
        verdict.broken(name, first_line(error), "it was not read", row=row["n"])
    else:
        if size < row["bytes"]:
            what = f"it has {size} bytes, and row {row['n']} vouches for {row['bytes']}"
            verdict.incomplete(name, what, "its end was cut off", row=row["n"])
        elif digest.hexdigest() != row["digest"]:
            verdict.broken(name, f"it is not what row {row['n']} vouches for", "it was changed", row=row["n"])
        elif more and course.end is not None and row["n"] > course.began:
            what = f"more stands after the {size} bytes that row {row['n']} vouches for"
            verdict.broken(name, what, "something was put in at its end", row=row["n"])


class Vouched(NamedTuple):
    """What vouches for a whole file, in the words of a verdict."""

    missing: str  # "it is missing, and ..."
    other: str  # "it is not what ..."
    changed: str
    row: int | None = None

    @classmethod
    def by_row(cls, number: int) -> "Vouched":
        """A row of the ledger does."""
        return cls(f"row {number} states its digest", f"row {number} vouches for", "it was changed", number)


def check_digest(run: Path, name: str, digest: Any, verdict: Verdict, by: Vouched) -> None:
    """A file that is vouched for whole, against its digest."""
    try:
        found = plain_digest(run, name)
    except FileNotFoundError:
        verdict.incomplete(name, f"it is missing, and {by.missing}", "it was removed", row=by.row)
    except (OSError, UserError) as error:
        verdict.broken(name, first_line(error), "it was not read", row=by.row)
    else:
        if found != digest:
            verdict.broken(name, f"it is not what {by.other}", by.changed, row=by.row)


def plain_digest(run: Path, name: str) -> str:
    """Hex sha256 of the bytes of a file in the folder. Raises UserError, OSError."""
    digest = sha256()
    with open_plain(inside(run, name)) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
