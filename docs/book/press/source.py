"""A chapter as a list of parts. A directive stands on a line of its own, in braces; a number in the text is `{= ... }`.

{cut FILE "first" .. "last"}    lines of a file in loops/, from the one that holds "first" to the next that holds "last"
{cut FILE "only"}  {cut FILE}   one line; the whole file
{experiment RULE}               what the lab sees of that rule's mistake, case by case
{poison NAME}                   a poisoned loop beside the honest one
{table poison}                  all of them
{figure NAME: words}            the picture that figures/NAME.py draws; the words are its caption
{animation: words}              how the spiral's boundary forms
{claim ID}                      a row of the ledger of claims
{holds EXPRESSION}              a sentence of this chapter rests on it: where it is false, there is no book
{covers FILE}                   every line of the file has been cut by now
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

LOOPS = Path(__file__).parents[3] / "src" / "glassloop" / "loops"
_DIRECTIVE = re.compile(r"^\{(cut|experiment|poison|table|figure|animation|claim|holds|covers)\b:?\s*(.*)\}$")
_CUT = re.compile(r'^(\S+?)(?:\s+"(.+?)"(?:\s+\.\.\s+"(.+)")?)?$')
_INLINE = re.compile(r"\{=\s*(.+?)\s*(?::([^:{}]*))?\}")


class BookError(Exception):
    """The book says something that is not so, or names something that is not there. The message is one line."""


@dataclass(frozen=True)
class Part:
    """Markdown (`kind` "text"), or a directive with its argument; `line` is where it stands in the chapter."""

    kind: str
    text: str
    line: int


@dataclass(frozen=True)
class Cut:
    """Lines of a file; `first` is the number of the first of them."""

    file: str
    first: int
    lines: tuple[str, ...]

    @property
    def last(self) -> int:
        """The number of the last line."""
        return self.first + len(self.lines) - 1


def parts(text: str) -> list[Part]:
    """The chapter, taken apart."""
    found: list[Part] = []
    for number, line in enumerate(text.splitlines(), 1):
        match = _DIRECTIVE.match(line)
        if match:
            found.append(Part(match[1], match[2].strip(), number))
        elif line.startswith("{") and not line.startswith("{="):
            raise BookError(f"line {number}: {line} is no directive")
        elif found and found[-1].kind == "text":
            found[-1] = Part("text", f"{found[-1].text}\n{line}", found[-1].line)
        elif line.strip():
            found.append(Part("text", line, number))
    return found


def cut(argument: str) -> Cut:
    """The lines that a `{cut ...}` names. Raises BookError where a line is not there, or is there twice."""
    match = _CUT.match(argument)
    if not match:
        raise BookError(f"{{cut {argument}}} cannot be read")
    file, first, last = (group and group.replace('\\"', '"') for group in match.groups())
    lines = (LOOPS / file).read_text(encoding="utf-8").splitlines()
    if not first:
        return Cut(file, 1, tuple(lines))
    begins = [n for n, line in enumerate(lines) if first in line]
    if len(begins) != 1:
        raise BookError(f"{{cut {argument}}}: {first!r} stands in {len(begins)} lines of {file}, not in one")
    begin = begins[0]
    end = next((n for n in range(begin, len(lines)) if (last or first) in lines[n]), None)
    if end is None:
        raise BookError(f"{{cut {argument}}}: no line of {file} after line {begin + 1} holds {last!r}")
    return Cut(file, begin + 1, tuple(lines[begin : end + 1]))


def uncovered(file: str, cuts: list[Cut]) -> list[int]:
    """The numbers of the lines of `file` that hold something and are in none of the cuts."""
    seen = {n for one in cuts if one.file == file for n in range(one.first, one.last + 1)}
    lines = (LOOPS / file).read_text(encoding="utf-8").splitlines()
    return [n for n, line in enumerate(lines, 1) if line.strip() and n not in seen]


def filled(text: str, names: dict[str, object]) -> str:
    """The text with its `{= expression : format }` replaced by what the evidence says."""

    def value(match: re.Match[str]) -> str:
        try:
            return format(eval(match[1], {}, names), match[2] or "")
        except Exception as error:
            raise BookError(f"{match[0]}: {type(error).__name__}: {error}") from error

    return _INLINE.sub(value, text)


def must_hold(expression: str, names: dict[str, object]) -> None:
    """Raises BookError where a sentence's ground is gone."""
    try:
        holds = eval(expression, {}, names)
    except Exception as error:
        raise BookError(f"{{holds {expression}}}: {type(error).__name__}: {error}") from error
    if not holds:
        raise BookError(f"a sentence of the book no longer holds: {expression}")
