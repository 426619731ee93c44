"""A chapter with everything in it that had to be run or looked up: what the writers write."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from glassloop import templates
from glassloop.lab.claims import Claim

from .evidence import ROOT, Evidence
from .source import BookError, Cut, Part, cut, filled, must_hold, parts, uncovered

BOOK = Path(__file__).parents[1]
CHAPTERS = ("loop", "poison")  # the files' names, in the order of reading


@dataclass(frozen=True)
class Piece:
    """What a writer writes: `kind` as the directive's, `data` what it stands for (text: filled-in Markdown)."""

    kind: str
    data: Any
    words: str = ""


@dataclass
class Chapter:
    """`name`: of its file. `title`: its first heading."""

    name: str
    title: str
    pieces: list[Piece] = field(default_factory=list)


def read(name: str) -> list[Part]:
    """The chapter's parts as they stand in its file."""
    try:
        return parts((BOOK / f"{name}.md").read_text(encoding="utf-8"))
    except BookError as error:
        raise BookError(f"{name}.md: {error}") from error


def check_cuts(name: str) -> None:
    """Makes the chapter's cuts and nothing else, which takes no time. Raises BookError as `compose` does."""
    cuts: list[Cut] = []
    for part in read(name):
        if part.kind in ("cut", "covers"):
            _located(name, part, lambda part: _piece(part, None, cuts, BOOK))


def _located(name: str, part: Part, make: Callable[[Part], Piece | None]) -> Piece | None:
    try:
        return make(part)
    except BookError as error:
        raise BookError(f"{name}.md, line {part.line}: {error}") from error


def evidence_for(names: tuple[str, ...] = CHAPTERS) -> Evidence:
    """Runs what the chapters rest on, each experiment once."""
    found = [part for name in names for part in read(name)]
    experiments = [part.text for part in found if part.kind == "experiment"]
    for text in (part.text for part in found if part.kind in ("text", "holds")):
        experiments += re.findall(r'lab\["([\w-]+)"\]', text)
    for part in found:
        experiments += figure(part.text.split(":")[0]).NEEDS if part.kind == "figure" else ()
    poisons = [part.text for part in found if part.kind == "poison"]
    return Evidence(experiments, poisons)


def compose(name: str, evidence: Evidence, figures: Path) -> Chapter:
    """The chapter with its cuts made, its figures drawn into the folder `figures` and its numbers filled in.

    Raises BookError, with the chapter's name and line, where something it says is not so.
    """
    chapter = Chapter(name, "")
    cuts: list[Cut] = []
    for part in read(name):
        piece = _located(name, part, lambda part: _piece(part, evidence, cuts, figures))
        if piece:
            chapter.pieces.append(piece)
    first = next(piece.data for piece in chapter.pieces if piece.kind == "text")
    chapter.title = first.split("\n")[0].lstrip("# ")
    return chapter


def _piece(part: Part, evidence: Evidence | None, cuts: list[Cut], figures: Path) -> Piece | None:
    if part.kind == "cut":
        cuts.append(cut(part.text))
        return Piece("cut", cuts[-1])
    if part.kind == "covers":
        missing = uncovered(part.text, cuts)
        if missing:
            raise BookError(f"{part.text} has lines that the chapter does not show: {', '.join(map(str, missing))}")
        return None
    assert evidence is not None
    names = evidence.names()
    if part.kind == "holds":
        must_hold(part.text, names)
        return None
    if part.kind == "experiment":
        return Piece("experiment", evidence.lab[part.text], part.text)
    if part.kind == "poison":
        return Piece("poison", evidence.poison[part.text], part.text)
    if part.kind == "table":
        return Piece("table", list(evidence.poison.values()))
    if part.kind == "claim":
        return Piece("claim", _claim(part.text, evidence), part.text)
    if part.kind in ("figure", "animation"):
        name, _, words = part.text.partition(": ")
        words = filled(words or name, names)
        return Piece(part.kind, animation() if part.kind == "animation" else draw(name, figures, evidence), words)
    return Piece("text", filled(part.text, names))


def _claim(name: str, evidence: Evidence) -> Claim:
    if name not in evidence.ledger:
        raise BookError(f"the ledger has no claim {name}")
    return evidence.ledger[name]


def animation() -> Path:
    """The spiral's boundary, an epoch a frame: what `glassloop run spiral` leaves; `make book` makes it anew."""
    made = BOOK / "_build" / "boundary.webp"
    return made if made.exists() else ROOT / "docs" / "images" / "spiral.webp"


def figure(name: str) -> ModuleType:
    """The script figures/NAME.py: `NEEDS`, and `draw(out, lab)`, which writes an SVG. Raises BookError."""
    script = BOOK / "figures" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"figures_{name}", script)
    if spec is None or spec.loader is None or not script.exists():
        raise BookError(f"there is no script figures/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def draw(name: str, folder: Path, evidence: Evidence) -> Path:
    """The picture of that script, drawn from the evidence that the chapters share."""
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / f"{name}.svg"
    figure(name).draw(out, evidence.lab)
    return out


def annotated(rung: str, out: Path) -> None:
    """A loop of the ladder as `glassloop annotate` writes it: every line's own notes, beside the book's."""
    with tempfile.TemporaryDirectory() as folder:
        templates.write(templates.sources("spiral", rung), Path(folder))
        command = [sys.executable, "-m", "glassloop", "annotate", "train.py", "-o", str(out)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise BookError(f"{rung} cannot be annotated: {done.stderr.strip()}")


def run_of_spiral(folder: Path) -> dict[str, Any]:
    """Trains the spiral once, 60 epochs, and keeps the animation; gives the final metrics."""
    command = [sys.executable, "-m", "glassloop", "run", "--out", str(folder / "spiral"), "--format", "json", "spiral"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    if done.returncode:
        raise BookError(f"the spiral does not train: {done.stderr.strip().splitlines()[-1:]}")
    (folder / "spiral" / "pictures" / "boundary.webp").replace(BOOK / "_build" / "boundary.webp")
    final: dict[str, Any] = json.loads((folder / "spiral" / "run.json").read_text(encoding="utf-8"))["final"]
    return final
