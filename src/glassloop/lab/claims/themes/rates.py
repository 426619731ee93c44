"""The claim about a schedule that is stepped in the batch loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glassloop.lab.claims import Here, Outcome, claim

if TYPE_CHECKING:
    from collections.abc import Callable

BATCHES = 10


@claim(
    "c05",
    says="scheduler.step() in the batch loop makes the rate decay len(loader) times too fast",
    source="the essay",
    published={
        "StepLR(30)": True,
        "ExponentialLR(0.9)": True,
        "ReduceLROnPlateau on a flat loss": True,
        "CosineAnnealingLR(T_max=100)": False,
        "OneCycleLR counted in batches": False,
    },
    because="""
    True of schedules that only fall: with {batches} batches an epoch StepLR(30) reaches after epoch 3 what it should
    reach after epoch 30 (with 938 batches it is at {step_938:.0e} after one epoch). A cosine does not just decay:
    stepped per batch with T_max=100 it goes down and up again every {cosine_period} epochs, back at {cosine_top:.0%} of
    the first rate. A schedule whose length is counted in batches is right there, and wrong once an epoch: OneCycleLR
    then ends after 100 epochs at {one_cycle_epoch:.0%} of its largest rate, {one_cycle_used:.0%} of its steps used.
    """,
)
def c05(here: Here) -> Outcome:
    """The rate at the end of each of 100 epochs, stepped once an epoch and once a batch."""
    from torch.optim import lr_scheduler as s

    flat: tuple[float, ...] = (1.0,)
    schedules: dict[str, tuple[Callable[[Any], Any], tuple[float, ...]]] = {
        "StepLR(30)": (lambda o: s.StepLR(o, 30), ()),
        "ExponentialLR(0.9)": (lambda o: s.ExponentialLR(o, 0.9), ()),
        "ReduceLROnPlateau on a flat loss": (lambda o: s.ReduceLROnPlateau(o), flat),
        "CosineAnnealingLR(T_max=100)": (lambda o: s.CosineAnnealingLR(o, 100), ()),
        "OneCycleLR counted in batches": (lambda o: s.OneCycleLR(o, 1.0, total_steps=100 * BATCHES), ()),
    }
    cases, per_batch, per_epoch = {}, {}, {}
    for name, (make, words) in schedules.items():
        per_batch[name] = _rates(make, words, epochs=100, calls=BATCHES)
        per_epoch[name] = _rates(make, words, epochs=100, calls=1)
        # Too fast by that factor: epoch e stepped per batch stands where epoch e * BATCHES should.
        fast = per_batch[name][:10]
        slow = [per_epoch[name][(epoch + 1) * BATCHES - 1] for epoch in range(10)]
        falls = all(a >= b - 1e-12 for a, b in zip(per_batch[name], per_batch[name][1:], strict=False))
        cases[name] = falls and all(abs(a - b) <= 1e-9 + 1e-6 * b for a, b in zip(fast, slow, strict=True))
    cosine = per_batch["CosineAnnealingLR(T_max=100)"]
    tops = [epoch + 1 for epoch, rate in enumerate(cosine) if rate > 0.999]
    one_cycle = per_epoch["OneCycleLR counted in batches"]
    return Outcome(
        cases,
        {
            "batches": BATCHES,
            "step_938": _rates(lambda o: s.StepLR(o, 30), (), epochs=1, calls=938)[-1],
            "cosine_period": tops[0],
            "cosine_top": cosine[tops[0] - 1],
            "one_cycle_epoch": one_cycle[-1],
            "one_cycle_used": 100 / (100 * BATCHES),
        },
    )


def _rates(make: Callable[[Any], Any], words: tuple[float, ...], epochs: int, calls: int) -> list[float]:
    """The rate after each epoch of `calls` scheduler steps, from a first rate of 1."""
    import torch

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimizer)
    optimizer.step()
    rates = []
    for _ in range(epochs):
        for _ in range(calls):
            if getattr(scheduler, "last_epoch", 0) < getattr(scheduler, "total_steps", float("inf")) - 1:
                scheduler.step(*words)
        rates.append(optimizer.param_groups[0]["lr"])
    return rates
