"""Changes to other people's objects that can be taken back exactly.

Promises:
1. `undo` puts back the very object that was found, and removes a name that was not there.
2. A replacement that somebody else has wrapped since is left alone: theirs would be lost with it.
   Every replacement is therefore inert once its ear is off.
3. Changes are taken back in the reverse of their order.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import CellType, FunctionType
from typing import Any, Final

MISSING: Final = object()
Undo = Callable[[], None]


class Patches:
    """What was changed, and how to take it back."""

    def __init__(self) -> None:
        self._undo: list[Undo] = []
        self._by_name: list[tuple[Any, Any]] = []  # (original, replacement) of functions people import by name

    def attribute(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Puts `make(original)` at `owner.name`, where `owner` is a class or a module.

        The original handed to `make` is what lookup gives: for a class, the plain function. A name that `owner` only
        inherits is added to it, and removed again by `undo`.
        """
        found = vars(owner).get(name, MISSING)
        replacement = make(getattr(owner, name))
        setattr(owner, name, replacement)

        def undo() -> None:
            if vars(owner).get(name, MISSING) is not replacement:
                return
            if found is MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, found)

        self._undo.append(undo)

    def function(self, owner: Any, name: str, make: Callable[[Any], Any], outside: bool = False) -> None:
        """Replaces a module's function for those too who imported it by name before us.

        A decorated function keeps the function it decorates in a closure cell: changing the cell reaches every holder
        of the name, wherever it is. A plain one is replaced in `owner` and in every loaded module that holds it.
        `outside`: so is a decorated one, and the replacement stands around what earlier ones made of it.
        """
        original = getattr(owner, name)
        cell = None if outside else wrapped_cell(original)
        if cell is not None:
            self._cell(cell, make)
            return
        replacement = make(original)
        self.attribute(owner, name, lambda _: replacement)
        self._by_name.append((original, replacement))

    def settle(self) -> None:
        """Reaches the names that were imported before the functions were replaced: one walk over the loaded modules."""
        rename({id(old): (old, self._last(new)) for old, new in self._by_name})

    def _last(self, new: Any) -> Any:
        """What replaced a replacement in its turn."""
        for old, newer in self._by_name:  # in the order in which they were made
            new = newer if old is new else new
        return new

    def _first(self, old: Any) -> Any:
        """What was there before all replacements."""
        for older, new in reversed(self._by_name):
            old = older if new is old else old
        return old

    def then(self, undo: Undo) -> None:
        """Adds what `undo` must call, for a change made elsewhere (a registered hook)."""
        self._undo.append(undo)

    def undo(self) -> None:
        """Takes every change back, the last one first. Doing it twice does nothing."""
        while self._undo:
            self._undo.pop()()
        rename({id(new): (new, self._first(old)) for old, new in self._by_name})
        self._by_name.clear()

    def _cell(self, cell: CellType, make: Callable[[Any], Any]) -> None:
        found = cell.cell_contents
        replacement = make(found)
        cell.cell_contents = replacement

        def undo() -> None:
            if cell.cell_contents is replacement:
                cell.cell_contents = found

        self._undo.append(undo)


def wrapped_cell(function: Any) -> CellType | None:
    """The closure cell through which a decorated function reaches the one it decorates; None where there is none."""
    inner = getattr(function, "__wrapped__", None)
    if inner is None or not isinstance(function, FunctionType):
        return None
    cells = [cell for cell in function.__closure__ or () if cell.cell_contents is inner]
    return cells[0] if len(cells) == 1 else None


def rename(swaps: dict[int, tuple[Any, Any]]) -> None:
    """Replaces, in every loaded module outside torch, names bound to the first of a pair by the second.

    `swaps` is keyed by the id of the first, which the pair keeps alive.
    """
    if not swaps:
        return
    for module_name, module in list(sys.modules.items()):
        if module_name.partition(".")[0] == "torch":
            continue
        names = getattr(module, "__dict__", None)
        if not isinstance(names, dict):  # some packages put stand-ins into sys.modules
            continue
        held = [(name, swaps[id(value)]) for name, value in list(names.items()) if id(value) in swaps]
        for name, (old, new) in held:
            if names.get(name) is old:
                names[name] = new
