"""Claims about a forgotten model.train() after validation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glassloop.lab.claims import Here, Outcome, claim

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn


@claim(
    "c06",
    says="Without train() after eval() another model is trained, in silence",
    source="the essay, the loop post, the lesson",
    published={"with dropout": True, "with batch-norm": True, "with neither": False},
    because="""
    {epochs} epochs of the spiral, validated before each but the first, with and without going back to training mode,
    warnings made errors: nothing was raised. With dropout or batch-norm the final weights differ (by {dropout:.2g} and
    {batch_norm:.2g}, largest entry); without a layer that knows the mode they are bit-equal. Whether the result is
    worse is another question (c49).
    """,
)
def c06(here: Here) -> Outcome:
    """Final weights with and without the call, for three networks."""
    import warnings

    from torch import nn

    from glassloop.lab.claims.material import same, train

    warnings.simplefilter("error")
    epochs = 5 if here.full else 2
    extras: dict[str, Callable[[], list[nn.Module]]] = {
        "with dropout": lambda: [nn.Dropout(0.3)],
        "with batch-norm": lambda: [nn.BatchNorm1d(64)],
        "with neither": list,
    }
    cases, gaps = {}, {}
    for name, extra in extras.items():
        right = train(epochs=epochs, extra=extra).end
        forgot = train(epochs=epochs, extra=extra, prepare=_validated).end
        cases[name] = not same(right, forgot)
        gaps[name] = float((right - forgot).abs().max())
    return Outcome(cases, {"epochs": epochs, "dropout": gaps["with dropout"], "batch_norm": gaps["with batch-norm"]})


def _validated(model: nn.Module, epoch: int) -> None:
    """As a validation after the first epoch leaves the model that nobody puts back."""
    model.train(epoch == 0)


@claim(
    "c07",
    says="Training on in evaluation mode freezes batch-norm",
    source="the essay",
    published={"running mean and variance": True, "weight and bias": False},
    because="""
    One AdamW step in evaluation mode: the running statistics are unchanged, bit for bit, and go on to be used; weight
    and bias moved (by {moved:.2g}, largest entry). Frozen is only what no gradient reaches.
    """,
)
def c07(here: Here) -> Outcome:
    """Statistics and affine parameters before and after a step in evaluation mode."""
    import torch
    from torch import nn

    model = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3)).eval()
    norm = model[1]
    statistics, affine = ["running_mean", "running_var"], ["weight", "bias"]
    before = {name: getattr(norm, name).detach().clone() for name in statistics + affine}
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    nn.functional.cross_entropy(model(torch.randn(32, 2)), torch.randint(3, (32,))).backward()
    optimizer.step()
    moved = {name: float((getattr(norm, name) - old).detach().abs().max()) for name, old in before.items()}
    return Outcome(
        cases={
            "running mean and variance": not any(moved[name] for name in statistics),
            "weight and bias": not any(moved[name] for name in affine),
        },
        figures={"moved": max(moved[name] for name in affine)},
    )
