"""The claim that the classic mistakes of placement raise nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glassloop.lab.claims import Here, Outcome, claim

if TYPE_CHECKING:
    from collections.abc import Callable


@claim(
    "c11",
    says="The classic mistakes of placement raise no exception",
    source="the essay",
    published={
        "model.half() after the optimizer": True,
        "zero_grad after backward": True,
        "zero_grad missing": True,
        "clip before backward": True,
        "clip after step": True,
        "scheduler.step() in the batch loop": True,
        "train() forgotten": True,
        "validation without no_grad": True,
        "loss summed without .item()": True,
        "model.double() after Adam has stepped": False,
        "OneCycleLR stepped beyond its length": False,
    },
    because="""
    Each was run for two epochs of the spiral (AdamW) with warnings made errors: {silent} of {tried} raise nothing and
    warn of nothing. Two near relatives are loud: {adam_says} for a model converted after Adam has stepped, and
    {cycle_says} for a schedule that knows its length and is stepped beyond it.
    """,
)
def c11(here: Here) -> Outcome:
    """Run each mistake under warnings made errors and catch what comes."""
    from glassloop.lab.claims.material import train

    def order(words: str) -> Callable[[], object]:
        return lambda: train(words, epochs=2)

    mistakes: dict[str, Callable[[], object]] = {
        "model.half() after the optimizer": lambda: _loop(convert=lambda model: model.bfloat16().float().half().float()),
        "zero_grad after backward": order("forward backward zero step"),
        "zero_grad missing": order("forward backward step"),
        "clip before backward": order("zero forward clip backward step"),
        "clip after step": order("zero forward backward step clip"),
        "scheduler.step() in the batch loop": lambda: _loop(schedule="cosine"),
        "train() forgotten": lambda: train(epochs=2, prepare=lambda model, epoch: model.train(epoch == 0)),
        "validation without no_grad": lambda: _loop(validate=True),
        "loss summed without .item()": lambda: _loop(keep=True),
        "model.double() after Adam has stepped": lambda: _loop(convert=lambda model: model.double(), convert_at=3),
        "OneCycleLR stepped beyond its length": lambda: _loop(schedule="one cycle"),
    }
    raised = {name: _raised(run) for name, run in mistakes.items()}
    loud = ("model.double() after Adam has stepped", "OneCycleLR stepped beyond its length")
    return Outcome(
        cases={name: not error for name, error in raised.items()},
        figures={
            "tried": len(mistakes) - len(loud),
            "silent": sum(not error for name, error in raised.items() if name not in loud),
            "adam_says": raised[loud[0]],
            "cycle_says": raised[loud[1]],
        },
    )


def _raised(run: Callable[[], object]) -> str:
    """The type of what a run raises, warnings included; empty where it raises nothing."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            run()
        except Exception as error:
            return type(error).__name__
    return ""


def _loop(
    convert: Callable[[Any], object] = lambda model: None,
    convert_at: int = 0,
    schedule: str = "",
    validate: bool = False,
    keep: bool = False,
) -> None:
    """Two epochs with one of the mistakes in them; a schedule is stepped after each batch."""
    import torch
    from torch.nn.functional import cross_entropy

    from glassloop.lab.claims.material import batches, mlp, spiral

    x, y = spiral(0)
    model = mlp()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    makers: dict[str, Callable[[], Any]] = {
        "cosine": lambda: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 2),
        "one cycle": lambda: torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, total_steps=20),
    }
    scheduler = makers[schedule]() if schedule else None
    total: Any = 0.0
    for number, (bx, by) in enumerate([batch for epoch in range(2) for batch in batches(x, y, epoch)]):
        if number == convert_at:
            convert(model)
        dtype = next(model.parameters()).dtype
        optimizer.zero_grad()
        loss = cross_entropy(model(bx.to(dtype)), by)
        loss.backward()
        optimizer.step()
        if keep:
            total = total + loss
        if scheduler:
            scheduler.step()
        if validate:
            total = float(total) + cross_entropy(model(bx), by).item()
