"""Which turn of the user's loops a backward stands in, and which pass of the innermost one.

A `for` cannot be heard. But the same instruction that runs again under the same calls stands in another turn of some loop;
and the text says which variables the loops outside the innermost one count with, and these can be looked at. What is said
alternates between two numbers, so that equal turns of a long run are equal events.
"""

from __future__ import annotations

import ast
import linecache
from functools import lru_cache
from types import CodeType, FrameType

from glassloop.events import Ref
from glassloop.tap.place import is_users, users
from glassloop.tap.spoken import names_in

Turn = tuple[int, int, int]  # the place, and the parities of its pass and its turn
LARGEST = 1 << 62
Names = tuple[str, ...]  # what a `for` binds; () for a `while`


class Site:
    """One place where backwards run: how often, and what its loops counted at the last."""

    __slots__ = ("count", "counted", "gathers", "index", "number", "outer", "parity")

    def __init__(self, number: int) -> None:
        self.number = number
        self.count = self.parity = self.counted = 0
        self.gathers = False
        self.outer: tuple[object, ...] | None = None
        self.index: int | None = None

    def starts_again(self, index: int | None) -> bool:
        """Whether an index that has counted by ones, and nothing else, is back below where it was."""
        if index is None or self.index is None or index == self.index:
            return False
        if index == self.index + 1:
            self.counted += 1
        elif index > self.index or not self.counted:
            self.counted = -LARGEST  # a length or a size, which goes up and down
        return index < self.index and self.counted > 0


class Chain:
    """The calls under which a backward runs at a site, and how often it has."""

    __slots__ = ("count", "site")

    def __init__(self, site: Site) -> None:
        self.site, self.count = site, 0


class Rounds:
    """The turns of every place."""

    def __init__(self) -> None:
        self._sites: dict[tuple[int, int], Site] = {}
        self._chains: dict[tuple[int, ...], Chain] = {}
        self._loops: dict[tuple[int, int], tuple[CodeType, tuple[Names, ...]]] = {}  # keeps the code, so its id stays its
        self._passes: dict[Ref, int] = {}
        self._hand: Ref | None = None

    @property
    def places(self) -> int:
        """How many places there are where a backward has run."""
        return len(self._sites)

    def begins(self, loader: Ref) -> None:
        """A pass over a loader begins."""
        self._passes[loader] = self._passes.get(loader, 0) + 1

    def batch(self, loader: Ref | None) -> None:
        """A loader hands over a batch."""
        self._hand = loader

    def turn(self, frame: FrameType | None, gathers: bool) -> Turn | None:
        """The turn in which the call of this frame stands; None where no user code is on the stack.

        Passes are told from the first time on that gradients were there already (`gathers`): they matter to no other loop.
        """
        calls: list[int] = []
        outer = frame
        while outer is not None:
            code = outer.f_code
            known = users.get(code.co_filename)
            if known or (known is None and is_users(code)):
                calls += (id(code), outer.f_lasti)
            outer = outer.f_back
        chain = self._chains.get(tuple(calls))
        if chain is None:
            if not calls:
                return None
            chain = self._begin(calls)
        site = chain.site
        chain.count += 1
        if chain.count > site.count:
            site.count = chain.count
        if gathers or site.gathers:
            self._pass(site, _of_users(frame))
        return site.number, site.parity, site.count & 1

    def _begin(self, calls: list[int]) -> Chain:
        first = calls[0], calls[1]
        site = self._sites.get(first)
        if site is None:
            site = self._sites[first] = Site(len(self._sites))
        chain = self._chains[tuple(calls)] = Chain(site)
        return chain

    def _pass(self, site: Site, frames: list[FrameType]) -> None:
        site.gathers = True
        outer, index = self._counted(frames)
        if site.outer is not None and (site.outer != outer or site.starts_again(index)):
            site.parity ^= 1
        site.outer, site.index = outer, index

    def _counted(self, frames: list[FrameType]) -> tuple[tuple[object, ...], int | None]:
        """What the loops outside the innermost one stand at, and the number that the innermost one counts, if it does."""
        outer: list[object] = [self._hand, self._passes.get(self._hand, 0) if self._hand is not None else 0]
        index: int | None = None
        innermost = True
        for frame in frames:
            loops = self._around(frame)
            if not loops:
                continue
            here = values(frame, loops)
            if innermost:
                *here, last = here
                index = next((v for v in last if type(v) is int), None)
                innermost = False
            outer.extend(here)
        return tuple(outer), index

    def _around(self, frame: FrameType) -> tuple[Names, ...]:
        key = (id(frame.f_code), frame.f_lasti)
        known = self._loops.get(key)
        if known is None:
            found = loops_around(frame.f_code.co_filename, frame.f_lineno or 0)
            known = self._loops[key] = (frame.f_code, found)
        return known[1]


def _of_users(frame: FrameType | None) -> list[FrameType]:
    frames = []
    while frame is not None:
        if is_users(frame.f_code):
            frames.append(frame)
        frame = frame.f_back
    return frames


def values(frame: FrameType, loops: tuple[Names, ...]) -> list[tuple[object, ...]]:
    """What the variables of these loops hold: numbers and words as they are, of anything else its id alone."""
    found = names_in(frame)
    return [tuple(_told(found.get(name)) for name in names) for names in loops]


def _told(value: object) -> object:
    return value if type(value) in (int, str, float) else ("id", id(value))


@lru_cache(maxsize=512)
def loops_around(filename: str, line: int) -> tuple[Names, ...]:
    """The loops around a line within its function, the outermost first; () where the text is not there."""
    found: list[Names] = []
    pending: list[ast.AST] = [_tree(filename)]
    while pending:
        inside = [n for n in ast.iter_child_nodes(pending.pop()) if _spans(n, line)]
        for node in inside:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
                found.clear()
            elif isinstance(node, (ast.For, ast.AsyncFor)):
                found.append(tuple(n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)))
            elif isinstance(node, ast.While):
                found.append(())
        pending.extend(inside)
    return tuple(found)


@lru_cache(maxsize=64)
def _tree(filename: str) -> ast.AST:
    try:
        return ast.parse("".join(linecache.getlines(filename)))
    except (SyntaxError, ValueError, RecursionError):  # a notebook's magics, a file that changed since
        return ast.Module([], [])


def _spans(node: ast.AST, line: int) -> bool:
    first, last = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
    if first is None or last is None:  # a case of a match has no place of its own
        return isinstance(node, ast.match_case)
    return bool(first <= line <= last)


__all__ = ["Rounds", "loops_around"]
