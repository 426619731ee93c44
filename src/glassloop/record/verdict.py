"""What verify has to say of a run folder: a word, what is wrong and where, and what could not be looked at."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

WHOLE, INCOMPLETE, BROKEN = "whole", "incomplete", "broken"

_MOST = 50  # problems and notes of a folder that are told one by one


@dataclass(frozen=True)
class Problem:
    """One thing that does not hold: in which `file`, from which `row` or `line` (from 1) on, `what`, and what it `means`.

    `kind` is INCOMPLETE (something is missing, as a crash may leave it) or BROKEN (something was changed).
    """

    kind: str
    file: str
    what: str
    means: str
    row: int | None = None
    line: int | None = None

    def __str__(self) -> str:
        where = f", row {self.row}" if self.row is not None else ""
        where = f", line {self.line}{where}" if self.line is not None else where
        return printable(f"{self.kind}: {self.file}{where}: {self.what}; {self.means}")


@dataclass
class Verdict:
    """The word on a run folder and its reasons. `rows`, `steps`, `sessions` count what the ledger holds."""

    run: Path
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    untold: int = 0  # problems beyond those in the list
    rows: int = 0
    steps: int = 0
    sessions: int = 0
    head: str = ""
    signed_by: str | None = None
    checked: list[str] = field(default_factory=list)
    worst: str = WHOLE

    @property
    def word(self) -> str:
        """whole, incomplete or broken."""
        return self.worst

    def say(self, problem: Problem) -> None:
        """Add a problem; the first fifty are kept."""
        self.worst = problem.kind if self.worst != BROKEN else BROKEN
        if len(self.problems) < _MOST:
            self.problems.append(problem)
        else:
            self.untold += 1

    def broken(self, file: str, what: str, means: str, row: int | None = None, line: int | None = None) -> None:
        """Something was changed."""
        self.say(Problem(BROKEN, file, what, means, row, line))

    def incomplete(self, file: str, what: str, means: str, row: int | None = None, line: int | None = None) -> None:
        """Something is missing."""
        self.say(Problem(INCOMPLETE, file, what, means, row, line))

    def note(self, text: str) -> None:
        """Something that a reader should know and that is no fault; said once, the first fifty."""
        text = printable(text)
        if text not in self.notes and len(self.notes) < _MOST:
            self.notes.append(text)

    def as_json(self) -> dict[str, Any]:
        """The verdict as plain JSON values."""
        problems = [
            {name: printable(value) if isinstance(value, str) else value for name, value in asdict(problem).items()}
            for problem in self.problems
        ]
        counts = {"rows": self.rows, "steps": self.steps, "sessions": self.sessions, "head": self.head}
        return {
            "run": str(self.run), "verdict": self.word, "signed_by": self.signed_by, **counts,
            "problems": problems, "more_problems": self.untold, "checked": self.checked, "notes": self.notes,
        }  # fmt: skip


def printable(text: str) -> str:
    """Text from a stranger's folder without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def first_line(error: BaseException) -> str:
    """What an error says, in one line: the system's words for an OSError."""
    said = getattr(error, "strerror", None) or str(error)
    return (said.splitlines() or [type(error).__name__])[0]


def counted(count: int, noun: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
