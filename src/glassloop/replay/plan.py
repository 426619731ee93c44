"""What a replay will run: for each session, or each interval, a command, its folder and its surroundings."""

import json
import os
import re
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from glassloop.errors import UserError
from glassloop.record.reading import inside
from glassloop.record.secrets import MASK, mask_command
from glassloop.recorder.ending import COUNTED
from glassloop.replay import source, surroundings
from glassloop.replay.aside import where
from glassloop.replay.intervals import Interval
from glassloop.replay.recorded import Recorded, Row, Session

SEAM = "GLASSLOOP_REPLAY"  # names the file that tells a recording what it is to repeat


class Part(NamedTuple):
    """A process of a replay, and the rows that are compared with what it writes."""

    session: Session
    interval: Interval | None  # None: the session from its start
    command: list[str]
    cwd: Path
    environment: dict[str, str]
    folder: Path  # the run folder that it writes
    source: str  # which text it runs, a line for the person
    complete: bool  # must it come to an end as the recorded one did?
    ends_itself: bool  # will it? Else it is ended once all rows have come

    @property
    def start(self) -> int:
        """The step before its first."""
        return self.interval.start if self.interval is not None else self.session.resumed or 0

    @property
    def signal(self) -> int:
        """What it is ended with after its last row: as the recorded one was, and a part of a run at once."""
        if self.interval is not None or self.session.end is None:
            return 9
        return int(signal.SIGTERM if self.session.end.get("exit_code") == 128 + signal.SIGTERM else signal.SIGINT)

    def rows(self, recorded: Recorded) -> Iterator[Row]:
        """The recorded rows that its own are compared with."""
        if self.interval is not None:
            yield from recorded.between(self.interval.start, self.interval.end)
            return
        stopped = self.session.end is not None and not self.complete
        for row in recorded.of(self.session):
            # What a script did once Ctrl-C had reached it cannot be asked for again, unless it is a loop that can be told
            # where to stop; and then there was no signal, which the exit code tells of.
            after = row["row"] == "end" or (row["row"] != "step" and row.get("step", 0) >= self.session.steps)
            if not stopped or not (row["row"] == "end" if self.ends_itself else after):
                yield row


def whole(recorded: Recorded, scratch: Path, given: Sequence[str] | None) -> Iterator[Part]:
    """Every session of the run in turn, in one folder: as it was run."""
    for session in recorded.sessions:
        yield _part(recorded, session, None, scratch, given)


def between(
    recorded: Recorded,
    parts: Sequence[Interval],
    scratch: Path,
    given: Sequence[str] | None,
    moved: Mapping[Path, Path],
) -> Iterator[Part]:
    """Each interval in a folder of its own, from its checkpoint, which may have been `moved` by the time it is asked for.

    Raises UserError where there is none for it.
    """
    at_hand = recorded.checkpoints()
    for part in parts:
        if part.start and part.start not in at_hand:
            steps = ", ".join(map(str, sorted(at_hand))) or "none"
            raise UserError(f"no checkpoint of the kit after step {part.start} in {recorded.folder}; at hand: {steps}")
        fitting = [one for one in recorded.sessions if (one.resumed or 0) <= part.start < one.steps]
        if not fitting:
            raise UserError(f"nothing is recorded after step {part.start}: the run took {recorded.steps} steps")
        folder = scratch / f"from-{part.start}"
        folder.mkdir()
        if part.start:
            path = at_hand[part.start]
            again = folder / "again"
            shutil.copytree(where(path.parent, path.name, moved), again / "checkpoints" / path.name, symlinks=True)
            history = recorded.folder / "history.json"
            if history.is_file() and not history.is_symlink():
                shutil.copyfile(history, again / "history.json")
        yield _part(recorded, fitting[-1], part, folder, given)


def hidden(recorded: Recorded) -> list[str]:
    """The words of the recorded commands in which a secret was masked."""
    words = [word for session in recorded.sessions for word in _words(session)]
    before = dict(enumerate(words, 1))
    found = [f"{before.get(at, '')} {word}" if word == MASK else word for at, word in enumerate(words) if MASK in word]
    return list(dict.fromkeys(found))


def _part(
    recorded: Recorded, session: Session, interval: Interval | None, scratch: Path, given: Sequence[str] | None
) -> Part:
    facts = session.facts
    environment: dict[str, Any] = facts.get("environment") or {}
    if environment.get("world_size", 1) > 1:
        count = environment["world_size"]
        raise UserError(f"{recorded.folder} was trained by {count} processes; only runs of one can be replayed")
    again = scratch / "again"
    again.mkdir(exist_ok=True)
    arguments = _arguments(session, given)
    variables = surroundings.variables(environment)
    if session.opened.get("rng", {}).get("hash_seed"):
        variables["PYTHONHASHSEED"] = str(session.opened["rng"]["hash_seed"])
    cwd = Path(facts.get("cwd") or Path.cwd())
    if is_loop(session):
        text = source.laid_out(recorded.folder, session.number, facts["sources"], again / "source")
        command = [*_run(again), _task(text), *_of_a_loop(arguments, session, interval)]
        said = f"the copies in {recorded.folder / 'source'}"
        cwd = cwd if cwd.is_dir() else text
    else:
        command, said = _own(recorded, session, interval, scratch, arguments, variables)
        if not cwd.is_dir():
            raise UserError(f"the folder that it ran in is not there: {cwd}; make it, with the data that it reads")
    complete = interval is None and session.complete
    ends_itself = complete or (interval is None and session.end is not None and is_loop(session))
    part = Part(session, interval, command, cwd, variables, again, said, complete, ends_itself)
    variables[SEAM] = str(_seam(recorded, part, scratch))
    return part


def is_loop(session: Session) -> bool:
    """Was it a shipped loop, run by its name? Its text lies in the run folder, and it writes nowhere else."""
    return str(session.facts.get("entry", "")).startswith("loop")


def _task(text: Path) -> str:
    """The name of a shipped loop, as its task.py gives it."""
    try:
        found = re.search(r'^NAME = "([\w-]+)"$', (text / "task.py").read_text(encoding="utf-8"), re.MULTILINE)
    except (OSError, UnicodeDecodeError):
        found = None
    if found is None:
        raise UserError("the recorded task.py gives no NAME: this is no loop that `glassloop run` knows by name")
    return found[1]


def _own(
    recorded: Recorded,
    session: Session,
    interval: Interval | None,
    scratch: Path,
    arguments: list[str],
    variables: dict[str, str],
) -> tuple[list[str], str]:
    """The command of somebody's own script, and which text it runs; `variables` get what a module from copies needs."""
    words, again = _words(session), scratch / "again"
    is_module = words[0] == "-m"
    name = words[1] if is_module else words[0]
    cwd = Path(session.facts.get("cwd") or Path.cwd())
    sources = session.facts["sources"]
    imported = [
        Path(entry).resolve() for entry in [*variables.get("PYTHONPATH", "").split(os.pathsep), *sys.path[1:]] if entry
    ]
    path = cwd / name
    if is_module:
        imported.insert(0, cwd.resolve())
        path = cwd.joinpath(*name.split("."))
        path = path / "__main__.py" if next(iter(sources), "") == "__main__.py" else path.with_suffix(".py")
    place = source.choose(recorded.folder, session.number, sources, path, scratch, imported)
    if not place.in_place:
        if is_module and sys.version_info < (3, 11):
            raise UserError(f"module {name} would run from {place.why}; that needs Python 3.11: put the recorded text back")
        before = [variables["PYTHONPATH"]] if "PYTHONPATH" in variables else []
        variables["PYTHONPATH"] = os.pathsep.join([*map(str, place.imports), *before])
        if is_module:
            variables["PYTHONSAFEPATH"] = "1"  # else the working folder, which holds the changed text, comes first
        else:
            name = str(place.script)
    arguments = _elsewhere(arguments, scratch / "loop")
    if interval is not None and interval.start:
        arguments = [*_without(arguments, "run-dir", "stop-at", "resume"), "--resume", "--run-dir", str(again)]
    program = [*(["-m"] if is_module else []), name, *arguments]
    by_run = str(session.facts.get("entry") or "run") == "run"
    return [*(_run(again) if by_run else [sys.executable]), *program], place.why


def _run(again: Path) -> list[str]:
    """Heard for its record alone: what a watch finds is no part of what is compared."""
    return [sys.executable, "-m", "glassloop", "run", "--no-watch", "--no-preflight", "--out", str(again)]


def _words(session: Session) -> list[str]:
    """The recorded command without the interpreter: [-m] NAME ARGS."""
    words = [str(word) for word in session.facts.get("command") or []][1:]
    if not words or (words[0] == "-m" and len(words) == 1):
        raise UserError("run.json names no command: nothing can be run")
    return words


def _arguments(session: Session, given: Sequence[str] | None) -> list[str]:
    """The program's arguments, as recorded, or as given again in full where some of them were masked."""
    words = _words(session)
    arguments = words[2:] if words[0] == "-m" else words[1:]
    if given is None:
        return arguments
    masked = mask_command(list(given))
    if masked != arguments:
        raise UserError(f"recorded are the arguments {' '.join(arguments)}; given again are others: {' '.join(masked)}")
    return list(given)


def _of_a_loop(arguments: list[str], session: Session, interval: Interval | None) -> list[str]:
    """A shipped loop's arguments: its run folder is glassloop's to say; it stops where the recorded one was stopped."""
    arguments = _without(arguments, "run-dir")
    if interval is not None:
        return [*_without(arguments, "stop-at", "resume"), *(["--resume"] if interval.start else [])]
    if session.end is not None and not session.complete:
        return [*_without(arguments, "stop-at"), "--stop-at", str(session.steps)]
    return arguments


def _without(arguments: list[str], *flags: str) -> list[str]:
    """The arguments without these flags and their values, in the spellings that our loops understand."""
    kept: list[str] = []
    value_follows = False
    for word in arguments:
        name, equals, _ = word.partition("=")
        if value_follows and not word.startswith("--"):
            value_follows = False
            continue
        value_follows = False
        if name.startswith("--") and name[2:].replace("_", "-") in flags:
            value_follows = not equals and name[2:] != "resume"
            continue
        kept.append(word)
    return kept


def _elsewhere(arguments: list[str], folder: Path) -> list[str]:
    """A loop that was given its run folder must not be led to the recorded one, which it would refuse or change."""
    flags = [word for word in arguments if word.partition("=")[0] in ("--run-dir", "--run_dir")]
    return [*_without(arguments, "run-dir"), "--run-dir", str(folder)] if flags else arguments


def _seam(recorded: Recorded, part: Part, scratch: Path) -> Path:
    """The file that tells the recording in the child how to begin, which steps to digest, and where it is to end."""
    session = part.session
    told: dict[str, Any] = {"out": str(part.folder), "every": session.opened.get("every")}
    rng = session.opened.get("rng") or {}
    if "file" in rng:
        told["rng_file"] = str(inside(recorded.folder, rng["file"]).absolute())
    rows = 0 if part.ends_itself else sum(row["row"] in COUNTED for row in part.rows(recorded))
    if rows:
        told["last"] = {"rows": rows, "signal": part.signal}
    path = scratch / f"replay-{session.number}.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    return path
