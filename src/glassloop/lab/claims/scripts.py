"""Plays the listings of the texts: our own short scripts with the same structure and calls, and their mended forms."""

from __future__ import annotations

import difflib
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LISTINGS = Path(__file__).parent / "listings"

# Claim -> the listing's file; its mended form, where something is to mend, is `NAME_mended`.
NAMES = {
    "l01": "essay_loop",
    "l02": "essay_loader",
    "l03": "chapter_step",
    "l04": "chapter_exercise",
    "l05": "post_loop",
    "l06": "lesson_five_lines",
    "l07": "lesson_evaluate",
    "l08": "lesson_checkpoint",
    "l09": "lesson_tensorboard",
    "l10": "lesson_amp",
    "l11": "lesson_clipping",
    "l12": "lesson_cosine",
    "l13": "lesson_train",
    "l14": "lesson_lightning",
}


@dataclass
class Ran:
    """What a script left: the name of its exception ("" where it ran to its end), its warnings, its names."""

    error: str = ""
    warned: list[str] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=dict)


def text_of(name: str) -> str:
    """The text of a listing."""
    return (LISTINGS / f"{name}.py").read_text(encoding="utf-8")


def play(name: str, *, given: bool = True, replace: tuple[str, str] = ("", "")) -> Ran:
    """Run a listing as the main program, after the names that it leaves out unless `given` is false.

    `replace` changes a text in it. What the script prints goes to standard output.
    """
    ran = Ran(names={"__name__": "__main__"})
    texts = {**({"given": text_of("given")} if given else {}), name: text_of(name).replace(*replace)}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            for source, text in texts.items():
                exec(compile(text, f"{source}.py", "exec"), ran.names)
        except Exception as error:
            ran.error = type(error).__name__
    ran.warned = [f"{one.category.__name__}: {one.message}" for one in caught]
    return ran


def mend_of(name: str) -> str:
    """The unified diff from a listing to its mended form; "" where there is nothing to mend."""
    if not (LISTINGS / f"{name}_mended.py").exists():
        return ""
    before, after = (text_of(one).splitlines() for one in (name, f"{name}_mended"))
    return "\n".join(list(difflib.unified_diff(before, after, lineterm="", n=1))[2:])
