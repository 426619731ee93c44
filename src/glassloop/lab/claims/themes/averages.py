"""How a loss is averaged over batches of unequal size (c53, c54)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glassloop.lab.claims import Figure, Here, Outcome, claim

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor


def _batched(data: tuple[Tensor, Tensor], size: int, loss: Callable[[Tensor, Tensor], Tensor], weigh: bool) -> float:
    """Mean loss over batches of `size`, each batch weighed by its samples, or all alike."""
    import torch

    parts = list(zip(torch.split(data[0], size), torch.split(data[1], size), strict=True))
    losses = [float(loss(logits, targets)) * (len(logits) if weigh else 1) for logits, targets in parts]
    return sum(losses) / (len(data[0]) if weigh else len(parts))


@claim(
    "c53",
    says="Weighting each batch's loss by its size gives the mean loss of the data set",
    source="the lesson (evaluate)",
    published={
        "plain mean": True,
        "class weights": False,
        "ignored targets": False,
        "class weights, divided by the sum of the weights": True,
    },
    because="""
    130 samples in batches of 64 and 128. A plain mean comes out exactly: {plain} against {plain_full:.5f}. With
    class weights the loss divides by the weights in the batch, not by its samples: {weighted} against
    {weighted_full:.5f} in one pass; with ignore_index by the targets that count: {ignored} against
    {ignored_full:.5f}. Sum with reduction='sum' and divide by the same total once: exact.
    """,
)
def batches_weighed_by_size(here: Here) -> Outcome:
    """130 logits of 3 classes in batches of 64 and 128 against one full pass: plain, class weights, ignored targets."""
    import torch
    import torch.nn.functional as F

    logits, targets = torch.randn(130, 3), torch.randint(0, 3, (130,))
    weights = torch.tensor([1.0, 2.0, 10.0])
    some = torch.where(torch.arange(130) > 90, -100, targets)
    some[-1] = targets[-1]  # a batch in which all are ignored would give NaN: 0 / 0

    def weighted(x: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(x, y, weights)

    figures: dict[str, Figure] = {}
    cases: dict[str, bool] = {}
    for case, name, loss, labels in (
        ("plain mean", "plain", F.cross_entropy, targets),
        ("class weights", "weighted", weighted, targets),
        ("ignored targets", "ignored", F.cross_entropy, some),
    ):
        full = float(loss(logits, labels))
        batched = [_batched((logits, labels), size, loss, True) for size in (64, 128)]
        figures[name], figures[f"{name}_full"] = " and ".join(f"{value:.5f}" for value in batched), full
        cases[case] = all(abs(value - full) < 1e-5 for value in batched)
    parts = zip(torch.split(logits, 64), torch.split(targets, 64), strict=True)
    summed = sum((F.cross_entropy(x, y, weights, reduction="sum") for x, y in parts), torch.zeros(()))
    exact = float(summed / weights[targets].sum())
    cases["class weights, divided by the sum of the weights"] = abs(exact - float(weighted(logits, targets))) < 1e-5
    return Outcome(cases, figures)


@claim(
    "c54",
    says="The mean of the batches' losses is the epoch's average loss",
    source="the loop post",
    published={
        "batches of equal size, weights that stay": True,
        "short last batch of unlike samples (130 by 64)": False,
        "10,000 samples by 32, mixed": True,
        "weights that move (a training epoch)": False,
    },
    because="""
    130 samples by 64, the last two unlike the rest: {short:.3f} against {short_full:.3f}, because two samples
    weigh a third. In the post's own case (10,000 by 32) the last batch of 16 hardly counts: {own:.4f} against
    {own_full:.4f}. In training it is also a mean over weights that moved: {moving:.3f} where the model at the
    epoch's end has {ended:.3f} on the same data (spiral, first epoch).
    """,
)
def mean_of_means(here: Here) -> Outcome:
    """Mean of batch means against the mean over samples; the mean over a training epoch against the loss at its end."""
    import torch
    import torch.nn.functional as F

    from glassloop.lab.claims.material import mlp, spiral
    from glassloop.lab.claims.training import Recipe, fit, score

    def means(count: int, size: int, spread: float = 1.0) -> tuple[float, float]:
        logits, targets = torch.randn(count, 3), torch.randint(0, 3, (count,))
        logits[-(count % size) :] *= spread
        return _batched((logits, targets), size, F.cross_entropy, False), float(F.cross_entropy(logits, targets))

    even, even_full = means(128, 64)
    short, short_full = means(130, 64, spread=4.0)
    own, own_full = means(10_000, 32)
    torch.manual_seed(0)
    model, data = mlp(), spiral(0)
    losses = fit(model, data, Recipe(1e-2, 1, 90), 0)  # 10 batches of 90: sizes are not what differs
    moving, ended = sum(losses) / len(losses), score(model, data)[0]
    return Outcome(
        cases={
            "batches of equal size, weights that stay": abs(even - even_full) < 1e-5,
            "short last batch of unlike samples (130 by 64)": abs(short - short_full) < 0.01 * short_full,
            "10,000 samples by 32, mixed": abs(own - own_full) < 0.01 * own_full,
            "weights that move (a training epoch)": abs(moving - ended) < 0.01 * ended,
        },
        figures={
            "short": short,
            "short_full": short_full,
            "own": own,
            "own_full": own_full,
            "moving": moving,
            "ended": ended,
        },
    )
