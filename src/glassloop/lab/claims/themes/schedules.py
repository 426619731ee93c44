"""Learning rates over time: cosine, constant, warm-up, plateau, and which rate a history records (c43 to c47)."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable

from glassloop.lab.claims import Figure, Here, Outcome, claim


def _rates(make: Callable[..., object], steps: int) -> list[float]:
    """The rate used at each of `steps` steps from 1.0 on, the scheduler stepped after each."""
    import torch

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler, used = make(optimizer), []
    for _ in range(steps):
        used.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()  # type: ignore[attr-defined]
    return used


@claim(
    "c43",
    says="CosineAnnealingLR takes the rate from its first value to zero",
    source="the lesson",
    published={
        "after T_max steps": True,
        "in the last epoch that trains (T_max epochs)": False,
        "stepped on past T_max": False,
        "with eta_min": False,
    },
    because="""
    With T_max=10 the rate after ten steps is {after:.1g}, but the tenth and last epoch trains at {last:.1%} of
    the first rate: nothing trains at zero. Stepped further it climbs back: {half:.0%} at step 15, {full:.0%} at
    step 20. With eta_min it ends there.
    """,
)
def cosine_ends_at_zero(here: Here) -> Outcome:
    """The rate used at each of 21 epochs with T_max=10, with eta_min 0 and 0.1."""
    from torch.optim.lr_scheduler import CosineAnnealingLR

    used = _rates(lambda optimizer: CosineAnnealingLR(optimizer, T_max=10), 21)
    floored = _rates(lambda optimizer: CosineAnnealingLR(optimizer, T_max=10, eta_min=0.1), 11)
    return Outcome(
        cases={
            "after T_max steps": used[0] == 1 and abs(used[10]) < 1e-9,
            "in the last epoch that trains (T_max epochs)": used[9] < 1e-3,
            "stepped on past T_max": max(used[11:]) < 1e-3,
            "with eta_min": abs(floored[10]) < 1e-3,
        },
        figures={"after": used[10], "last": used[9], "half": used[15], "full": used[20], "floored": floored[10]},
    )


def _words(rates: list[float]) -> str:
    return ", ".join(f"{rate:.3g}" for rate in rates)


def _best(task: str, optimizer: str, epochs: int, cosine: bool, seeds: int) -> tuple[float, float]:
    """The best of five rates on unseen data: its mean cross-entropy over the seeds, and that rate."""
    import torch

    from glassloop.lab.claims.material import spiral
    from glassloop.lab.claims.training import Recipe, digits, fit, network, score

    found = []
    for lr in (0.1, 0.3, 0.5, 1.0, 2.0) if optimizer == "SGD" else (3e-3, 1e-2, 3e-2, 6e-2, 0.1):
        losses = []
        for seed in range(seeds):
            torch.manual_seed(seed)
            model = network() if task == "spiral" else network(64, 10)
            data, held_out = (spiral(seed), spiral(seed + 100)) if task == "spiral" else digits(512)
            total = epochs * math.ceil(len(data[0]) / 64)

            def rate(step: int, total: int = total) -> float:
                return (1 + math.cos(math.pi * step / total)) / 2 if cosine else 1.0

            fit(model, data, Recipe(lr, epochs, 64, optimizer, rate=rate), seed)
            losses.append(score(model, held_out)[0])
        found.append((statistics.mean(losses), lr))
    return min(found)


@claim(
    "c44",
    says="A constant rate is rarely the best",
    source="the lesson",
    published={
        "spiral, SGD, 5 epochs": True,
        "spiral, SGD, 30 epochs": True,
        "spiral, AdamW, 5 epochs": False,
        "spiral, AdamW, 30 epochs": False,
        "digits, SGD, 5 epochs": True,
        "digits, SGD, 30 epochs": False,
        "digits, AdamW, 5 epochs": False,
        "digits, AdamW, 30 epochs": False,
    },
    because="""
    Cross-entropy on unseen data at the best constant rate of five, and at the best cosine of five (same steps,
    mean of 5 seeds). SGD: spiral {spiral_SGD_5} after 5 epochs and {spiral_SGD_30} after 30, digits
    {digits_SGD_5} and {digits_SGD_30}. AdamW: spiral {spiral_AdamW_5} and {spiral_AdamW_30}, digits
    {digits_AdamW_5} and {digits_AdamW_30}. The schedule pays where it allows a rate that is too high to stay at
    (SGD, short budgets); for AdamW on these small tasks a constant rate did as well. A case holds where cosine
    is at least 10 % lower.
    """,
)
def constant_is_not_best(here: Here) -> Outcome:
    """Best constant rate of five against best cosine of five, same steps, 5 seeds: validation loss 10 % lower or not."""
    cases: dict[str, bool] = {}
    figures: dict[str, Figure] = {}
    settings = list(itertools.product(("spiral", "digits"), ("SGD", "AdamW"), (5, 30)))
    for task, optimizer, epochs in settings if here.full else [("digits", "SGD", 5)]:
        seeds = 5 if here.full else 1
        constant, rate = _best(task, optimizer, epochs, False, seeds)
        cosine, cosine_rate = _best(task, optimizer, epochs, True, seeds)
        cases[f"{task}, {optimizer}, {epochs} epochs"] = cosine < 0.9 * constant
        figures[f"{task}_{optimizer}_{epochs}"] = f"{constant:.3f} against {cosine:.3f}"
        figures[f"{task}_{optimizer}_{epochs}_rates"] = [rate, cosine_rate]
    return Outcome(cases, figures)


@claim(
    "c46",
    says="Plateau and OneCycle are alternatives to drop in where a cosine schedule is stepped once an epoch",
    source="the lesson, the article",
    published={
        "ReduceLROnPlateau, stepped without a metric": False,
        "ReduceLROnPlateau, given the validation loss": True,
        "OneCycleLR made for all steps, stepped once an epoch": False,
        "OneCycleLR made for the epochs, stepped once an epoch": True,
    },
    because="""
    scheduler.step() without a metric raises {error}; given a loss that stands still, Plateau lowers the rate. A
    OneCycleLR made for 10 epochs of 20 batches, as its documentation counts, uses {share:.0%} of its length
    when it is stepped once an epoch: the rate ends at {end:.0%} of its peak, still warming up. Made with
    total_steps=epochs it ends near zero. Stepped in the batch loop after it was made for the epochs it raises
    {too_far}.
    """,
)
def alternatives_drop_in(here: Here) -> Outcome:
    """Each scheduler in the place of a cosine that is stepped once an epoch with no argument; 10 epochs of 20 batches."""
    import torch
    from torch.optim.lr_scheduler import OneCycleLR, ReduceLROnPlateau

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    plateau, error = ReduceLROnPlateau(optimizer, patience=1), ""
    try:
        plateau.step()  # type: ignore[call-arg]
    except TypeError as problem:
        error = type(problem).__name__
    for _ in range(5):
        optimizer.step()
        plateau.step(1.0)
    lowered = optimizer.param_groups[0]["lr"] < 1

    by_steps = _rates(lambda optimizer: OneCycleLR(optimizer, 1.0, epochs=10, steps_per_epoch=20), 10)
    by_epochs = _rates(lambda optimizer: OneCycleLR(optimizer, 1.0, total_steps=10), 9)
    too_far = ""
    try:
        _rates(lambda optimizer: OneCycleLR(optimizer, 1.0, total_steps=10), 20)
    except ValueError as problem:
        too_far = type(problem).__name__
    return Outcome(
        cases={
            "ReduceLROnPlateau, stepped without a metric": not error,
            "ReduceLROnPlateau, given the validation loss": lowered,
            "OneCycleLR made for all steps, stepped once an epoch": by_steps[-1] < 0.1 and max(by_steps) > 0.9,
            "OneCycleLR made for the epochs, stepped once an epoch": by_epochs[-1] < 0.2 and max(by_epochs) > 0.9,
        },
        figures={"error": error, "share": 10 / 200, "end": by_steps[-1], "end_by_epochs": by_epochs[-1], "too_far": too_far},
    )


@claim(
    "c47",
    says="The rate in the history is the one that the epoch trained at",
    source="the lesson (listing)",
    published={"recorded after scheduler.step(), as the listing does": False},
    because="""
    Read after the scheduler has stepped it is the next epoch's: {recorded} stand where {used} were used. Read
    before the step, it is right.
    """,
)
def recorded_rate_is_the_used_one(here: Here) -> Outcome:
    """Four epochs, cosine with T_max=4: the rate used, and the rate read at the epoch's end before and after stepping."""
    import torch
    from torch.optim.lr_scheduler import CosineAnnealingLR

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.01)
    scheduler = CosineAnnealingLR(optimizer, T_max=4)
    used, before, after = [], [], []
    for _ in range(4):
        used.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        before.append(scheduler.get_last_lr()[0])
        scheduler.step()
        after.append(optimizer.param_groups[0]["lr"])
    assert before == used, "read before the step it is the rate used"
    return Outcome(
        cases={"recorded after scheduler.step(), as the listing does": after == used},
        figures={"used": _words(used), "recorded": _words(after)},
    )


def _transformer(norm_first: bool, optimizer: str, lr: float, warm_up: bool, cosine: bool, seeds: int = 3) -> list[float]:
    """Loss over the last 16 of 160 steps of 32 of 512 digits, each seed; linear warm-up over 40 steps; NaN: diverged."""
    import torch

    from glassloop.lab.claims.training import Reader, Recipe, digits, fit

    def rate(step: int) -> float:
        rising = min(1.0, (step + 1) / 40) if warm_up else 1.0
        return rising * ((1 + math.cos(math.pi * step / 160)) / 2 if cosine else 1.0)

    ends = []
    for seed in range(seeds):
        torch.manual_seed(seed)
        losses = fit(Reader(norm_first), digits(512)[0], Recipe(lr, 10, 32, optimizer, rate=rate), seed)
        ends.append(sum(losses[-16:]) / 16)
    return ends


@claim(
    "c45",
    says="Linear warm-up stabilises training; warm-up and then cosine is the recipe for transformers",
    source="the article, the lesson",
    published={
        "post-norm, AdamW at a high rate (0.03)": True,
        "post-norm, SGD at a high rate (1.0)": True,
        "post-norm, AdamW at a moderate rate (0.003)": False,
        "pre-norm, AdamW at a moderate rate (0.003)": False,
        "pre-norm, AdamW at a high rate (0.03)": False,
    },
    because="""
    Mean loss at the end of 160 steps (3 seeds) with a constant rate, with warm-up, with warm-up then cosine,
    with cosine alone (n: a seed diverged to NaN). Post-norm AdamW 0.03: {post_high}; post-norm SGD 1.0:
    {post_sgd}; post-norm AdamW 0.003: {post_low}; pre-norm AdamW 0.003: {pre_low}; pre-norm AdamW 0.03:
    {pre_high}. Warm-up decides where the rate is so high that a post-norm transformer does not start; at a
    moderate rate, or with pre-norm, it costs steps and stabilises nothing. The case holds where warm-up before
    cosine at least halves the loss of cosine alone.
    """,
)
def warm_up_stabilises(here: Here) -> Outcome:
    """A two-layer transformer, five settings, four schedules, 3 seeds; a quick run tries two of them once (1.5 times)."""
    if not here.full:
        (with_it,), (without,) = (_transformer(False, "AdamW", 0.03, warm_up, True, 1) for warm_up in (True, False))
        return Outcome({"post-norm, AdamW at a high rate (0.03)": not without <= 1.5 * with_it})
    settings = {
        "post-norm, AdamW at a high rate (0.03)": ("post_high", False, "AdamW", 0.03),
        "post-norm, SGD at a high rate (1.0)": ("post_sgd", False, "SGD", 1.0),
        "post-norm, AdamW at a moderate rate (0.003)": ("post_low", False, "AdamW", 0.003),
        "pre-norm, AdamW at a moderate rate (0.003)": ("pre_low", True, "AdamW", 0.003),
        "pre-norm, AdamW at a high rate (0.03)": ("pre_high", True, "AdamW", 0.03),
    }
    cases: dict[str, bool] = {}
    figures: dict[str, Figure] = {}
    for case, (name, norm_first, optimizer, lr) in settings.items():
        ends = [
            statistics.mean(_transformer(norm_first, optimizer, lr, *how))
            for how in ((False, False), (True, False), (True, True), (False, True))
        ]
        cases[case] = math.isfinite(ends[2]) and not ends[3] <= 2 * ends[2]
        figures[name] = ", ".join("n" if math.isnan(end) else f"{end:.2f}" for end in ends)
    return Outcome(cases, figures)
