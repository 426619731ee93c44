"""Loaders whose order and per-sample randomness are pure functions of (seed, epoch), resumable at any batch.

Why not a plain `DataLoader`: its order comes from a generator whose state moves on, so a resumed run sees other samples.
What is built here *is* a `DataLoader` (workers, pinning and every tool that knows one still work); only its sampler is ours.
"""

import os
import signal
import weakref
from collections.abc import Callable, Iterator
from multiprocessing.util import Finalize
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset, Sampler, default_collate

from glassloop.errors import UserError
from glassloop.kit import seeding
from glassloop.kit.progress import note

Draw = Callable[[int], torch.Tensor]  # n -> uniform numbers in [0, 1), shape (batch, n), keyed by sample


class Keys(NamedTuple):
    """The address of a batch: which samples, in which epoch. It travels to the workers, so the epoch does too:
    an attribute set on the dataset would not reach persistent workers."""

    seed: int
    epoch: int
    indices: NDArray[np.int64]

    def draw(self, count: int) -> torch.Tensor:
        """`count` uniform numbers for each sample, shape (batch, count)."""
        return seeding.uniform(self.seed, self.epoch, self.indices, count)


class EpochOrder(Sampler[Keys]):
    """A batch sampler whose order is f(seed, epoch). Say where to begin with `set_position` before each pass.

    Of `world` processes the one numbered `rank` gets its part of each batch, every `world`-th sample: together they see
    the batches that one alone would see, however many they are.
    """

    def __init__(
        self, size: int, batch_size: int, seed: int, shuffle: bool = True, *, rank: int = 0, world: int = 1
    ) -> None:
        self.size, self.batch_size, self.seed, self.shuffle = size, batch_size, seed, shuffle
        self.rank, self.world = rank, world
        self.epoch = self.first_batch = 0

    def set_position(self, epoch: int, first_batch: int = 0) -> None:
        """The next pass is epoch `epoch`, without its first `first_batch` batches (none of them is loaded)."""
        self.epoch, self.first_batch = epoch, first_batch

    def __len__(self) -> int:
        """Batches in a whole epoch, of all processes together; the last may be smaller."""
        return -(-self.size // self.batch_size)

    def __iter__(self) -> Iterator[Keys]:
        order = seeding.permutation(self.size, self.seed, self.epoch) if self.shuffle else np.arange(self.size)
        for start in range(self.first_batch * self.batch_size, self.size, self.batch_size):
            batch = order[start : start + self.batch_size]
            part = batch[self.rank :: self.world]
            if len(part):
                yield Keys(self.seed, self.epoch, part)
            elif self.shuffle:  # every process has to go backward as often as the others, or they would wait for it
                yield Keys(self.seed, self.epoch, batch[:1])

    def has_part(self, batch: int) -> bool:
        """Is any sample of the epoch's batch number `batch` this process's own? What it gets else only stands in for one."""
        return self.rank < self.size - batch * self.batch_size


class InMemory(Dataset[Any]):
    """Tensors that share their first dimension, read a batch at a time by indexing.

    A `TensorDataset` in a `DataLoader` fetches sample by sample and then collates them: 13 to 71 times slower on small rows.
    `augment(batch, draw)` gets the tuple of tensors and `draw(n)`, n random numbers a sample; it returns the new tuple.
    """

    def __init__(self, *tensors: torch.Tensor, augment: Callable[[Any, Draw], Any] | None = None) -> None:
        if not tensors:
            raise UserError("InMemory needs at least one tensor; got none. Pass inputs and targets")
        for tensor in tensors:
            if not isinstance(tensor, torch.Tensor):
                kind = f"{type(tensor).__module__}.{type(tensor).__qualname__}"
                raise UserError(f"InMemory was given a {kind}; give tensors (torch.from_numpy shares an array's memory)")
            if tensor.dim() == 0:
                raise UserError("InMemory was given a tensor without a first dimension; give one row a sample")
        sizes = [len(tensor) for tensor in tensors]
        if len(set(sizes)) > 1:
            raise UserError(f"the tensors differ in length ({', '.join(map(str, sizes))}); give one row a sample in each")
        self.tensors, self.augment = tensors, augment

    def __len__(self) -> int:
        return len(self.tensors[0])

    def __getitem__(self, index: int) -> tuple[torch.Tensor, ...]:
        """One sample, not augmented: for looking at the data. Training goes through `__getitems__`."""
        return tuple(tensor[index] for tensor in self.tensors)

    def __getitems__(self, keys: Keys) -> Any:
        rows = torch.from_numpy(keys.indices)
        # The same rows as `tensor[rows]`, up to four times quicker on images.
        batch = tuple(tensor.index_select(0, rows.to(tensor.device)) for tensor in self.tensors)
        return self.augment(batch, keys.draw) if self.augment else batch


class Keyed(Dataset[Any]):
    """Any map-style dataset, with the global generators seeded by (seed, epoch, index) before each sample is read.

    So random transforms (torchvision's, numpy's, your own) give the same sample for the same address,
    with 0 or n workers and after a resume. Costs about 30 µs a sample (`bench/kit_cost.py`).
    """

    def __init__(self, dataset: Dataset[Any]) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)  # type: ignore[arg-type]  # every map-style dataset has a length

    def __getitems__(self, keys: Keys) -> list[Any]:
        samples = []
        with seeding.kept_rng():  # with 0 workers the model's dropout draws from these same generators
            for index in keys.indices.tolist():
                seeding.seed_sample(keys.seed, keys.epoch, index)
                samples.append(self.dataset[index])
        return samples


def make_loader(
    dataset: Dataset[Any],
    batch_size: int,
    *,
    seed: int,
    shuffle: bool,
    workers: int | None = None,
    device: torch.device | None = None,
    collate: Callable[[list[Any]], Any] = default_collate,
    rank: int = 0,
    world: int = 1,
) -> DataLoader[Any]:
    """A `DataLoader` over a map-style dataset; call `loader.batch_sampler.set_position(epoch)` before each pass.

    `batch_size` counts the samples of all `world` processes together; the one numbered `rank` loads its part of each batch.

    `workers=None` chooses: none for tensors in memory (handing batches between processes costs more than indexing),
    otherwise one a core up to 4 (two to four is what measured best when decoding is the cost).
    Workers are kept between epochs, because starting them again costs up to seconds an epoch where they are spawned;
    host memory is pinned when `device` is a GPU, because only then can the copy overlap the computation.

    Raises UserError for an empty dataset, for a dataset without a length, and for an impossible batch size.
    """
    if not hasattr(dataset, "__len__"):
        raise UserError(f"{type(dataset).__name__} has no length; give a map-style dataset (__len__ and __getitem__)")
    size = len(dataset)
    if size == 0:
        raise UserError(f"{type(dataset).__name__} is empty; give at least one sample")
    if batch_size < 1:
        raise UserError(f"batch_size is {batch_size}; give at least 1")
    if batch_size > size and shuffle:
        raise UserError(f"batch_size is {batch_size}, and there are {size} samples to train on; give at most {size}")
    if batch_size > size:
        note(f"{size} validation samples make one batch shorter than {batch_size}; all of them are evaluated")
    if min(batch_size, size) < world:
        short = f"batch_size is {batch_size}" if batch_size < world else f"{type(dataset).__name__} has {size} samples"
        raise UserError(f"{short} for {world} processes, and each needs at least one; start fewer")
    in_memory = isinstance(dataset, InMemory)
    if workers is None:
        beside = int(os.environ.get("LOCAL_WORLD_SIZE", 1)) if world > 1 else 1  # processes on this machine
        workers = 0 if in_memory else max(1, min(4, _cores() // beside))
    if workers < 0:
        raise UserError(f"workers is {workers}; give 0 (load in this process) or more")
    loader: DataLoader[Any] = DataLoader(
        dataset if in_memory else Keyed(dataset),
        batch_sampler=EpochOrder(size, batch_size, seed, shuffle, rank=rank, world=world),  # type: ignore[arg-type]  # Keys, not lists of ints
        collate_fn=_as_it_is if in_memory else collate,
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=device is not None and device.type == "cuda",
        # A loader draws its workers' base seed at each pass: from a generator of its own, never from the model's.
        generator=torch.Generator().manual_seed(0),
        worker_init_fn=_leave_signals_to_the_parent,
    )
    if workers:
        _loaders.add(loader)
        Finalize(None, end_workers, exitpriority=10)  # atexit would not run in a process that multiprocessing started
    return loader


def _cores() -> int:
    """The cores that this process may use: fewer than the machine has where it was given some of them."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def end_workers() -> None:
    """End every process that loads data, at once. Runs by itself when Python exits, also after an exception.

    Python would tell them to stop once, which they take for a batch system's notice (`_leave_signals_to_the_parent`),
    and then wait for them without end.
    """
    workers = [worker for loader in _loaders for worker in getattr(loader._iterator, "_workers", ())]
    if workers and hasattr(signal, "SIGCHLD"):
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # torch would report each as a failure
    for worker in workers:
        worker.kill()


_loaders: "weakref.WeakSet[DataLoader[Any]]" = weakref.WeakSet()


def first_batch(dataset: Dataset[Any], batch_size: int, seed: int) -> Dataset[Any]:
    """A data set of `batch_size` samples, picked by `seed`: what a loop must be able to learn by heart.

    What `augment` or a random transform makes of them is drawn once, and stays: some tasks make their samples there.
    """
    size = len(dataset)  # type: ignore[arg-type]  # every map-style dataset has a length
    keys = Keys(seed, 0, seeding.permutation(size, seed, 0)[:batch_size])
    if isinstance(dataset, InMemory):
        return InMemory(*dataset.__getitems__(keys))
    return Keyed(dataset).__getitems__(keys)  # type: ignore[return-value]  # a list is a map-style dataset


def order_of(loader: DataLoader[Any]) -> EpochOrder:
    """The loader's sampler, as the type that it is."""
    order = loader.batch_sampler
    if not isinstance(order, EpochOrder):
        raise UserError("this loader was not made by kit.data.make_loader, so its position cannot be set")
    return order


def counted(loader: DataLoader[Any], count: Callable[[Any], int]) -> Iterator[tuple[int, Any]]:
    """Each batch of a pass with `count(batch)`, its number of items: 0 where the batch only stands in for one."""
    order = order_of(loader)
    for number, batch in enumerate(loader, order.first_batch):
        yield count(batch) if order.has_part(number) else 0, batch


def windows(batches: Any, length: int) -> Iterator[list[Any]]:
    """Group batches into accumulation windows of `length`; the last of an epoch holds what is left."""
    window = []
    for batch in batches:
        window.append(batch)
        if len(window) == length:
            yield window
            window = []
    if window:
        yield window


def to_device(batch: Any, device: torch.device) -> Any:
    """The batch with every tensor on `device`; tuples, lists, dicts and named tuples keep their shape.

    From pinned memory the copy is asynchronous: the host goes on while the GPU receives.
    """
    if isinstance(batch, torch.Tensor):
        return batch.to(device, non_blocking=True)
    if isinstance(batch, dict):
        return {key: to_device(value, device) for key, value in batch.items()}
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*(to_device(value, device) for value in batch))
    if isinstance(batch, (list, tuple)):
        return type(batch)(to_device(value, device) for value in batch)
    return batch


def _as_it_is(batch: Any) -> Any:
    return batch


def _leave_signals_to_the_parent(_worker: int) -> None:
    """Ctrl-C reaches the whole process group; a worker that dies of it would break the step the parent is finishing.

    So may the SIGTERM of a batch system, once. A second one is the parent's, which waits for no slow sample at its end.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, _frame: signal.signal(number, signal.SIG_DFL) and None)
