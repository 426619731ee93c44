"""A call of torch's that is heard as a whole: it is said once it has returned, and nothing inside it is heard."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from threading import get_ident
from types import FrameType
from typing import Any

from glassloop.tap.ear import Ear, compiling

After = Callable[[FrameType, tuple[Any, ...], dict[str, Any], Any], None]


def whole(ear: Ear, after: After, even_deep: bool = True) -> Callable[[Any], Any]:
    """For Patches: a call that is heard as a whole, nothing inside it. `after(caller, args, kwargs, result)` says it.

    `even_deep`: also where it comes from inside a forward or a backward.
    """

    def make(original: Any) -> Any:
        @functools.wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            if compiling() or ear.hush or not ear.on or (ear.deep and not even_deep) or get_ident() != ear.thread:
                return original(*args, **kwargs)
            if ear.before is not None:
                ear.settle()
            ear.hush += 1
            try:
                result = original(*args, **kwargs)
            finally:
                ear.hush -= 1
            try:
                after(sys._getframe(1), args, kwargs, result)
            except Exception:
                ear.fault()
            return result

        return call

    return make
