"""A model's parameters in words: the largest parts of it that consist of some of them, by name."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from typing import Any

from torch import nn

from glassloop.tap.leaves import learnable
from glassloop.tap.place import is_users_file

_MOST = 3  # parts named


class Plan:
    """The names of a model's parameters that may learn. Holds words alone, so it may outlive the model."""

    def __init__(self, model: nn.Module) -> None:
        self.label = type(model).__name__
        self.names = {id(p): name for name, p in model.named_parameters() if learnable(p)}
        self._all = Counter(prefix for name in self.names.values() for prefix in prefixes(name))
        kinds = {path: type(module) for path, module in model.named_modules()}
        self._kinds = {path: kind.__name__ for path, kind in kinds.items()}
        self._foreign = {path for path in kinds if _is_foreign(path, kinds)}

    def parts(self, names: Iterable[str], foreign: bool = True) -> list[str]:
        """The largest parts whose parameters are all among `names`; "" is the whole model.

        Not `foreign`: without what a library's own class keeps beside what is used of it (the pooler of a language model).
        """
        chosen = set(names)
        count = Counter(prefix for name in chosen for prefix in prefixes(name))
        found = dict.fromkeys(next(p for p in prefixes(name) if count[p] == self._all[p]) for name in sorted(chosen))
        return [part for part in found if foreign or part == "" or part.rpartition(".")[0] not in self._foreign]

    def call(self, name: str) -> None:
        """The model has a name."""
        self.label = f"{name} ({self._kinds['']})" if name else self._kinds[""]

    def words(self, parts: list[str]) -> str:
        """Parts as a person reads them."""
        if "" in parts:
            return f"all of {self.label}"
        more = f" and {len(parts) - _MOST} more" if len(parts) > _MOST else ""
        shown = [f"{part} ({self._kinds[part]})" if part in self._kinds else part for part in parts[:_MOST]]
        return f"{', '.join(shown)}{more} of {self.label}"


def prefixes(name: str) -> list[str]:
    """The parts that a parameter belongs to, the largest first: "", "a", "a.b", "a.b.weight"."""
    pieces = name.split(".")
    return [".".join(pieces[:n]) for n in range(len(pieces) + 1)]


def _is_foreign(path: str, kinds: dict[str, type[Any]]) -> bool:
    """Whether the innermost class around a part that is not torch's own belongs to a library."""
    for around in reversed(prefixes(path) if path else [""]):
        module = kinds[around].__module__ if around in kinds else "torch"
        if module.partition(".")[0] != "torch":
            file = getattr(sys.modules.get(module), "__file__", None)
            return file is not None and not is_users_file(file)
    return False
