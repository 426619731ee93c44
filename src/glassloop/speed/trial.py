"""What the best loop is on this machine: each setting is tried beside the one without it, and kept where it is quicker."""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from glassloop.speed import loops, use
from glassloop.speed.catalogue import Settings
from glassloop.speed.material import Material

STEPS = 4  # a turn
TURNS = 5  # of each of the two
SECONDS = 4.0  # after which no turn is begun: two threads on a busy machine may take 30 times as long as one
WORTH = 0.97  # a setting is kept where it takes less than this share of the time
COMPILING = 30.0  # seconds that inductor takes for a small network, about
SHARE_OF_MEMORY = 0.25  # that decoded pictures may take of what is free


class Choice(NamedTuple):
    """The settings, and a line about each that was tried or could not be."""

    settings: Settings
    notes: list[str]


def choose(material: Material, start: Settings, epochs: int, device: torch.device, *, threads: bool) -> Choice:
    """Try what may help, one setting after the other; `epochs` is the length of the run, over which a start must pay.

    With `threads` also whether one thread is quicker than `start.threads`; that number then holds for every row.
    """
    notes = []
    settings = start
    if material.bytes_cached:
        settings, note = _keep_decoded(material, settings)
        notes.append(note)
    batches = list(itertools.islice(material.batches(settings, device)(0), STEPS))
    pictures = batches[0][0].dim() == 4
    tried: list[tuple[str, dict[str, Any]]] = []
    if threads and start.threads > 1 and device.type == "cpu":
        tried.append((f"1 thread instead of {start.threads}, in every row", {"threads": 1}))
    tried += [("channels_last", {"channels_last": True})] if pictures else []
    tried += [("packed attention", {"packed": True})] if batches[0][0].dtype == torch.int64 else []
    for name, change in tried:
        other = replace(settings, **change)
        ratio = _ratio(material, settings, other, batches, device)
        kept = ratio < WORTH
        notes.append(f"{name}: {1 / ratio:.2f} times the speed of a step, {'kept' if kept else 'not kept'}")
        settings = other if kept else settings
    return _compiled(material, settings, epochs, batches, device, notes)


def _keep_decoded(material: Material, settings: Settings) -> tuple[Settings, str]:
    """Keep decoded pictures where there is room: whole decoding then, since it happens once."""
    needed, free = material.bytes_cached / use.MIB, use.available_mib()
    if free is not None and needed > SHARE_OF_MEMORY * free:
        return settings, f"decoded pictures would take {needed:.0f} MiB of {free:.0f} that are free: not kept"
    note = f"decoded once and kept ({needed:.0f} MiB): augmentation comes after decoding, so it stays random"
    return replace(settings, cached=True, draft=False), note


def _ratio(material: Material, one: Settings, other: Settings, batches: list[Any], device: torch.device) -> float:
    """Seconds of a step with `other` by those with `one`: the quickest of several turns, taken alternately."""
    steps = [_stepper(material, settings, batches, device) for settings in (one, other)]
    for step in steps:  # what is set up at the first step is no part of the others
        step()
    began = time.perf_counter()
    turns = [[step() for step in steps]]
    while len(turns) < TURNS and time.perf_counter() - began < SECONDS:
        turns.append([step() for step in steps])
    first, second = (min(times) for times in zip(*turns, strict=True))
    return float(second / first)


def _stepper(material: Material, settings: Settings, batches: list[Any], device: torch.device) -> Callable[[], float]:
    """A function that trains on these batches and says how many seconds that took."""

    def given(_settings: Settings, _device: torch.device) -> Any:
        def epoch(_number: int) -> Iterator[tuple[Tensor, Tensor]]:
            kind = torch.channels_last if settings.channels_last else torch.contiguous_format
            for inputs, targets in batches:
                yield inputs.contiguous(memory_format=kind) if inputs.dim() == 4 else inputs, targets

        return epoch

    train = loops.tuned(replace(material, batches=given), settings, device)

    def turn() -> float:
        torch.set_num_threads(settings.threads)
        began = time.perf_counter()
        train.epoch(0)
        return time.perf_counter() - began

    return turn


def _compiled(
    material: Material, settings: Settings, epochs: int, batches: list[Any], device: torch.device, notes: list[str]
) -> Choice:
    """Compile where there is a compiler and the run is long enough to pay for it."""
    if not any(shutil.which(name) for name in ("c++", "g++", "clang++", "cl")):
        return Choice(settings, [*notes, "compile: no C++ compiler here"])
    plain = _stepper(material, settings, batches, device)
    plain()
    run = min(plain() for _ in range(TURNS)) / len(batches) * material.steps * epochs
    if run < COMPILING:
        said = f"compile: not tried, the steps of the whole run take {run:.1f} s and compiling about {COMPILING:.0f} s"
        return Choice(settings, [*notes, said])
    other = replace(settings, compiled=True)
    began = time.perf_counter()
    quick = _stepper(material, other, batches, device)
    quick()
    cost = time.perf_counter() - began
    saved = run * (1 - min(quick() for _ in range(TURNS)) / min(plain() for _ in range(TURNS)))
    pays = saved > cost
    notes.append(f"compile: took {cost:.0f} s and saves {saved:.0f} s of the run, {'kept' if pays else 'not kept'}")
    return Choice(other if pays else settings, notes)
