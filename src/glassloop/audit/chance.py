"""How likely counts are by chance: the hypergeometric distribution, which is drawing without replacement."""

from __future__ import annotations

from math import exp, lgamma

# A check fails only where honest drawing would come to it less often than once in so many audits, all its tests together.
ONCE_IN = 1_000_000


def tail(count: int, drawn: int, marked: int, total: int, *, upper: bool) -> float:
    """The probability that of `drawn` out of `total`, of which `marked` are marked, `count` or more (fewer) are marked."""
    low, high = max(0, drawn - (total - marked)), min(drawn, marked)
    step = 1 if upper else -1
    found, last = 0.0, 0.0
    at = max(count, low) if upper else min(count, high)
    while low <= at <= high:
        last = exp(_log(at, drawn, marked, total))
        found += last
        # Beyond the mode the terms only fall: what follows is less than one part in 10^12 of what was added.
        beyond = at * total > drawn * marked if upper else at * total < drawn * marked
        if beyond and last < found * 1e-15:
            break
        at += step
    return min(1.0, found)


def both_tails(count: int, drawn: int, marked: int, total: int) -> float:
    """The same for a count as far out on either side: twice the smaller tail."""
    below = count * total < drawn * marked
    return min(1.0, 2 * tail(count, drawn, marked, total, upper=not below))


def _log(at: int, drawn: int, marked: int, total: int) -> float:
    return _choose(marked, at) + _choose(total - marked, drawn - at) - _choose(total, drawn)


def _choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
