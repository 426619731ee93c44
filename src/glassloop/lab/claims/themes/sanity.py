"""The five lines of a step, and what a loss shows (c64 to c68)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from glassloop.lab.claims import Here, Outcome, claim

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


def _five_lines(
    model: nn.Module, optimizer: torch.optim.Optimizer, loss_of: Callable[[], Tensor], factor: float = 1.0
) -> float:
    """Clear, forward, loss, backward, step; `factor` scales the loss as a scaler does. Gives the loss."""
    optimizer.zero_grad()
    loss = loss_of()
    (loss * factor).backward()  # type: ignore[no-untyped-call]  # torch gives it no types
    optimizer.step()
    return loss.item()


@claim(
    "c64",
    says="Every training step is the same five lines: clear, forward, loss, backward, step",
    source="the lesson",
    published={
        "SGD, AdamW": True,
        "two networks against each other (GAN), each its own five lines": True,
        "LBFGS": False,
        "a gradient scaler": False,
        "gradients of four batches for one step": False,
    },
    because="""
    LBFGS wants a closure: step() alone raises {lbfgs}. With a scaler the loss is scaled and scaler.step takes
    the place of optimizer.step: the plain five lines on a scaled loss make SGD's update {scaled:,.0f} times too
    large. Accumulation clears and steps every fourth time: the five lines each time give an update that is
    {accumulated:.0%} off the large batch's. A GAN's generator leaves gradients in the critic, but the critic's
    own five lines clear them first.
    """,
)
def five_lines_are_enough(here: Here) -> Outcome:
    """The five lines with five kinds of step, compared with the step they should make."""
    import torch
    import torch.nn.functional as F
    from torch import nn

    from glassloop.lab.claims.material import weights

    def fresh(make: Callable[..., torch.optim.Optimizer], **settings: Any) -> tuple[nn.Module, torch.optim.Optimizer]:
        torch.manual_seed(0)
        model = nn.Linear(4, 3)
        return model, make(model.parameters(), **settings)

    x, y = torch.randn(64, 4), torch.randint(0, 3, (64,))

    def update(factor: float = 1.0, parts: int = 1, make: Any = torch.optim.SGD) -> Tensor:
        model, optimizer = fresh(make, lr=0.1)
        before = weights(model)
        for xs, ys in zip(x.chunk(parts), y.chunk(parts), strict=True):
            _five_lines(model, optimizer, lambda xs=xs, ys=ys: F.cross_entropy(model(xs), ys), factor)  # type: ignore[misc]
        return weights(model) - before

    plain, four = update(), update(parts=4)
    learns = all(float(update(make=make).norm()) > 0 for make in (torch.optim.SGD, torch.optim.AdamW))
    lbfgs = ""
    try:
        model, optimizer = fresh(torch.optim.LBFGS)
        _five_lines(model, optimizer, lambda: F.cross_entropy(model(x), y))
    except TypeError as error:
        lbfgs = type(error).__name__
    scaled = float(update(factor=65536.0).norm() / plain.norm())
    accumulated = float((four - plain).norm() / plain.norm())
    return Outcome(
        cases={
            "SGD, AdamW": learns,
            "two networks against each other (GAN), each its own five lines": _gan_critic_is_right(),
            "LBFGS": not lbfgs,
            "a gradient scaler": abs(scaled - 1) < 0.01,
            "gradients of four batches for one step": accumulated < 0.01,
        },
        figures={"lbfgs": lbfgs, "scaled": scaled, "accumulated": accumulated},
    )


def _gan_critic_is_right() -> bool:
    """Whether a critic steps with its own gradients alone, after the generator's turn has filled them."""
    import torch
    from torch import nn

    generator, critic = nn.Linear(2, 2), nn.Linear(2, 1)
    noise, real = torch.randn(8, 2), torch.randn(8, 2)
    makes = torch.optim.SGD(generator.parameters(), lr=0.1), torch.optim.SGD(critic.parameters(), lr=0.1)

    def critic_loss() -> Tensor:
        loss: Tensor = critic(generator(noise).detach()).mean() - critic(real).mean()
        return loss

    _five_lines(generator, makes[0], lambda: -critic(generator(noise)).mean())
    assert critic.weight.grad is not None  # the generator's turn left something there
    (own,) = torch.autograd.grad(critic_loss(), [critic.weight])
    _five_lines(critic, makes[1], critic_loss)
    return torch.equal(critic.weight.grad, own)


@claim(
    "c65",
    says="A fresh network's predictions are noise: the first loss is near ln(classes)",
    source="the lesson",
    published={
        "default initialisation, 3 classes": True,
        "default initialisation, 10 classes": True,
        "weights 10 times larger": False,
    },
    because="""
    First cross-entropy over five seeds: {three} where ln 3 = 1.099; {ten} where ln 10 = 2.303. Weights ten
    times larger: {large}. A case holds within 15 %.
    """,
)
def first_loss_is_chance(here: Here) -> Outcome:
    """First cross-entropy of five fresh networks on the spiral and on digits; with weights ten times larger."""
    import torch

    from glassloop.lab.claims.material import mlp, spiral
    from glassloop.lab.claims.training import digits, network, score

    def first(make: Callable[[], nn.Module], data: tuple[Tensor, Tensor], factor: float = 1.0) -> list[float]:
        found = []
        for seed in range(5):
            torch.manual_seed(seed)
            model = make()
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.mul_(factor)
            found.append(score(model, data)[0])
        return found

    def near(losses: list[float], classes: int) -> bool:
        return all(abs(loss / math.log(classes) - 1) < 0.15 for loss in losses)

    def span(losses: list[float]) -> str:
        return f"{min(losses):.3g} to {max(losses):.3g}"

    three, large = first(mlp, spiral(0)), first(mlp, spiral(0), 10)
    ten = first(lambda: network(64, 10), digits()[0])
    return Outcome(
        cases={
            "default initialisation, 3 classes": near(three, 3),
            "default initialisation, 10 classes": near(ten, 10),
            "weights 10 times larger": near(large, 3),
        },
        figures={"three": span(three), "ten": span(ten), "large": span(large)},
    )


@claim(
    "c66",
    says="The training loss does not show generalisation",
    source="the lesson",
    published={"labels drawn at random": True, "real labels (digits)": True},
    because="""
    With labels drawn at random (200 points, two classes, 300 steps) the network gets {random:.0%} of the
    training points right and {random_held:.0%} of unseen ones: chance. With the real labels of 100 digits it
    gets {real:.0%} and {real_held:.0%}: the same training loss, another generalisation.
    """,
)
def training_loss_is_blind(here: Here) -> Outcome:
    """Training and held-out accuracy on random labels and on real ones, both learned by heart."""
    import torch

    from glassloop.lab.claims.training import Recipe, digits, fit, network, score

    draw = torch.Generator().manual_seed(0)
    noise, other = ((torch.randn(200, 10, generator=draw), torch.randint(0, 2, (200,), generator=draw)) for _ in range(2))
    memory = network(10, 2)
    fit(memory, noise, Recipe(1e-2, 75, 50), 0)
    train, held_out = digits(100)
    pupil = network(64, 10)
    fit(pupil, train, Recipe(1e-2, 75, 50), 0)
    right = [score(memory, noise)[1], score(memory, other)[1], score(pupil, train)[1], score(pupil, held_out)[1]]
    return Outcome(
        cases={
            "labels drawn at random": right[0] > 0.95 and right[1] < 0.65,
            "real labels (digits)": right[2] > 0.95 and right[3] < 0.95,
        },
        figures=dict(zip(("random", "random_held", "real", "real_held"), right, strict=True)),
    )


@claim(
    "c67",
    says="A printed loss that changes proves that the parameters change",
    source="the chapter",
    published={"learning rate 0, a new batch each step": False},
    because="""
    With a learning rate of 0 the printed losses are {printed}: other batches, same weights, bit for bit. On one
    batch the loss stands still, which shows it. Compare the parameters themselves.
    """,
)
def printed_loss_proves(here: Here) -> Outcome:
    """Losses of five steps at rate 0 over batches, and on one batch; the weights before and after."""
    import torch
    import torch.nn.functional as F

    from glassloop.lab.claims.material import batches, mlp, same, spiral, weights

    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    before, steps = weights(model), list(batches(*spiral(0), 0))[:5]

    def losses(chosen: list[Any]) -> list[float]:
        return [_five_lines(model, optimizer, lambda x=x, y=y: F.cross_entropy(model(x), y)) for x, y in chosen]  # type: ignore[misc]

    over_batches, on_one = losses(steps), losses(steps[:1] * 5)
    moved = not same(before, weights(model))
    assert len(set(on_one)) == 1, "on one batch the loss stands still"
    return Outcome(
        cases={
            "learning rate 0, a new batch each step": moved or len(set(over_batches)) == 1,
        },
        figures={"printed": ", ".join(f"{loss:.3f}" for loss in over_batches)},
    )


@claim(
    "c68",
    says="One step changes the weights and lowers the loss; the printed loss is the one before the step",
    source="the chapter",
    published={"one linear layer, SGD 0.01": True, "one linear layer, SGD 10": False},
    because="""
    On the same batch the loss was lower after the step in {lower} of {seeds} seeds at rate 0.01, and in
    {lower_fast} at rate 10; the printed loss was the one before the step in all. The step follows the gradient
    at one point: too long a step passes the valley.
    """,
)
def step_lowers_the_loss(here: Here) -> Outcome:
    """200 seeds of a linear layer on 16 random samples: the loss on the same batch before and after one step."""
    import torch
    import torch.nn.functional as F

    seeds = 200 if here.full else 50

    def lower(lr: float) -> tuple[int, bool]:
        count, sound = 0, True
        for seed in range(seeds):
            torch.manual_seed(seed)
            model, x, y = torch.nn.Linear(4, 2), torch.randn(16, 4), torch.randint(0, 2, (16,))
            optimizer = torch.optim.SGD(model.parameters(), lr=lr)
            start, before = model.weight.detach().clone(), F.cross_entropy(model(x), y).item()
            printed = _five_lines(model, optimizer, lambda m=model, x=x, y=y: F.cross_entropy(m(x), y))  # type: ignore[misc]
            count += F.cross_entropy(model(x), y).item() < before
            sound &= printed == before and not torch.equal(start, model.weight)
        return count, sound

    slow, slow_sound = lower(0.01)
    fast, fast_sound = lower(10.0)
    return Outcome(
        cases={
            "one linear layer, SGD 0.01": slow == seeds and slow_sound,
            "one linear layer, SGD 10": fast == seeds and fast_sound,
        },
        figures={"seeds": seeds, "lower": slow, "lower_fast": fast},
    )
