"""Claims about mixed precision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glassloop.lab.claims import Figure, Here, Outcome, claim

if TYPE_CHECKING:
    from torch import Tensor, nn


@claim(
    "c33",
    says="Mixed precision is roughly twice as fast",
    source="the lesson",
    published={"a small MLP on a GPU": None, "a convolution net on a GPU": None, "a transformer on a GPU": None},
    because="""
    Step time in float32 over that in float16 and in bfloat16 under autocast: {ratios}. (The article's own table says
    1.5, so the two texts disagree.)
    """,
    full=True,
    needs=("cuda",),
)
def c33(here: Here) -> Outcome:
    """Step times of three networks in four precisions; the claim holds from 1.6 times on."""
    import torch

    from glassloop.lab.claims.material import median_seconds

    cases, words = {}, []
    for name, make in _networks(small=not here.cuda).items():
        model, x = (thing.to(here.device) for thing in make())
        seconds = {}
        for name32, allowed in (("float32", False), ("TF32", True)):
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = allowed
            seconds[name32] = median_seconds(_step(model, x, None), here.device)
        for dtype in (torch.float16, torch.bfloat16):
            seconds[str(dtype)[6:]] = median_seconds(_step(model, x, dtype), here.device)
        best = min(seconds["float16"], seconds["bfloat16"])
        cases[f"{name} on a GPU"] = seconds["float32"] / best > 1.6
        words.append(f"{name} " + ", ".join(f"{kind} {seconds['float32'] / s:.2f}" for kind, s in seconds.items()))
    return Outcome(cases, {"ratios": "; ".join(words)})


def _networks(small: bool) -> dict[str, Any]:
    import torch
    from torch import nn

    def mlp() -> tuple[nn.Module, Tensor]:
        return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64)), torch.randn(64, 64)

    def convolutions() -> tuple[nn.Module, Tensor]:
        channels = 4 if small else 128
        blocks = [
            nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.ReLU()) for _ in range(8)
        ]
        return nn.Sequential(*blocks), torch.randn(4 if small else 64, channels, 32, 32)

    def transformer() -> tuple[nn.Module, Tensor]:
        width, layers = (16, 1) if small else (1024, 8)
        layer = nn.TransformerEncoderLayer(width, 16, 4 * width, dropout=0.0, batch_first=True)
        return nn.TransformerEncoder(layer, layers), torch.randn(2 if small else 16, 8 if small else 512, width)

    return {"a small MLP": mlp, "a convolution net": convolutions, "a transformer": transformer}


def _step(model: nn.Module, x: Tensor, dtype: Any) -> Any:
    import torch

    optimizer = torch.optim.AdamW(model.parameters())

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast(x.device.type, dtype, enabled=dtype is not None):
            loss = model(x).float().pow(2).mean()
        loss.backward()
        optimizer.step()

    return step


@claim(
    "c34",
    says="Mixed precision halves memory",
    source="the lesson",
    published={
        "weights, gradients and optimizer state": False,
        "what the forward keeps, a large batch": True,
        "peak of a step, a small batch": False,
        "a GPU's peak": None,
    },
    because="""
    Bytes counted for a 64-{width}-{width}-10 network with AdamW. Weights, gradients and state: {states32:.0f} MiB in
    float32, {states16:.0f} MiB under autocast, all still float32. What the forward keeps for backward falls to
    {kept_large:.0%} at batch {large}, where copies of the weights in bfloat16 weigh little, but is {kept_small:.1f}
    times as much at batch 32, where they weigh more than anything. Peak of a whole step: {peak_small:.0%} at batch 32,
    {peak_large:.0%} at batch {large}. So memory is halved only where activations are nearly all of it. (The article's
    own table says a third less.)
    """,
)
def c34(here: Here) -> Outcome:
    """Bytes of states, of what a forward keeps and of the peak, in float32 and under bfloat16 autocast."""
    large, width = (8192, 1024) if here.full else (4096, 256)
    plain, mixed = ({batch: _bytes(batch, width, amp) for batch in (32, large)} for amp in (False, True))
    kept = {batch: mixed[batch]["kept"] / plain[batch]["kept"] for batch in (32, large)}
    peak = {batch: mixed[batch]["peak"] / plain[batch]["peak"] for batch in (32, large)}
    figures: dict[str, Figure] = {
        "large": large,
        "width": width,
        "states32": plain[32]["states"],
        "states16": mixed[32]["states"],
        "kept_small": kept[32],
        "kept_large": kept[large],
        "peak_small": peak[32],
        "peak_large": peak[large],
    }
    cases = {
        "weights, gradients and optimizer state": mixed[32]["states"] < 0.6 * plain[32]["states"],
        "what the forward keeps, a large batch": kept[large] < 0.6,
        "peak of a step, a small batch": peak[32] < 0.6,
    }
    if here.cuda:
        ratio = _gpu_peak(large, width, True) / _gpu_peak(large, width, False)
        cases["a GPU's peak"], figures["gpu_peak"] = ratio < 0.6, ratio
    return Outcome(cases, figures)


def _wide(width: int) -> nn.Module:
    from torch import nn

    return nn.Sequential(nn.Linear(64, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10))


def _bytes(batch: int, width: int, amp: bool) -> dict[str, float]:
    """MiB: `states` (weights, gradients, optimizer), `kept` by a forward for backward, `peak` within a whole step."""
    import torch
    from torch.nn.functional import cross_entropy

    from glassloop.lab.claims.material import MIB, LiveBytes

    x, y = torch.randn(batch, 64), torch.randint(10, (batch,))
    with LiveBytes() as live:
        model = _wide(width)
        optimizer = torch.optim.AdamW(model.parameters(), foreach=False)
        for _ in range(2):  # the second step: the optimizer's state is there
            optimizer.zero_grad()
            before, live.peak = live.alive, live.alive
            with torch.autocast("cpu", torch.bfloat16, enabled=amp):
                loss = cross_entropy(model(x), y)
                kept = live.alive - before
            loss.backward()
            optimizer.step()
        held = [*model.parameters(), *(p.grad for p in model.parameters() if p.grad is not None)]
        held += [value for state in optimizer.state.values() for value in state.values()]
    states = sum(t.nbytes for t in held)
    return {"states": states / MIB, "kept": kept / MIB, "peak": live.peak / MIB}


def _gpu_peak(batch: int, width: int, amp: bool) -> float:
    import torch
    from torch.nn.functional import cross_entropy

    model = _wide(width).cuda()
    optimizer = torch.optim.AdamW(model.parameters())
    x, y = torch.randn(batch, 64, device="cuda"), torch.randint(10, (batch,), device="cuda")
    for _ in range(3):
        torch.cuda.reset_peak_memory_stats()
        optimizer.zero_grad()
        with torch.autocast("cuda", torch.bfloat16, enabled=amp):
            loss = cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    return float(torch.cuda.max_memory_allocated())


@claim(
    "c35",
    says="Mixed precision keeps weights in float32 and computes in less",
    source="the lesson",
    published={
        "weights and gradients are float32": True,
        "a matrix product is bfloat16": True,
    },
    because="""
    Under autocast on the CPU: weight {weight}, its gradient {gradient}, output of a linear layer {output}; but
    cross-entropy {loss}: what needs the precision stays in float32.
    """,
)
def c35(here: Here) -> Outcome:
    """Dtypes of a linear layer's weight, gradient and output, and of the loss, under autocast."""
    import torch

    model = torch.nn.Linear(4, 3)
    with torch.autocast("cpu", torch.bfloat16):
        output = model(torch.randn(2, 4))
        loss = torch.nn.functional.cross_entropy(output, torch.tensor([0, 1]))
    loss.backward()
    assert model.weight.grad is not None
    kinds = {"weight": model.weight, "gradient": model.weight.grad, "output": output, "loss": loss}
    dtypes: dict[str, Figure] = {name: str(tensor.dtype).removeprefix("torch.") for name, tensor in kinds.items()}
    return Outcome(
        cases={
            "weights and gradients are float32": dtypes["weight"] == dtypes["gradient"] == "float32",
            "a matrix product is bfloat16": dtypes["output"] == "bfloat16",
        },
        figures=dtypes,
    )


@claim(
    "c36",
    says="A gradient scaler is needed against underflow",
    source="the lesson",
    published={
        "float16, gradients near 1e-8": True,
        "float16, gradients near 1e-3": False,
        "bfloat16, gradients near 1e-8": False,
    },
    because="""
    1e-8 in float16 is {half:.0f}, and {scaled:.1e} when scaled by 65536 first; the least that float16 holds is
    {least:.0e}. Gradients near 1e-3 survive without a scale, and bfloat16 has float32's range: 1e-8 stays {bfloat:.1e}.
    A scaler is for float16 only.
    """,
)
def c36(here: Here) -> Outcome:
    """Backward through a product that makes gradients of a given size, in each dtype, without and with a scale."""
    import torch

    def gradient(dtype: torch.dtype, size: float, scale: float = 1.0) -> float:
        x = torch.ones(4, dtype=dtype, requires_grad=True)
        factor = torch.full((4,), size * scale, dtype=torch.float32).to(dtype)
        (x * factor).sum().backward()
        assert x.grad is not None
        return float(x.grad[0]) / scale

    half, scaled = gradient(torch.float16, 1e-8), gradient(torch.float16, 1e-8, 65536.0)
    bfloat = gradient(torch.bfloat16, 1e-8)
    return Outcome(
        cases={
            "float16, gradients near 1e-8": half == 0 and abs(scaled - 1e-8) < 1e-9,
            "float16, gradients near 1e-3": gradient(torch.float16, 1e-3) == 0,
            "bfloat16, gradients near 1e-8": bfloat == 0,
        },
        figures={
            "half": half,
            "scaled": scaled,
            "bfloat": bfloat,
            "least": torch.finfo(torch.float16).smallest_normal / 1024,
        },
    )


@claim(
    "c37",
    says="autocast from torch.cuda.amp takes device_type",
    source="the lesson",
    published={
        "torch.cuda.amp.autocast": False,
        "torch.cuda.amp.autocast with enabled=False": False,
    },
    because="""
    torch.cuda.amp.autocast(device_type=...) raises {says}, also where it is switched off, so a listing that has it does
    not start. torch.amp.autocast takes the word: {new}.
    """,
)
def c37(here: Here) -> Outcome:
    """Call the three."""
    import warnings

    import torch

    def says(make: Any, **words: Any) -> str:
        try:
            with make(device_type="cpu", **words):
                return ""
        except TypeError as error:
            return type(error).__name__

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the old name is deprecated
        old, off = says(torch.cuda.amp.autocast), says(torch.cuda.amp.autocast, enabled=False)
    return Outcome(
        cases={
            "torch.cuda.amp.autocast": not old,
            "torch.cuda.amp.autocast with enabled=False": not off,
        },
        figures={"says": old, "new": not says(torch.amp.autocast)},
    )


@claim(
    "c38",
    says="Clipping under a gradient scaler is right only after unscale_",
    source="the lesson",
    published={"the norm that the clip sees": True, "the update, SGD": True, "the update, AdamW": False},
    because="""
    With unscale_ the clip sees the norm {seen:.2f}, without it {seen_scaled:,.0f}: scaled by 65536, so everything is
    clipped to nothing and no exception says so. An SGD 0.1 update has the norm {sgd:.1e} instead of {sgd_right:.1e}.
    AdamW divides by the gradients' own size and hides it on its first step: {adamw:.1e} instead of {adamw_right:.1e}.
    CPU scaler, limit 1.
    """,
)
def c38(here: Here) -> Outcome:
    """Norm seen and size of the update, with unscale_ and without, for two optimizers."""
    sgd_right, sgd = (_clipped("sgd", unscale) for unscale in (True, False))
    adamw_right, adamw = (_clipped("adamw", unscale) for unscale in (True, False))
    return Outcome(
        cases={
            "the norm that the clip sees": sgd[0] > 1000 * sgd_right[0],
            "the update, SGD": sgd[1] < sgd_right[1] / 100,
            "the update, AdamW": adamw[1] < adamw_right[1] / 2,
        },
        figures={
            "seen": sgd_right[0],
            "seen_scaled": sgd[0],
            "sgd": sgd[1],
            "sgd_right": sgd_right[1],
            "adamw": adamw[1],
            "adamw_right": adamw_right[1],
        },
    )


def _clipped(optimizer: str, unscale: bool) -> tuple[float, float]:
    """The norm that clip_grad_norm_ returns and the norm of the update of one scaled step."""
    import torch
    from torch.nn.functional import cross_entropy

    from glassloop.lab.claims.material import OPTIMIZERS, mlp, spiral, weights

    torch.manual_seed(0)
    x, y = spiral(0)
    model = mlp()
    update = OPTIMIZERS[optimizer](model.parameters(), lr=0.1 if optimizer == "sgd" else 1e-2)
    scaler = torch.amp.GradScaler("cpu")
    before = weights(model)
    scaler.scale(cross_entropy(model(x), y)).backward()
    if unscale:
        scaler.unscale_(update)
    seen = float(torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0))
    scaler.step(update)
    scaler.update()
    return seen, float((weights(model) - before).norm())
