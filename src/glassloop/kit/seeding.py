"""Randomness that can be saved, restored, and asked for by name: (seed, epoch, index) always gives the same numbers."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def seed_everything(seed: int) -> None:
    """Seed Python, numpy and torch (every device). Hash randomisation is fixed at start-up and cannot be set here."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def rng_state() -> dict[str, Any]:
    """The state of every global generator, as ints and tensors only, so that it loads with `weights_only=True`.

    A numpy array would not: unpickling one needs functions that the safe loader refuses.
    """
    numpy_state: Any = np.random.get_state(legacy=True)  # five values of different types
    name, keys, position, has_gauss, gauss = numpy_state
    version, words, next_gauss = random.getstate()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "mps": torch.mps.get_rng_state() if torch.backends.mps.is_available() else None,
        "numpy": [str(name), torch.from_numpy(keys.astype(np.int64)), int(position), int(has_gauss), float(gauss)],
        "python": [version, torch.tensor(words, dtype=torch.int64), next_gauss],
    }


def set_rng_state(state: dict[str, Any]) -> None:
    """Restore what `rng_state` returned.

    Call it last, after loaders and iterators are built: building one may draw from the global generator.
    """
    torch.set_rng_state(state["torch"])
    if state["cuda"] and len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])
    if state["mps"] is not None and torch.backends.mps.is_available():
        torch.mps.set_rng_state(state["mps"])
    name, keys, position, has_gauss, gauss = state["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), position, has_gauss, gauss))
    version, words, next_gauss = state["python"]
    random.setstate((version, tuple(words.tolist()), next_gauss))


def _scramble(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The output function of SplitMix64 (Steele, Lea and Flood 2014): every input bit reaches every output bit."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    scrambled: NDArray[np.uint64] = words ^ (words >> np.uint64(31))
    return scrambled


def mix(*parts: int | NDArray[np.int64]) -> NDArray[np.uint64]:
    """One well-spread 64-bit word for the integers in `parts`, which broadcast against each other as arrays do.

    Order matters: `mix(1, 2)` and `mix(2, 1)` are unrelated.
    """
    word = np.zeros(1, dtype=np.uint64)
    for part in parts:
        # The mask keeps negative and large Python ints inside 64 bits.
        value = np.uint64(part & 0xFFFFFFFFFFFFFFFF) if isinstance(part, int) else part.astype(np.uint64)
        word = _scramble((word + value) * np.uint64(3) + _GOLDEN)
    return word


def uniform(seed: int, epoch: int, indices: NDArray[np.int64], count: int) -> torch.Tensor:
    """`count` numbers in [0, 1) for each sample of a batch, float32, shape (len(indices), count).

    A sample's numbers depend on (seed, epoch, its index) alone: neither on its neighbours in the batch,
    nor on the number of workers, nor on what was drawn before. That is what makes augmentation replayable.
    """
    words = mix(seed, epoch, indices[:, None], np.arange(count, dtype=np.int64)[None, :])
    # The top 24 bits fill a float32 mantissa exactly, so 1.0 is never reached.
    return torch.from_numpy((words >> np.uint64(40)).astype(np.float32) * np.float32(2**-24))


def permutation(size: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """The order of `size` samples in this epoch: a pure function of (seed, epoch)."""
    generator = torch.Generator().manual_seed(int(mix(seed, epoch, size)[0] >> np.uint64(1)))
    return torch.randperm(size, generator=generator).numpy()


@contextmanager
def kept_rng() -> Iterator[None]:
    """Leave Python's, numpy's and torch's CPU generators as they were found, whatever happens inside."""
    saved_torch, saved_numpy, saved_python = torch.get_rng_state(), np.random.get_state(), random.getstate()
    try:
        yield
    finally:
        torch.set_rng_state(saved_torch)
        np.random.set_state(saved_numpy)
        random.setstate(saved_python)


def seed_sample(seed: int, epoch: int, index: int) -> None:
    """Seed the global CPU generators for one sample, for transforms that draw from them (torchvision's, say)."""
    word = int(mix(seed, epoch, index)[0])
    random.seed(word)
    np.random.seed(word % 2**32)
    torch.default_generator.manual_seed(word >> 1)  # torch.manual_seed would reseed the accelerators too
