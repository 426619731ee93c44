"""The order of the kit's loaders, computed again without torch: f(seed, epoch), for who wants to check it alone.

The kit mixes (seed, epoch, size) into a word by SplitMix64 and gives it to `torch.randperm`, which is a Fisher-Yates shuffle
that draws from MT19937. Python's own `random` is that generator, too; only its seeding differs.
"""

from __future__ import annotations

import random
from array import array

_WORD, _HALF = 0xFFFFFFFFFFFFFFFF, 0xFFFFFFFF


def permutation(size: int, seed: int, epoch: int) -> array[int]:
    """The indices 0 … size - 1 in the order of this epoch, as `kit.seeding.permutation` gives them."""
    order = array("q", range(size))
    draw = _generator((_mix(seed, epoch, size) >> 1) & _HALF).getrandbits
    for at in range(size - 1):
        other = at + draw(32) % (size - at)
        order[at], order[other] = order[other], order[at]
    return order


def _mix(*parts: int) -> int:
    """As `kit.seeding.mix`."""
    word = 0
    for part in parts:
        word = _scramble(((word + (part & _WORD)) * 3 + 0x9E3779B97F4A7C15) & _WORD)
    return word


def _scramble(word: int) -> int:
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & _WORD
    return word ^ (word >> 31)


def _generator(seed: int) -> random.Random:
    """MT19937 from one 32-bit word, by the recurrence of its authors, which torch uses; Python seeds from a list."""
    words = [seed]
    for i in range(1, 624):
        words.append((1812433253 * (words[-1] ^ (words[-1] >> 30)) + i) & _HALF)
    made = random.Random()
    made.setstate((3, (*words, 624), None))
    return made
