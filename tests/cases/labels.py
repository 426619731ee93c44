"""Reads the labels of the cases: trailing comments `# expect: rule-name` on the primary line of a finding.

Reads text only; never runs a case and never imports torch.

    python tests/cases/labels.py      # writes the table of counts into the README
"""

from __future__ import annotations

import io
import re
import sys
import tokenize
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from glassloop.rules import all_rules

HERE = Path(__file__).resolve().parent
UNSEEN = HERE / "unseen"
FRAMEWORKS = HERE / "frameworks"  # these need Accelerate, Lightning, … to run; to be read they need nothing
PROGRAMS = HERE / "programs"  # several files each: a folder with a main.py

RULES = tuple(rule.name for rule in all_rules())
ONLY_RUN = frozenset(rule.name for rule in all_rules() if rule.card.only_run)


class Program(NamedTuple):
    """A folder with a main.py and what it imports, to be checked as one; `expected` holds (file, rule, line)."""

    main: Path
    paths: tuple[Path, ...]
    expected: frozenset[tuple[Path, str, int]]


class Case(NamedTuple):
    """A script and the findings it should give; an empty set means that it must stay silent."""

    path: Path
    expected: frozenset[tuple[str, int]]  # (rule, line), lines counted from 1


def load(folder: str | Path = HERE) -> list[Case]:
    """All cases below `folder` (or the one file), sorted by path.

    The unseen part (so that nobody tunes on it by accident), the frameworks' and the programs are left out unless
    `folder` lies in them.
    Raises ValueError where a label names an unknown rule.
    """
    root = Path(folder).resolve()
    apart = [part for part in (UNSEEN, FRAMEWORKS, PROGRAMS) if not root.is_relative_to(part)]
    paths = [root] if root.is_file() else sorted(p for p in root.rglob("*.py") if p.parent != HERE)
    return [Case(p, expected(p)) for p in paths if not any(p.is_relative_to(part) for part in apart)]


def read(case: Case) -> set[tuple[str, int]]:
    """Of the findings that a case should give, those that its text can tell."""
    return {(rule, line) for rule, line in case.expected if rule not in ONLY_RUN}


def load_programs() -> list[Program]:
    """The programs of several files, sorted by folder."""
    programs = []
    for main in sorted(PROGRAMS.glob("*/main.py")):
        paths = tuple(sorted(main.parent.rglob("*.py")))
        found = frozenset((path, rule, line) for path in paths for rule, line in expected(path))
        programs.append(Program(main, paths, found))
    return programs


def expected(path: Path) -> frozenset[tuple[str, int]]:
    """The labels of one file, read from its comment tokens (a string that looks like a label is none)."""
    found = set()
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        text = token.string.removeprefix("#").strip()
        if token.type != tokenize.COMMENT or not text.startswith("expect:"):
            continue
        for rule in text.removeprefix("expect:").split(","):
            if rule.strip() not in RULES:
                raise ValueError(f"{path}:{token.start[0]}: unknown rule {rule.strip()!r}")
            found.add((rule.strip(), token.start[0]))
    return frozenset(found)


def table() -> str:
    """How many bad files each rule has, and how many right ones there are, as the README shows it."""
    parts = [load(folder) for folder in (HERE, UNSEEN, FRAMEWORKS)]
    counts = [Counter(rule for c in part for rule, _ in c.expected) for part in parts]
    counts.append(Counter(rule for p in load_programs() for _, rule, _ in p.expected))
    right = [sum(c.path.parent.name == "right" for c in part) for part in parts]
    rows: list[list[object]] = [["rule", "seen", "unseen", "frameworks", "programs"], ["---"] * 5]
    rows += [[rule, *[n[rule] for n in counts]] for rule in RULES]
    rows += [["*all*", *[n.total() for n in counts]], ["right", *right, 0]]
    return "".join("| " + " | ".join(map(str, row)) + " |\n" for row in rows)


def forget_accelerate() -> None:
    """Accelerate keeps what it was first told as long as the process lives: one case must not tell the next."""
    state = sys.modules.get("accelerate.state")
    if state is not None:
        state.AcceleratorState._reset_state(reset_partial_state=True)
        state.GradientState._reset_state()


if __name__ == "__main__":
    readme = HERE / "README.md"
    text = readme.read_text(encoding="utf-8")
    text = re.sub(r"\| rule \| seen [\s\S]*?(?=\n\n|\Z)", table().rstrip(), text).rstrip() + "\n"
    readme.write_text(text, encoding="utf-8")
