"""Claims of a table that adds up techniques to a fast configuration."""

from __future__ import annotations

import itertools
from typing import Any

from glassloop.lab.claims import Here, Outcome, claim


@claim(
    "c39",
    says="AMP (1.5 times) and a tuned loader (1.26) make together 1.71 times the speed and 33 % less memory",
    source="the article",
    published={
        "time and throughput belong together": True,
        "the percentages follow from the figures": True,
        "the single gains make the total": False,
        "measured on one GPU": None,
    },
    because="""
    Arithmetic: time by throughput is {first} and {last} samples, the same work. 120 to 70 units is {less_time:.1%} less
    time, 4.2 to 2.8 GB is {less_memory:.1%} less memory, 256 to 440 samples a second {more:.1%} more. But 1.5 by 1.26
    is {product:.2f}, and the total says {total:.2f}: single gains do not multiply, because each shortens another part.
    On a GPU: {measured}.
    """,
)
def c39(here: Here) -> Outcome:
    """The table's arithmetic; on a GPU the two switches alone and together."""
    time, throughput, memory = (120.0, 70.0), (256.0, 440.0), (4.2, 2.8)
    work = [t * s for t, s in zip(time, throughput, strict=True)]
    product, total = 1.5 * 120 / 95, time[0] / time[1]
    less_time, less_memory, more = 1 - time[1] / time[0], 1 - memory[1] / memory[0], throughput[1] / throughput[0] - 1
    cases = {
        "time and throughput belong together": abs(work[0] / work[1] - 1) < 0.02,
        "the percentages follow from the figures": all(
            abs(is_ - said) < 0.02 for is_, said in ((less_time, 0.40), (less_memory, 0.33), (more, 0.72))
        ),
        "the single gains make the total": abs(product / total - 1) < 0.05,
    }
    measured = "not measured"
    if here.cuda:
        gains = {name: _gain(here.device, *switches) for name, switches in _SWITCHES.items()}
        measured = ", ".join(f"{name} {gain:.2f}" for name, gain in gains.items())
        cases["measured on one GPU"] = abs(gains["both"] / total - 1) < 0.1
    return Outcome(
        cases,
        {
            "first": int(work[0]),
            "last": int(work[1]),
            "less_time": less_time,
            "less_memory": less_memory,
            "more": more,
            "product": product,
            "total": total,
            "measured": measured,
        },
    )


_SWITCHES = {"AMP": (True, False), "workers and pinning": (False, True), "both": (True, True)}


def _gain(device: str, amp: bool, loader: bool) -> float:
    """Seconds of an epoch with neither switch over that with these."""
    return _epoch_seconds(device, False, False) / _epoch_seconds(device, amp, loader)


def _epoch_seconds(device: str, amp: bool, loader: bool) -> float:
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    from glassloop.lab.claims.material import median_seconds

    size, rows = (64, 64 * 32) if device == "cuda" else (4, 8)
    data = TensorDataset(torch.randn(rows, 3, size, size), torch.randint(10, (rows,)))
    channels = [3, 64, 128, 256] if device == "cuda" else [3, 4]
    blocks = [nn.Sequential(nn.Conv2d(a, b, 3, 2, 1), nn.BatchNorm2d(b), nn.ReLU()) for a, b in itertools.pairwise(channels)]
    model = nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels[-1], 10)).to(device)
    optimizer = torch.optim.AdamW(model.parameters())
    words: dict[str, Any] = {"num_workers": 4, "persistent_workers": True} if loader else {}
    batches = DataLoader(data, 64, shuffle=True, pin_memory=loader and device == "cuda", **words)

    def epoch() -> None:
        for x, y in batches:
            optimizer.zero_grad()
            with torch.autocast(device, torch.bfloat16, enabled=amp):
                loss = nn.functional.cross_entropy(model(x.to(device, non_blocking=True)), y.to(device, non_blocking=True))
            loss.backward()
            optimizer.step()

    return median_seconds(epoch, device, rounds=3)


@claim(
    "c40",
    says="Gradient clipping belongs to a fast configuration",
    source="the article",
    published={"the work of a step, counted": False, "the time of a step": False},
    because="""
    Clipping adds work and takes none away: {with_clip} operations a step with it, {without} without (2-64-64-3 network,
    SGD), and {ratio:.2f} times the time of a step. What it buys is stability, which may allow a larger rate (c42); that
    is another claim.
    """,
)
def c40(here: Here) -> Outcome:
    """Operations of a step with and without clipping; in full their time, too."""
    from glassloop.lab.claims.material import count_operations, median_seconds

    counts = {clip: count_operations(_steps(clip, 1)) for clip in (False, True)}
    cases = {"the work of a step, counted": counts[True] < counts[False]}
    figures: dict[str, Any] = {"with_clip": counts[True], "without": counts[False]}
    if here.full:
        seconds = {clip: median_seconds(_steps(clip, 300), rounds=7) for clip in (False, True)}
        figures["ratio"] = seconds[True] / seconds[False]
        cases["the time of a step"] = figures["ratio"] < 0.95
    return Outcome(cases, figures)


def _steps(clip: bool, number: int) -> Any:
    import torch
    from torch.nn.functional import cross_entropy

    from glassloop.lab.claims.material import mlp, spiral

    x, y = spiral(0)
    x, y = x[::14], y[::14]
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def train() -> None:
        for _ in range(number):
            optimizer.zero_grad()
            cross_entropy(model(x), y).backward()
            if clip:
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()

    return train
