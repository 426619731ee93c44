"""Random generators of a run: what they were at its beginning, so that an unseeded program can be run again; and digests.

Python's generator is read before the program's first line, numpy's and torch's right after their import. What a program
draws elsewhere cannot be repeated: os.urandom, secrets, uuid4, random.Random() and numpy.random.default_rng() without a
seed, torch.seed(), and the clock.
"""

from __future__ import annotations

import ctypes
import json
import random
import sys
from hashlib import sha256
from typing import Any

from glassloop.tap.arrival import when_there


class Start:
    """The generators as the program found them; or, for a replay, as `given` says, to which they are set."""

    def __init__(self, given: dict[str, Any] | None = None) -> None:
        self._given = given or {}
        self.states: dict[str, Any] = {"python": None, "numpy": None, "torch": None}
        self._python()
        self._cancel = [when_there("numpy", self._numpy), when_there("torch", self._torch)]

    def stop(self) -> None:
        """Waits for no module any more."""
        for cancel in self._cancel:
            cancel()

    def as_json(self) -> bytes:
        """The text of rng/session-N.json."""
        return (json.dumps(self.states, separators=(",", ":")) + "\n").encode()

    def _python(self) -> None:
        given = self._given.get("python")
        if given:
            random.setstate((given["version"], tuple(given["words"]), given["gauss"]))
        version, words, gauss = random.getstate()
        self.states["python"] = {"version": version, "words": list(words), "gauss": gauss}

    def _numpy(self) -> None:
        numpy: Any = sys.modules["numpy"]
        given = self._given.get("numpy")
        if given:
            words = numpy.array(given["words"], dtype=numpy.uint32)
            numpy.random.set_state((given["name"], words, given["position"], given["has_gauss"], given["gauss"]))
        name, keys, position, has_gauss, gauss = numpy.random.get_state(legacy=True)
        rest = {"position": int(position), "has_gauss": int(has_gauss), "gauss": float(gauss)}
        self.states["numpy"] = {"name": str(name), "words": keys.tolist(), **rest}

    def _torch(self) -> None:
        torch: Any = sys.modules["torch"]
        given = self._given.get("torch")
        if given:
            torch.set_rng_state(torch.frombuffer(bytearray.fromhex(given), dtype=torch.uint8))
        self.states["torch"] = _bytes(torch.default_generator.get_state()).hex()


def all_digests() -> dict[str, str]:
    """The generators of Python, numpy and torch, at a checkpoint: 16 hex digits each."""
    found = {"python": sha256(repr(random.getstate()).encode()).hexdigest()[:16]}
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None:
        name, keys, *rest = numpy.random.get_state(legacy=True)
        found["numpy"] = sha256(keys.tobytes() + repr((str(name), *rest)).encode()).hexdigest()[:16]
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        found["torch"] = sha256(_bytes(torch.default_generator.get_state())).hexdigest()[:16]
    return found


def _bytes(state: Any) -> bytes:
    return ctypes.string_at(state.data_ptr(), state.numel())
