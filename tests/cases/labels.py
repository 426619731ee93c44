"""Reads the labels of the cases: trailing comments `# expect: rule-name` on the primary line of a finding.

Reads text only; never runs a case and never imports torch.
"""

from __future__ import annotations

import io
import tokenize
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
UNSEEN = HERE / "unseen"
FRAMEWORKS = HERE / "frameworks"  # these need Accelerate, Lightning, … to run; to be read they need nothing
PROGRAMS = HERE / "programs"  # several files each: a folder with a main.py

RULES = (
    "zero-grad-missing",
    "zero-grad-between-backward-and-step",
    "zero-grad-breaks-accumulation",
    "backward-missing",
    "step-missing",
    "clip-before-backward",
    "clip-after-step",
    "clip-before-unscale",
    "scheduler-per-batch",
    "scheduler-before-optimizer",
    "train-mode-missing",
    "no-grad-missing",
    "softmax-before-cross-entropy",
    "sigmoid-before-bce-with-logits",
)


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
