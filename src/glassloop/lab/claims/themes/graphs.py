"""Claims about walking a graph: when it is freed, when it may be walked again, what a loss tensor is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glassloop.lab.claims import Here, Outcome, claim

if TYPE_CHECKING:
    from collections.abc import Callable


def _fails(work: Callable[[], object]) -> bool:
    """Whether the call raises a RuntimeError, as a graph that was freed does."""
    try:
        work()
    except RuntimeError:
        return True
    return False


@claim(
    "c23",
    says="Gradient accumulation needs retain_graph=True",
    source="the loop post",
    published={"to run at all": False, "to give the large batch's gradient": False},
    because="""
    Each micro-batch has its own forward, so its own graph: four of them run without the flag, and the sum of gradients
    equals the large batch's within {gap:.1e}. Several backwards that share one forward are another matter (c24): there
    the second is refused: {shared}.
    """,
)
def c23(here: Here) -> Outcome:
    """Four micro-batches against one batch; then one forward with a backward for each quarter of its loss."""
    import torch
    from torch.nn.functional import cross_entropy

    from glassloop.lab.claims.material import mlp, spiral

    x, y = spiral(0)
    index = torch.randperm(len(x))[:64]
    x, y = x[index], y[index]
    model = mlp()
    large = torch.autograd.grad(cross_entropy(model(x), y), list(model.parameters()))

    def accumulate() -> None:
        for bx, by in zip(x.chunk(4), y.chunk(4), strict=True):
            (cross_entropy(model(bx), by) / 4).backward()

    def share() -> None:
        losses = cross_entropy(model(x), y, reduction="none")
        for part in losses.chunk(4):
            part.mean().backward()

    refused = _fails(accumulate)
    gap = max(float((p.grad - g).abs().max()) for p, g in zip(model.parameters(), large, strict=True) if p.grad is not None)
    cases = {"to run at all": refused, "to give the large batch's gradient": gap > 1e-6}
    return Outcome(cases, {"gap": gap, "shared": _fails(share)})


@claim(
    "c24",
    says="Several losses need retain_graph=True",
    source="the article",
    published={
        "a backward each, through one forward": True,
        "one backward of their sum": False,
        "a forward and a backward each": False,
    },
    because="""
    Two losses on one trunk. Only separate backwards through the same forward are refused; the sum's one backward gives
    the same gradients (within {gap:.1e} of the two with the flag) and keeps nothing.
    """,
)
def c24(here: Here) -> Outcome:
    """Three ways to get the gradients of two losses, without the flag."""
    import torch
    from torch import nn

    trunk = nn.Sequential(nn.Linear(4, 8), nn.Tanh())
    heads = [nn.Linear(8, 1), nn.Linear(8, 1)]
    x = torch.randn(16, 4)

    def losses(features: torch.Tensor) -> list[torch.Tensor]:
        return [head(features).pow(2).mean() for head in heads]

    def backward(loss: torch.Tensor, keep: bool = False) -> None:
        loss.backward(retain_graph=keep)

    def gradient(work: Callable[[], object]) -> torch.Tensor:
        trunk.zero_grad()
        work()
        grad = next(trunk.parameters()).grad
        assert grad is not None
        return grad.clone()

    def each(keep: bool) -> None:
        for loss in losses(trunk(x)):
            backward(loss, keep)

    def again() -> None:
        for number in range(2):
            backward(losses(trunk(x))[number])

    flagged = gradient(lambda: each(keep=True))
    summed = gradient(lambda: backward(sum(losses(trunk(x)), torch.zeros(()))))
    return Outcome(
        cases={
            "a backward each, through one forward": _fails(lambda: each(keep=False)),
            "one backward of their sum": _fails(lambda: backward(sum(losses(trunk(x)), torch.zeros(())))),
            "a forward and a backward each": _fails(again),
        },
        figures={"gap": float((flagged - summed).abs().max())},
    )


@claim(
    "c25",
    says="A graph cannot be walked twice",
    source="the loop post",
    published={
        "a graph that saved tensors (exp)": True,
        "a graph that saved none (sum)": False,
        "with retain_graph=True": False,
    },
    because="""
    What backward frees is what operations saved. Where one saved something the second walk raises RuntimeError; a graph
    of sum() alone has saved nothing and is walked twice in silence, its gradient added twice ({twice:.0f} instead of
    1).
    """,
)
def c25(here: Here) -> Outcome:
    """A second backward on three graphs."""
    import torch

    def twice(x: torch.Tensor, loss: torch.Tensor, keep: bool = False) -> torch.Tensor | None:
        loss.backward(retain_graph=keep)
        loss.backward()
        return x.grad

    x = torch.ones(3, requires_grad=True)
    saved = _fails(lambda: twice(x, x.exp().sum()))
    kept = _fails(lambda: twice(x, x.exp().sum(), keep=True))
    x.grad = None
    bare = _fails(lambda: twice(x, x.sum()))
    return Outcome(
        cases={
            "a graph that saved tensors (exp)": saved,
            "a graph that saved none (sum)": bare,
            "with retain_graph=True": kept,
        },
        figures={"twice": 0.0 if x.grad is None else float(x.grad[0])},
    )


@claim(
    "c27",
    says="A loss tensor cannot be added to a float, so .item() is needed",
    source="the loop post",
    published={"0.0 + loss": False, "total += loss": False, "math.fsum of losses": False},
    because="""
    It can: the sum is a {kind} with a grad_fn ({node}), and that is the real reason for .item(): the sum holds the
    graphs (c08, c10).
    """,
)
def c27(here: Here) -> Outcome:
    """Add, and look at what comes out."""
    import math

    import torch

    loss = torch.nn.functional.mse_loss(torch.nn.Linear(2, 1)(torch.randn(4, 2)), torch.zeros(4, 1))
    total = 0.0 + loss
    more: float | torch.Tensor = 0.0

    def accumulate() -> None:
        nonlocal more
        more += loss

    def refused(work: Callable[[], object]) -> bool:
        try:
            work()
        except TypeError:
            return True
        return False

    return Outcome(
        cases={
            "0.0 + loss": refused(lambda: 0.0 + loss),
            "total += loss": refused(accumulate),
            "math.fsum of losses": refused(lambda: math.fsum([loss.detach()])),
        },
        figures={"kind": type(total).__name__, "node": type(total.grad_fn).__name__},
    )
