"""What is said to make a run better or smaller: averaged weights, recomputation, TensorBoard (c63, c73, c74)."""

from __future__ import annotations

import contextlib
import math
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from glassloop.lab.claims import Figure, Here, Outcome, claim

if TYPE_CHECKING:
    from torch import Tensor, nn


@claim(
    "c63",
    says="TensorBoard is built into PyTorch",
    source="the lesson",
    published={"the tensorboard package is absent": False},
    because="""
    torch.utils.tensorboard is a thin layer over a package of its own: without it the import raises {error}.
    `pip install tensorboard` mends it: with it the writer wrote {files} file of events.
    """,
)
def tensorboard_is_built_in(here: Here) -> Outcome:
    """Import the writer with the tensorboard package hidden, and with it where it is installed."""
    error, hidden = "", {name: module for name, module in sys.modules.items() if name.split(".")[0] == "tensorboard"}
    for name in hidden:
        del sys.modules[name]
    sys.modules["tensorboard"] = None  # type: ignore[assignment]  # how the import system marks what is absent
    try:
        import torch.utils.tensorboard  # noqa: F401
    except ImportError as problem:
        error = type(problem).__name__
    del sys.modules["tensorboard"]
    cases = {"the tensorboard package is absent": not error}
    figures: dict[str, Figure] = {"error": error}
    if here.full:
        from torch.utils.tensorboard import SummaryWriter

        with contextlib.closing(SummaryWriter("runs")) as writer:
            writer.add_scalar("loss", 0.5, 0)
        figures["files"] = len(list(Path("runs").glob("events*")))
    return Outcome(cases, figures)


def _averaged(decay: float, lr: float, cosine: bool, epochs: int) -> tuple[list[float], list[float]]:
    """Validation loss of the raw weights and of their running average, six seeds: spiral, AdamW."""
    import torch
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

    from glassloop.lab.claims.material import mlp, spiral
    from glassloop.lab.claims.training import Recipe, fit, score

    def rate(step: int) -> float:
        return (1 + math.cos(math.pi * step / (epochs * 15))) / 2 if cosine else 1.0

    raw, averaged = [], []
    for seed in range(6):
        torch.manual_seed(seed)
        model = mlp()
        average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay))  # type: ignore[no-untyped-call]
        fit(model, spiral(seed), Recipe(lr, epochs, rate=rate, after_step=average.update_parameters), seed)
        raw.append(score(model, spiral(seed + 1000))[0])
        averaged.append(score(average, spiral(seed + 1000))[0])
    return raw, averaged


@claim(
    "c73",
    says="Averaged weights (EMA) give better quality",
    source="the article",
    published={
        "high constant rate (0.1), decay 0.99, 20 epochs": True,
        "high constant rate (0.1), decay 0.9, 20 epochs": True,
        "constant rate 0.01, decay 0.99, 20 epochs": False,
        "cosine from 0.01, decay 0.99, 20 epochs": False,
        "constant rate 0.01, decay 0.999, 5 epochs (75 steps)": False,
    },
    because="""
    Mean validation loss of the raw and of the averaged weights, and the seeds of six in which the average was
    better. Rate 0.1: {high} (decay 0.99), {high_short} (decay 0.9). Rate 0.01: {constant}; cosine: {cosine};
    decay 0.999 over 75 steps: {brief}, as the average still holds the initial weights. It pays where the rate
    keeps the weights jumping about, not where a schedule has brought them to rest. A case holds where the mean
    loss is 10 % lower. The claimed gain on image scores is out of reach here.
    """,
)
def averages_are_better(here: Here) -> Outcome:
    """Validation loss of raw and averaged weights over six seeds: decays, constant and cosine rate, short and long runs."""
    settings = {
        "high constant rate (0.1), decay 0.99, 20 epochs": ("high", 0.99, 0.1, False, 20),
        "high constant rate (0.1), decay 0.9, 20 epochs": ("high_short", 0.9, 0.1, False, 20),
        "constant rate 0.01, decay 0.99, 20 epochs": ("constant", 0.99, 0.01, False, 20),
        "cosine from 0.01, decay 0.99, 20 epochs": ("cosine", 0.99, 0.01, True, 20),
        "constant rate 0.01, decay 0.999, 5 epochs (75 steps)": ("brief", 0.999, 0.01, False, 5),
    }
    cases: dict[str, bool] = {}
    figures: dict[str, Figure] = {}
    for case, (name, decay, lr, cosine, epochs) in settings.items():
        if not here.full and name != "brief":
            continue
        raw, averaged = _averaged(decay, lr, cosine, epochs)
        before, after = statistics.mean(raw), statistics.mean(averaged)
        better = sum(one < other for one, other in zip(averaged, raw, strict=True))
        cases[case] = after < 0.9 * before
        figures[name] = f"{before:.3f} and {after:.3f}, {better} of 6"
    return Outcome(cases, figures)


@claim(
    "c74",
    says="Gradient checkpointing trades time for memory",
    source="the article",
    published={
        "memory kept for backward": True,
        "forwards computed": True,
        "gradients stay the same, dropout included": True,
    },
    because="""
    Twelve blocks of 512 at batch 256: {plain:.1f} MiB kept for backward, {less:.1f} MiB with each block
    checkpointed; each block's forward then runs {forwards:g} times a step, not once. The gradients are the same
    bits, as the random state is put back before the second forward; with preserve_rng_state=False dropout draws
    anew and they are not ({unkept:.0%} off).
    """,
)
def recomputation_trades(here: Here) -> Outcome:
    """Bytes that autograd keeps, forwards of a block, gradients bit for bit, with and without checkpointing; dropout 0.1."""
    import torch
    from torch import nn
    from torch.utils.checkpoint import checkpoint

    from glassloop.lab.claims.training import saved_bytes

    size = 512 if here.full else 128
    blocks = nn.ModuleList(
        nn.Sequential(nn.Linear(size, size), nn.ReLU(), nn.Dropout(0.1), nn.Linear(size, size), nn.ReLU()) for _ in range(12)
    )
    given, forwards = torch.randn(256, size), [0]
    blocks[0].register_forward_pre_hook(lambda module, inputs: forwards.__setitem__(0, forwards[0] + 1))

    def run(how: str) -> tuple[Tensor, float, int]:
        torch.manual_seed(0)
        blocks.zero_grad()
        forwards[0], held = 0, []

        def forward() -> None:
            x = given.clone().requires_grad_()
            for block in blocks:
                if how == "plain":
                    x = block(x)
                else:
                    x = checkpoint(block, x, use_reentrant=False, preserve_rng_state=how == "kept")
            held.append(x)

        kept = saved_bytes(forward)
        held[0].square().mean().backward()  # type: ignore[no-untyped-call]  # torch gives it no types
        first: nn.Parameter = blocks[0][0].weight  # type: ignore[index]
        assert first.grad is not None
        return first.grad.clone(), kept / 2**20, forwards[0]

    plain, plain_kept, once = run("plain")
    same, less_kept, twice = run("kept")
    unkept = run("not kept")[0]
    return Outcome(
        cases={
            "memory kept for backward": less_kept < 0.5 * plain_kept,
            "forwards computed": twice == 2 * once,
            "gradients stay the same, dropout included": torch.equal(plain, same),
        },
        figures={
            "plain": plain_kept,
            "less": less_kept,
            "forwards": twice / once,
            "unkept": float((unkept - plain).norm() / plain.norm()),
        },
    )
