"""Is the record of a run whole, incomplete or broken? Reads and compares; runs, unpickles and follows nothing.

What can be told: any byte that was changed, any row removed, repeated, put in or moved, up to where the ledger ends; files
that are not what rows vouch for. What cannot, without a signature: who wrote it, and a chain that was written anew from end
to end. What never can: that the data was good, that no other run was thrown away.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from glassloop.errors import UserError
from glassloop.record import ledger, signature
from glassloop.record.chain import Chain
from glassloop.record.companions import check_files, check_run_json, check_sources, read_json
from glassloop.record.course import Course
from glassloop.record.ledger import LedgerError
from glassloop.record.saved import check_saved
from glassloop.record.verdict import Verdict, first_line

_TELL = 20_000  # rows between two words to `progress`


def verify(
    run: Path, *, keys: Sequence[Path] = (), nonce: str | None = None, progress: Callable[[float], None] | None = None
) -> Verdict:
    """The verdict on a run folder. `keys` are public keys, one of which must have signed; `nonce` must be the run's.

    `progress` is told the part of the ledger that was read, from 0 to 1. Raises UserError where `run` is no run folder, a
    key is none, or a signature cannot be checked for want of a package.
    """
    trusted = [signature.public_key(key) for key in keys]
    verdict = Verdict(run)
    path = run / ledger.NAME
    if not path.is_symlink() and not path.exists():
        return _without_ledger(run, verdict)
    attested = signature.read(run, verdict)
    wanted = {count for count in (_stated_rows(run), attested.rows if attested else None) if count}
    course, heads = _walk(run, verdict, wanted, progress)
    facts = check_run_json(run, course, heads, verdict)
    if facts is not None:
        check_sources(run, facts, verdict, kept=course.opening.get("keep_source") is True)
    check_files(run, course, facts, verdict)
    check_saved(run, course, verdict)
    signature.check(run, attested, course, heads, verdict, trusted)
    _check_nonce(course, nonce, verdict)
    _last_words(course, verdict)
    return verdict


def _walk(
    run: Path, verdict: Verdict, wanted: set[int], progress: Callable[[float], None] | None
) -> tuple[Course, dict[int, str]]:
    """Read the ledger once. Also gives the digest of the last of the first N rows, for each N in `wanted`."""
    chain, course = Chain(run / ledger.NAME, verdict, wanted), Course(run, verdict)
    size = (run / ledger.NAME).lstat().st_size or 1
    try:
        for link in chain.links():
            course.hear(link)
            if progress is not None and link.line % _TELL == 0:
                progress(min(1.0, chain.bytes / size))
    except LedgerError as error:
        means = "this line was changed, or is none of glassloop's" if chain.number else "nothing can be said of the run"
        verdict.broken(ledger.NAME, first_line(error), means, line=chain.number + 1 if chain.number else None)
    verdict.head = chain.before
    chain.end(_stated_head(run) if _stated_rows(run) == chain.number else None)
    course.close(chain.holds)
    verdict.rows, verdict.steps, verdict.sessions = chain.number, course.steps, course.session
    if chain.torn:
        what = f"its last line is torn: {chain.torn} bytes without an end"
        means = "the run was killed as it wrote it, or the tail was cut"
        verdict.incomplete(ledger.NAME, what, means, line=chain.number + 1)
    return course, chain.heads


def _last_words(course: Course, verdict: Verdict) -> None:
    if not verdict.rows:
        verdict.incomplete(ledger.NAME, "it has no row", "the run was killed before its first row, or the tail was cut")
    elif course.session == 0:
        verdict.broken(ledger.NAME, "it has no run row", "its beginning was removed", row=0, line=1)
    elif course.end is None:
        what = f"session {course.session} has no end row"
        means = f"the run was killed after step {course.step}, runs still, or the tail was cut"
        verdict.incomplete(ledger.NAME, what, means, row=verdict.rows - 1)
    elif course.end["n"] != verdict.rows - 1:
        means = "rows were put in at the end, or the run was killed as it began again"
        verdict.incomplete(ledger.NAME, f"rows stand after the end row {course.end['n']}", means, row=course.end["n"] + 1)
    if course.unknown:
        verdict.note(f"rows of a kind that this glassloop does not know: {', '.join(sorted(course.unknown))}")
    if verdict.signed_by is None:
        said = "who writes a chain anew from its first row to its last, and run.json with it, is not told by it"
        signed = (verdict.run / signature.NAME).exists()
        verdict.note(f"{'no signature of this was found good' if signed else 'nobody signed this'}: {said}")


def _check_nonce(course: Course, nonce: str | None, verdict: Verdict) -> None:
    found = course.opening.get("nonce")
    if nonce is not None and found != nonce:
        what = f"its first row has the nonce {found!r}" if found else "its first row has no nonce"
        verdict.broken(ledger.NAME, what, "it was not begun with the nonce that was asked for", row=0, line=1)


def _without_ledger(run: Path, verdict: Verdict) -> Verdict:
    """A folder without ledger.jsonl: a run whose ledger was taken away, or no recorded run at all (UserError)."""
    if not run.is_dir():
        raise UserError(f"{run} is no folder; name a run folder, as in `glassloop verify runs/train-001`")
    if "ledger" in _or_nothing(run) or (run / signature.NAME).exists():
        verdict.incomplete(ledger.NAME, "it is missing", "nothing can be said of the run")
        return verdict
    why = "it was not recorded, or killed before its first step; `glassloop run` records"
    raise UserError(f"{run} holds no {ledger.NAME}: {why}")


def _or_nothing(run: Path) -> dict[str, Any]:
    try:
        return read_json(run, "run.json")
    except (OSError, UserError):
        return {}


def _stated(run: Path) -> dict[str, Any]:
    stated = _or_nothing(run).get("ledger")
    return stated if isinstance(stated, dict) else {}


def _stated_rows(run: Path) -> int | None:
    rows = _stated(run).get("rows")
    return rows if type(rows) is int else None


def _stated_head(run: Path) -> str | None:
    head = _stated(run).get("head")
    return head if isinstance(head, str) else None
