"""Where parameters came from that are younger than an optimizer: a layer replaced, a model built again, a copy.

Heard through torch's own registration hooks. Before the first optimizer nothing is noted.
"""

from __future__ import annotations

import dis
import functools
import itertools
import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.modules.module import (
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)

from glassloop.tap.leaves import Notes
from glassloop.tap.patch import Patches
from glassloop.tap.place import Spot, user_frame

if TYPE_CHECKING:
    from glassloop.tap.ear import Ear


class Origins:
    """The lines at which parameters became part of a module, and in which order."""

    def __init__(self, ear: Ear, changed: Callable[[], None]) -> None:
        self._ear, self._changed = ear, changed
        self.count = 0
        self.replaced: Notes[bool] = Notes()  # parameters whose name in a module belongs to others now
        self._born: Notes[tuple[Spot, int]] = Notes()

    def hear(self, patches: Patches) -> None:
        """Notes from now on what modules are given."""
        patches.then(register_module_parameter_registration_hook(self._parameter).remove)
        patches.then(register_module_module_registration_hook(self._module).remove)
        patches.attribute(nn.Parameter, "__deepcopy__", self._copied)

    def of(self, param: torch.Tensor) -> tuple[Spot, int] | None:
        """The line that a parameter came from, and its number; None where nothing was noted."""
        return self._born.get(param)

    def _parameter(self, module: Any, name: str, param: Any) -> None:
        if self._notes():
            old = module._parameters.get(name)
            self._guarded([] if param is None else [param], [] if old is None else [old])

    def _module(self, module: Any, name: str, part: Any) -> None:
        if self._notes():
            old = module._modules.get(name)
            self._guarded(*([] if each is None else list(each.parameters()) for each in (part, old)))

    def _copied(self, original: Any) -> Any:
        @functools.wraps(original)
        def __deepcopy__(param: Any, memo: Any) -> Any:  # noqa: N807
            known = id(param) in memo
            copy = original(param, memo)
            if not known and self._notes():
                self._guarded([copy], [])
            return copy

        return __deepcopy__

    def _notes(self) -> bool:
        return bool(self._ear.optimizers) and self._ear.hears()

    def _guarded(self, params: list[Any], before: list[Any]) -> None:
        try:
            for old in before:
                if not any(old is new for new in params):
                    self.replaced.set(old, True)
            if params:
                self._note(params, sys._getframe(3))
        except Exception:
            self._ear.fault(in_hook=True)

    def _note(self, params: list[Any], frame: FrameType) -> None:
        spot = self._ear.spot(binder(frame))
        if spot is None:
            return
        self.count += 1
        for param in params:
            self._born.set(param, (spot, self.count))
        self._changed()


def binder(frame: FrameType | None) -> FrameType | None:
    """The user's frame in which a module under construction gets its name: beyond constructors, and what only returns it."""
    outer, top = frame, None
    while outer is not None:
        code = outer.f_code
        if code.co_name == "__init__" and code.co_varnames:
            top = outer if isinstance(outer.f_locals.get(code.co_varnames[0]), nn.Module) else top
        outer = outer.f_back
    found = user_frame(top.f_back if top is not None else frame)
    while found is not None and returned(found.f_code, found.f_lasti):
        above = user_frame(found.f_back)
        if above is None:
            break
        found = above
    return found


@functools.lru_cache(maxsize=256)
def returned(code: CodeType, instruction: int) -> bool:
    """Whether the function hands back what the call at this instruction gives, at once or by a name."""
    steps = [step for step in dis.get_instructions(code) if step.opname != "CACHE"]
    after = next((step for step in steps if step.offset > instruction), None)
    if after is None or after.opname == "RETURN_VALUE":
        return after is not None
    if not after.opname.startswith("STORE_FAST"):
        return False
    name = variables(after)[0]
    return any(
        "LOAD_FAST" in load.opname and variables(load)[-1] == name and back.opname == "RETURN_VALUE"
        for load, back in itertools.pairwise(steps)
    )


def variables(step: dis.Instruction) -> tuple[str, ...]:
    """The variables that an instruction loads or stores: since Python 3.13 one may do both, or two."""
    return step.argval if isinstance(step.argval, tuple) else (str(step.argval),)
