"""What clipping by the norm of the gradients does: the limit kept (c41), blow-ups prevented (c42)."""

from __future__ import annotations

import math

from glassloop.lab.claims import Figure, Here, Outcome, claim


@claim(
    "c41",
    says="After clip_grad_norm_ the L2 norm of the gradients is at most the limit",
    source="the lesson",
    published={
        "float32, up to rounding": True,
        "float16": False,
        "bfloat16": False,
        "gradients already below the limit (they stay as they were)": True,
        "one gradient is inf": False,
        "one gradient is NaN": False,
    },
    because="""
    Over {draws} random gradients the norm after clipping to 1 was at most {float32:.8f} in float32,
    {float16:.4f} in float16 and {bfloat16:.4f} in bfloat16. One inf among the gradients makes the finite ones 0
    and itself NaN; one NaN makes every gradient NaN. Neither raises, unless error_if_nonfinite=True is given.
    """,
)
def limit_is_kept(here: Here) -> Outcome:
    """200 gradients far above the limit in three dtypes, norms in float64; below the limit; with inf and NaN."""
    import torch
    from torch.nn.utils import clip_grad_norm_

    def clipped(grads: list[torch.Tensor]) -> list[torch.Tensor]:
        leaves = [torch.zeros_like(grad).requires_grad_() for grad in grads]
        for leaf, grad in zip(leaves, grads, strict=True):
            leaf.grad = grad.clone()
        clip_grad_norm_(leaves, 1.0)
        return [leaf.grad for leaf in leaves if leaf.grad is not None]

    worst: dict[str, float] = {}
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        drawn = ([(torch.randn(n) * 10 ** (draw % 3)).to(dtype) for n in (40, 7)] for draw in range(200))
        norms = [torch.cat(clipped(grads)).double().norm().item() for grads in drawn]
        worst[str(dtype).removeprefix("torch.")] = max(norms)
    small = [torch.randn(40) * 0.01, torch.randn(7) * 0.01]
    with_inf = torch.cat(clipped([torch.tensor([1.0, math.inf, 2.0]), torch.ones(2)]))
    with_nan = torch.cat(clipped([torch.tensor([1.0, math.nan, 2.0]), torch.ones(2)]))
    zeros_and_a_nan = with_inf.isnan().tolist() == [False, True, False, False, False] and with_inf.nansum().item() == 0
    return Outcome(
        cases={
            "float32, up to rounding": worst["float32"] <= 1 + 1e-6,
            "float16": worst["float16"] <= 1 + 1e-6,
            "bfloat16": worst["bfloat16"] <= 1 + 1e-6,
            "gradients already below the limit (they stay as they were)": all(map(torch.equal, small, clipped(small))),
            "one gradient is inf": not zeros_and_a_nan,
            "one gradient is NaN": not bool(with_nan.isnan().all()),
        },
        figures={"draws": 200, **worst},
    )


def _diverged(kind: str, optimizer: str, lr: float, clip: float | None, outlier: bool) -> int:
    """Seeds of 3 whose loss ended at chance (2.3) or above; `outlier`: one batch's loss counts 10,000 times."""
    import torch

    from glassloop.lab.claims.training import Reader, Recipe, digits, fit, network

    def weigh(step: int) -> float:
        return 1e4 if outlier and step == 48 else 1.0

    data, diverged = digits(512)[0], 0
    for seed in range(3):
        torch.manual_seed(seed)
        model = Reader() if kind == "transformer" else network(64, 10)
        losses = fit(model, data, Recipe(lr, 6, 32, optimizer, clip, weigh=weigh), seed)
        diverged += not sum(losses[-16:]) / 16 < 2.2
    return diverged


@claim(
    "c42",
    says="Clipping prevents training from blowing up, and transformers cannot do without it",
    source="the article, the lesson",
    published={
        "one bad batch (its loss weighs 10,000 times)": True,
        "transformer, SGD at a rate too high for it (1.0)": True,
        "transformer, AdamW at a rate far too high (0.1)": False,
        "no bad batch, moderate rate": False,
    },
    because="""
    After one bad batch {outlier_without} of {outlier_runs} runs diverged without clipping and {outlier_with}
    with it. Without such a batch it rescued the transformer under SGD at rate 1 ({sgd_high_without} of 3
    diverged, then {sgd_high_with}), not under AdamW at 0.1 ({adam_far_without} of 3, then {adam_far_with}), and
    at moderate rates there was nothing to rescue: {calm_without} of {calm_runs} runs diverged without it, half
    of them transformers.
    """,
)
def blow_ups_are_prevented(here: Here) -> Outcome:
    """An MLP and a post-norm transformer on 512 digits, 96 steps of 32, clip 1, 3 seeds, with and without a bad batch."""
    bad = "one bad batch (its loss weighs 10,000 times)"
    if not here.full:
        without, clipped = (_diverged("mlp", "SGD", 0.5, clip, True) for clip in (None, 1.0))
        return Outcome({bad: without == 3 and clipped == 0})
    runs = [("mlp", "SGD", 0.5), ("mlp", "AdamW", 1e-2), ("transformer", "SGD", 0.1), ("transformer", "AdamW", 1e-2)]
    figures: dict[str, int] = {"outlier_runs": 3 * len(runs), "calm_runs": 3 * len(runs)}
    for word, clip in (("without", None), ("with", 1.0)):
        figures[f"outlier_{word}"] = sum(_diverged(*case, clip, True) for case in runs)
        figures[f"calm_{word}"] = sum(_diverged(*case, clip, False) for case in runs)
        figures[f"sgd_high_{word}"] = _diverged("transformer", "SGD", 1.0, clip, False)
        figures[f"adam_far_{word}"] = _diverged("transformer", "AdamW", 0.1, clip, False)

    def prevented(name: str) -> bool:  # every seed diverged without clipping, none with it
        return figures[f"{name}_without"] > 2 * figures[f"{name}_with"] + 2

    return Outcome(
        cases={
            bad: prevented("outlier"),
            "transformer, SGD at a rate too high for it (1.0)": prevented("sgd_high"),
            "transformer, AdamW at a rate far too high (0.1)": prevented("adam_far"),
            "no bad batch, moderate rate": prevented("calm"),
        },
        figures=dict[str, Figure](figures),
    )
