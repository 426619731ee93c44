"""The loops we ship, as texts: found by walking `loops/`, described by their own docstrings, copied by `glassloop new`.

    loops/RUNG/train.py, config.py    a step of the ladder: the loop
    loops/tasks/NAME.py               what it trains; becomes task.py
    loops/own/NAME/                   what no step of the ladder can train, with a loop of its own (train.py, config.py, ...)
    loops/project/                    what else a project needs; texts in project/RUNG/ are added for that rung and those
                                      above it, those in own/NAME/ stand instead of the general ones
    loops/DIFFS.md                    what each rung adds to the one before; written by `make diffs`
"""

import ast
import difflib
import itertools
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from glassloop.errors import UserError

LOOPS = Path(__file__).with_name("loops")
DEFAULT_LOOP = "production"

_ADDS_TO = re.compile(r"^Adds to `(\w+)`:\s+(.+?[.:])(?=\s|$)", re.MULTILINE | re.DOTALL)


def tasks() -> dict[str, str]:
    """Every task by name, with the first line of its docstring."""
    return {path.stem: _first_line(path) for path in sorted((LOOPS / "tasks").glob("*.py"))}


def own_loops() -> dict[str, str]:
    """Every template that has a loop of its own by name, with the first line of its train.py's docstring."""
    return {path.parent.name: _first_line(path) for path in sorted((LOOPS / "own").glob("*/train.py"))}


def known() -> dict[str, str]:
    """All that `glassloop new` copies and `glassloop run` runs by name: tasks, and what has a loop of its own."""
    return tasks() | own_loops()


def rungs() -> dict[str, str]:
    """The steps of the ladder, lowest first, with the first line of each docstring.

    A rung names the one it builds on in its docstring ("Adds to `validated`: ..."), and that is what orders them.
    """
    below = {path.parent.name: _adds(path)[0] for path in LOOPS.glob("*/train.py")}
    above = {lower: rung for rung, lower in below.items()}
    ladder: list[str] = []
    rung = above.get("")
    while rung:
        ladder.append(rung)
        rung = above.get(rung)
    return {name: _first_line(LOOPS / name / "train.py") for name in ladder}


def copy(
    template: str, folder: Path, loop: str | None = None, constants: Mapping[str, object] | None = None
) -> list[Path]:
    """Copy the task `template` with the loop `loop` (default: production) and a project's other texts into `folder`.

    `constants` replace those of task.py. Returns the files, relative to `folder`, which is new or empty. Raises UserError
    for an unknown name, a folder that is in use, and a `loop` where the template has its own.
    """
    texts = sources(template, loop) | _project(template, loop)
    if constants:
        texts["task.py"] = with_constants(texts["task.py"], constants)
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file; give a new folder")
    if folder.is_dir() and (found := sorted(folder.iterdir())):
        raise UserError(f"{folder} is not empty (it holds {found[0].name}); give a new folder, nothing was changed")
    write(texts, folder)
    return sorted(Path(name) for name in texts)


def sources(template: str, loop: str | None = None) -> dict[str, str]:
    """What trains: train.py, config.py and task.py (or what a loop of its own consists of), each with its text.

    Raises UserError for an unknown name, and for a `loop` where the template has its own.
    """
    _known(template, known(), "template")
    if template in own_loops():
        if loop:
            raise UserError(f"{template} has a loop of its own, so it cannot be trained by {loop}; leave --loop out")
        return {name: text for name, text in _own(template).items() if name.endswith(".py") and name != "test_train.py"}
    loop = loop or DEFAULT_LOOP
    _known(loop, rungs(), "step of the ladder")
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted((LOOPS / loop).glob("*.py"))}
    return texts | {"task.py": (LOOPS / "tasks" / f"{template}.py").read_text(encoding="utf-8")}


def write(texts: dict[str, str], folder: Path) -> None:
    """Write each text to its name below `folder`. Raises UserError where that is not possible."""
    try:
        for name, text in texts.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UserError(f"{folder} cannot be written ({error.strerror}); give another folder") from error


def with_constants(text: str, constants: Mapping[str, object]) -> str:
    """A task's text with other values for its constants, lines `NAME = value`; the comment behind each stays."""
    lines = text.splitlines(keepends=True)
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in constants:
            line = lines[node.lineno - 1].encode()  # positions count bytes
            new = _literal(constants[node.targets[0].id]).encode()
            lines[node.lineno - 1] = (line[: node.value.col_offset] + new + line[node.value.end_col_offset :]).decode()
    return "".join(lines)


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean X?`, or "" where nothing known comes near."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def diffs() -> str:
    """The text of loops/DIFFS.md: for each rung the idea it adds, and how its train.py differs from the one before."""
    ladder = list(rungs())
    notice = "Written by `make diffs`, held by a test: change the loops, not this page."
    parts = [f"# What each step of the ladder adds\n\n{notice}\n"]
    for lower, rung in itertools.pairwise(ladder):
        before, after = ((LOOPS / name / "train.py").read_text(encoding="utf-8") for name in (lower, rung))
        lines = list(
            difflib.unified_diff(
                before.splitlines(), after.splitlines(), f"{lower}/train.py", f"{rung}/train.py", n=2, lineterm=""
            )
        )
        added = sum(line.startswith("+") for line in lines) - 1  # less the line that names the file
        idea = " ".join(_adds(LOOPS / rung / "train.py")[1].split())
        idea = idea[:1].upper() + idea[1:]
        body = "\n".join(line.rstrip() for line in lines)
        parts.append(f"## `{rung}`, after `{lower}`\n\n{idea} ({added} lines added.)\n\n```diff\n{body}\n```\n")
    return "\n".join(parts)


def _project(template: str, loop: str | None) -> dict[str, str]:
    """The other texts of a project, filled in.

    What stands in project/RUNG/ follows the general text of the same name, for that rung and those above it.
    """
    home, ladder = LOOPS / "project", list(rungs())
    general = [path for path in home.rglob("*") if path.is_file() and path.relative_to(home).parts[0] not in ladder]
    texts = {_landed(path, home): path.read_text(encoding="utf-8") for path in sorted(general)}
    words = {"TEMPLATE": template, "TASK_LINE": known()[template]}
    if template in own_loops():
        texts |= _own(template)
    else:
        loop = loop or DEFAULT_LOOP
        words |= {"LOOP": loop, "LOOP_LINE": rungs()[loop]}
        for rung in ladder[: ladder.index(loop) + 1]:
            for path in sorted(path for path in (home / rung).rglob("*") if path.is_file()):
                name = _landed(path, home / rung)
                texts[name] = texts.get(name, "") + path.read_text(encoding="utf-8")
    for word, meaning in words.items():
        texts = {name: text.replace(f"@{word}@", meaning) for name, text in texts.items()}
    return texts


def _own(template: str) -> dict[str, str]:
    """The texts of a template that has a loop of its own."""
    home = LOOPS / "own" / template
    found = (path for path in home.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {_landed(path, home): path.read_text(encoding="utf-8") for path in sorted(found)}


def _landed(path: Path, home: Path) -> str:
    """Where a text lands in a project; packaging tools pass over hidden files, so their names say `dot-`."""
    return path.relative_to(home).as_posix().replace("dot-", ".")


def _literal(value: object) -> str:
    """In the double quotes that the loops are written with."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _adds(path: Path) -> tuple[str, str]:
    """Which rung this one builds on, and the idea it adds; ("", "") for the lowest."""
    match = _ADDS_TO.search(_docstring(path))
    return (match[1], match[2]) if match else ("", "")


def _first_line(path: Path) -> str:
    return _docstring(path).splitlines()[0]


def _docstring(path: Path) -> str:
    """A text's own words, read without running it: running would load torch."""
    found = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    if not found:
        raise UserError(f"{path} has no docstring to describe it; give it one")
    return found


def _known(name: str, known: dict[str, str], what: str) -> None:
    if name not in known:
        raise UserError(f"no {what} is called {name}{nearest(name, known)} (there are: {', '.join(known)})")
