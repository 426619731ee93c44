"""What the name of a sampler promises. Names are what a record has; a class of that name may do otherwise."""

from __future__ import annotations

from glassloop.audit.samples import Loader

# Of torch and of those who stand on it: each index at most once in a pass, unless `replacement` was asked for.
ONCE = {
    "RandomSampler", "SequentialSampler", "SubsetRandomSampler", "DistributedSampler", "EpochOrder", "SeedableRandomSampler",
    "BatchSampler", "LengthGroupedSampler",
}  # fmt: skip
REPEATING = {"WeightedRandomSampler"}
IN_ORDER = {"SequentialSampler"}


def repeats(loader: Loader) -> bool | None:
    """Whether the loader may draw an index twice in a pass; None where that is not declared."""
    replacement = loader.about.get("replacement")
    if isinstance(replacement, bool):
        return replacement
    if loader.sampler in REPEATING:
        return True
    return False if loader.sampler in ONCE else None


def is_whole(loader: Loader, draws: int, distinct: int) -> bool:
    """Whether so many draws are all that a pass without replacement gives, the dropped last batch aside."""
    length = loader.number_of("length")
    if length is None:
        return False
    size = loader.number_of("batch_size") or 1
    least = length - length % size if loader.about.get("drop_last") is True else length
    return draws >= max(least, 1)
