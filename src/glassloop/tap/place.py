"""Where in the user's code a call came from: two words while the loop runs, a line when somebody asks.

A spot is a code object and the offset of an instruction in it. Turning that into a line costs a search through the
code's position table and, for the first line of a call that spans several, a parse of the file: done late, and once.
"""

from __future__ import annotations

import ast
import linecache
import os
import site
import sys
import sysconfig
from functools import lru_cache
from itertools import islice
from types import CodeType, FrameType

from glassloop.findings import Where

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class Spot:
    """An instruction of a code object. One spot equals only itself: hashing a code object would read all of it."""

    __slots__ = ("code", "instruction")

    def __init__(self, code: CodeType, instruction: int) -> None:
        self.code = code
        self.instruction = instruction  # byte offset, as in `frame.f_lasti`


def library_roots() -> tuple[str, ...]:
    """Folders whose files are not the user's: installed packages and the standard library."""
    paths = sysconfig.get_paths()
    roots = {paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    roots.update(site.getsitepackages())
    roots.add(site.getusersitepackages())
    return tuple(os.path.abspath(root) + os.sep for root in roots)


_ROOTS = (*library_roots(), PACKAGE)
_LOOPS = os.path.join(PACKAGE, "loops") + os.sep  # the loops we ship are read and owned as the user's
_EARS = (os.path.join(PACKAGE, "tap") + os.sep, os.path.join(PACKAGE, "watch.py"))
users: dict[str, bool] = {}  # by file, what `is_users` has found out


def is_users(code: CodeType) -> bool:
    """Whether code belongs to the user: a file outside the installed packages, or a cell of a notebook."""
    known = users.get(code.co_filename)
    if known is None:
        known = users[code.co_filename] = is_users_file(code.co_filename)
    return known


def is_users_file(filename: str) -> bool:
    """Whether a file is the user's."""
    if filename.startswith("<"):  # generated code ("<frozen …>", "<eval_with_key>"), or what a person typed
        return filename.startswith(("<stdin>", "<string>", "<ipython-input", "<cell"))
    path = os.path.abspath(filename)
    if path.startswith(_LOOPS):
        return True
    return not path.startswith(_ROOTS) and f"{os.sep}site-packages{os.sep}" not in path


def stands_between(filename: str) -> bool:
    """Whether a file's frames come between a loop and torch only because the loop is heard."""
    return filename.startswith(_EARS)


def caller_of(frame: FrameType) -> FrameType:
    """The frame that made a call, where frames that only hear it stand between."""
    while stands_between(frame.f_code.co_filename) and frame.f_back is not None:
        frame = frame.f_back
    return frame


def user_frame(frame: FrameType | None) -> FrameType | None:
    """The nearest frame of the user's own code, from `frame` outwards; None where there is none."""
    while frame is not None:
        known = users.get(frame.f_code.co_filename)
        if known or (known is None and is_users(frame.f_code)):
            return frame
        frame = frame.f_back
    return None


@lru_cache(maxsize=4096)
def resolve(spot: Spot) -> Where:
    """The place of a spot. A call that spans lines is placed at its first."""
    code = spot.code
    line, end_line, column, end_column = _position(code, spot.instruction)
    start = _call_starts(code.co_filename).get((end_line, end_column))
    if start is not None and start <= (line, column):  # else a whole statement, which happens to end with a call
        line, column = start
    path = code.co_filename
    return Where(path if path.startswith("<") else os.path.abspath(path), line, column + 1, end_line)


def _position(code: CodeType, instruction: int) -> tuple[int, int, int, int]:
    if sys.version_info >= (3, 11):
        found = next(islice(code.co_positions(), instruction // 2, None), (None,) * 4)
        line, end_line, column, end_column = found
        line = line or code.co_firstlineno
        return line, end_line or line, column or 0, -1 if end_column is None else end_column
    return _line_only(code, instruction)


def _line_only(code: CodeType, instruction: int) -> tuple[int, int, int, int]:
    """Python 3.10 keeps lines alone."""
    for start, end, line in code.co_lines():
        if start <= instruction < end and line is not None:
            return line, line, 0, -1
    return code.co_firstlineno, code.co_firstlineno, 0, -1


@lru_cache(maxsize=256)
def _call_starts(filename: str) -> dict[tuple[int, int], tuple[int, int]]:
    """First line and column of each call in a file, by where the call ends (no two calls end at the same place)."""
    try:
        tree = ast.parse("".join(linecache.getlines(filename)))
    except (SyntaxError, ValueError, RecursionError):  # a notebook's magics, a file that changed since
        return {}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {(c.end_lineno or 0, c.end_col_offset or 0): (c.lineno, c.col_offset) for c in calls}
