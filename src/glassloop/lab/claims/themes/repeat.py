"""Runs that can be repeated, and the order of samples (c71, c72)."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from glassloop.lab.claims import Figure, Here, Outcome, claim

if TYPE_CHECKING:
    from torch import Tensor


class _Noisy:
    """A data set whose augmentation draws from torch's global generator; importable by workers."""

    def __len__(self) -> int:
        return 64

    def __getitem__(self, index: int) -> Tensor:
        import torch

        return torch.full((4,), float(index)) + torch.rand(4)


def _trained(workers: int = 0, threads: int = 1, extra_draw: bool = False, device: str = "cpu") -> Tensor:
    """Weights after two epochs on shuffled, augmented samples, everything seeded."""
    import torch
    from torch.utils.data import DataLoader

    from glassloop.lab.claims.material import weights

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 512), torch.nn.ReLU(), torch.nn.Linear(512, 512), torch.nn.Linear(512, 1))
    model.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    if extra_draw:
        torch.rand(1)
    loader: Any = DataLoader(_Noisy(), 32, shuffle=True, num_workers=workers)  # type: ignore[arg-type]
    for _ in range(2):
        for batch in loader:
            optimizer.zero_grad()
            model(batch.to(device)).square().mean().backward()
            optimizer.step()
    torch.set_num_threads(1)
    return weights(model)


def _sum_apart() -> float:
    """How much a sum over a million numbers differs between one thread and two."""
    import torch

    numbers, sums = torch.randn(2**20), []
    for threads in (2, 1):
        torch.set_num_threads(threads)
        sums.append(float(numbers.sum()))
    return abs(sums[1] - sums[0])


@claim(
    "c71",
    says="Seed, config and checkpoint rule make a run reproducible, bit for bit",
    source="the chapter",
    published={
        "same machine, one thread, no workers": True,
        "2 workers both times": True,
        "0 workers, then 2": False,
        "1 worker, then 2": False,
        "one random call more before the loop": False,
        "1 thread, then 2: this small network": True,
        "1 thread, then 2: a loss summed over a million numbers": False,
        "on a GPU": None,
    },
    because="""
    Two runs of two epochs with shuffling and a random augmentation. The augmentation's draws come from the
    worker's generator, so the number of workers changes the samples: largest difference of a weight
    {workers:.1g} (0, then 2) and {one_worker:.1g} (1, then 2). One random call more before the loop:
    {extra:.1g}. A second thread changed no bit of this network, but a sum over a million numbers by {sum:.1g}:
    whether threads matter depends on operation and size. Workers and threads belong into the config.
    """,
)
def seed_is_enough(here: Here) -> Outcome:
    """The largest difference of a weight between two runs with the same seed, one condition changed each time."""
    reference = _trained()

    def apart(a: Tensor, b: Tensor) -> float:
        return float((a - b).abs().max())

    extra = apart(_trained(extra_draw=True), reference)
    cases = {
        "same machine, one thread, no workers": apart(_trained(), reference) == 0,
        "one random call more before the loop": extra == 0,
    }
    figures: dict[str, Figure] = {"extra": extra}
    if here.full:  # workers take time to start, and some machines give one core only
        two = _trained(workers=2)
        figures |= {
            "workers": apart(two, reference),
            "one_worker": apart(two, _trained(workers=1)),
            "threads": apart(_trained(threads=2), reference),
            "sum": _sum_apart(),
        }
        cases |= {
            "2 workers both times": apart(_trained(workers=2), two) == 0,
            "0 workers, then 2": figures["workers"] == 0,
            "1 worker, then 2": figures["one_worker"] == 0,
            "1 thread, then 2: this small network": figures["threads"] == 0,
            "1 thread, then 2: a loss summed over a million numbers": figures["sum"] == 0,
        }
    if here.cuda:
        cases["on a GPU"] = apart(_trained(device="cuda"), _trained(device="cuda")) == 0
    return Outcome(cases, figures)


@claim(
    "c72",
    says="Without shuffling the model learns the order and overfits",
    source="the loop post",
    published={
        "sorted by class, spiral, 10 epochs: worse on unseen points": True,
        "sorted by class, digits, 5 epochs: worse on unseen scans": True,
        "sorted by class, spiral, 30 epochs: worse on unseen points": False,
        "sorted by class: better on the training points than on unseen ones": False,
        "mixed once beforehand: worse on unseen points": False,
    },
    because="""
    Accuracy on unseen data, shuffled and in the order of the classes ({seeds} seeds, AdamW): spiral
    {shuffled:.3f} and {sorted:.3f} after 10 epochs, {shuffled_30:.3f} and {sorted_30:.3f} after 30; digits
    {digits:.3f} and {digits_sorted:.3f} after 5. Mixed once and then always in that order: {mixed:.3f} after 10
    epochs. On its own training points the sorted run is no better ({sorted_train:.3f}): that is not
    overfitting; the epoch's last class overwrites the others. A case holds from 0.1 on.
    """,
)
def order_is_learned(here: Here) -> Outcome:
    """Train and validation accuracy with the data sorted by class or mixed once, shuffled each epoch or not."""
    import torch

    from glassloop.lab.claims.material import spiral
    from glassloop.lab.claims.training import Pair, Recipe, digits, fit, network, score

    def accuracy(data: Pair, held_out: Pair, shuffle: bool, epochs: int, lr: float, seed: int) -> tuple[float, float]:
        torch.manual_seed(seed)
        model = network(data[0].shape[1], int(data[1].max()) + 1)
        fit(model, data, Recipe(lr, epochs, shuffle=shuffle), seed)
        return score(model, held_out)[1], score(model, data)[1]

    seeds = 5 if here.full else 1
    reached: dict[str, list[float]] = {}
    scans, unseen_scans = digits()
    by_class = scans[1].argsort(stable=True)
    for seed in range(seeds):
        data, unseen = spiral(seed), spiral(seed + 1000)  # the spiral comes sorted by class
        mixing = torch.randperm(900, generator=torch.Generator().manual_seed(seed))
        mixed = data[0][mixing], data[1][mixing]
        runs = {"shuffled": (data, unseen, True, 10, 1e-2), "sorted": (data, unseen, False, 10, 1e-2)}
        runs["mixed"] = (mixed, unseen, False, 10, 1e-2)
        if here.full:
            sorted_scans = scans[0][by_class], scans[1][by_class]
            runs |= {"shuffled_30": (data, unseen, True, 30, 1e-2), "sorted_30": (data, unseen, False, 30, 1e-2)}
            runs |= {"digits": (scans, unseen_scans, True, 5, 3e-3)}
            runs |= {"digits_sorted": (sorted_scans, unseen_scans, False, 5, 3e-3)}
        for name, run in runs.items():
            held_out, train = accuracy(*run, seed)
            reached.setdefault(name, []).append(held_out)
            reached.setdefault(f"{name}_train", []).append(train)
    mean = {name: statistics.mean(values) for name, values in reached.items()}
    cases = {
        "sorted by class, spiral, 10 epochs: worse on unseen points": mean["sorted"] < mean["shuffled"] - 0.1,
        "sorted by class: better on the training points than on unseen ones": mean["sorted_train"] > mean["sorted"] + 0.1,
        "mixed once beforehand: worse on unseen points": mean["mixed"] < mean["shuffled"] - 0.1,
    }
    if here.full:
        cases |= {
            "sorted by class, spiral, 30 epochs: worse on unseen points": mean["sorted_30"] < mean["shuffled_30"] - 0.1,
            "sorted by class, digits, 5 epochs: worse on unseen scans": mean["digits_sorted"] < mean["digits"] - 0.1,
        }
    return Outcome(cases, {"seeds": seeds, **mean})
