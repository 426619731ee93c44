"""Training and evaluation mode, and no_grad (c48 to c52, c55)."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from glassloop.lab.claims import Figure, Here, Outcome, claim

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn


def _zoo() -> dict[str, tuple[nn.Module, tuple[int, ...]]]:
    """Layers by their published name, with the shape of an input."""
    from torch import nn

    return {
        "Linear, ReLU, Conv2d, LayerNorm, GroupNorm do not change": (
            nn.Sequential(
                nn.Conv2d(4, 4, 3), nn.GroupNorm(2, 4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 6), nn.LayerNorm(6)
            ),
            (3, 4, 4, 4),
        ),
        "InstanceNorm1d does not change": (nn.InstanceNorm1d(4), (3, 4, 5)),
        "InstanceNorm1d that tracks statistics does not change": (nn.InstanceNorm1d(4, track_running_stats=True), (3, 4, 5)),
        "RReLU does not change": (nn.RReLU(), (3, 4)),
        "TransformerEncoderLayer without dropout gives the same bits": (
            nn.TransformerEncoderLayer(32, 2, 64, 0.0, batch_first=True),
            (16, 8, 32),
        ),
        "Dropout changes": (nn.Dropout(0.5), (3, 4)),
        "BatchNorm1d changes": (nn.BatchNorm1d(4), (3, 4)),
        "BatchNorm1d without running statistics changes": (nn.BatchNorm1d(4, track_running_stats=False), (3, 4)),
    }


def _difference(layer: nn.Module, given: Tensor) -> float:
    """Largest difference of the outputs in the two modes, same input, same seed."""
    import torch

    outputs = []
    for mode in (True, False):
        torch.manual_seed(1)
        with torch.no_grad():
            outputs.append(layer.train(mode)(given))
    return float((outputs[0] - outputs[1]).abs().max())


@claim(
    "c48",
    says="eval() changes dropout and batch-norm, and nothing else",
    source="the loop post, the lesson",
    published={
        "Linear, ReLU, Conv2d, LayerNorm, GroupNorm do not change": True,
        "InstanceNorm1d does not change": True,
        "InstanceNorm1d that tracks statistics does not change": False,
        "RReLU does not change": False,
        "TransformerEncoderLayer without dropout gives the same bits": False,
        "the same after torch.set_default_device('cpu')": True,
        "Dropout changes": True,
        "BatchNorm1d changes": True,
        "BatchNorm1d without running statistics changes": False,
        "F.dropout(x) is switched off": False,
    },
    because="""
    RReLU and an InstanceNorm with running statistics change with the mode, too. A TransformerEncoderLayer
    without dropout differs by {encoder:.0e}: in evaluation mode without gradients it takes a fused path (but
    not once a default device is set: then the bits are the same). F.dropout(x) goes on dropping ({dropped:.0%}
    of its outputs were zero): it does not know the module's mode unless training=self.training is given.
    """,
)
def eval_changes_two_layers(here: Here) -> Outcome:
    """Each layer's output on the same input and seed in both modes; a functional dropout in a module in eval mode."""
    import torch
    import torch.nn.functional as F

    differences = {name: _difference(layer, torch.randn(shape)) for name, (layer, shape) in _zoo().items()}
    cases = {name: (apart > 0) == name.endswith("changes") for name, apart in differences.items()}
    dropped = float((F.dropout(torch.ones(1000)) == 0).float().mean())  # the call knows no module, so no mode
    cases["F.dropout(x) is switched off"] = dropped == 0
    name = "TransformerEncoderLayer without dropout gives the same bits"
    encoder, (layer, shape) = differences[name], _zoo()[name]
    torch.set_default_device("cpu")
    cases["the same after torch.set_default_device('cpu')"] = _difference(layer, torch.randn(shape)) == 0
    return Outcome(cases, {"encoder": encoder, "dropped": dropped})


def _deep() -> nn.Module:
    """Twelve layers of 64 with batch-norm: 64 inputs, 10 classes."""
    from torch import nn

    layers: list[nn.Module] = []
    for _ in range(12):
        layers += [nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(64, 10))


def _words(losses: list[float]) -> str:
    return ", ".join(f"{loss:.3f}" for loss in losses)


def _gradients() -> tuple[bool, float]:
    """Of a network with batch-norm and dropout: right in evaluation mode by finite differences?; relative change by mode."""
    import torch
    from torch import nn

    first = nn.Linear(4, 16)
    layers = nn.Sequential(first, nn.BatchNorm1d(16), nn.Dropout(0.3), nn.Tanh(), nn.Linear(16, 1)).double()
    given = torch.randn(8, 4, dtype=torch.float64)
    layers(given)  # in training mode: gives batch-norm statistics of its own
    found = []
    for mode in (True, False):
        layers.train(mode)
        found.append(torch.autograd.grad(layers(given).square().mean(), [first.weight])[0])

    def loss(weight: Tensor) -> Tensor:
        values = {**dict(layers.named_parameters()), "0.weight": weight}
        mean: Tensor = torch.func.functional_call(layers, values, given).square().mean()
        return mean

    right = torch.autograd.gradcheck(loss, [first.weight.detach().clone().requires_grad_()])
    return right, float((found[1] - found[0]).norm() / found[0].norm())


def _normed() -> nn.Module:
    """A small network behind a batch-norm of its inputs: 64 inputs, 10 classes."""
    from torch import nn

    from glassloop.lab.claims.training import network

    return nn.Sequential(nn.BatchNorm1d(64), network(64, 10))


def _spiral_in_both_modes(middle: Callable[[], nn.Module] | None, seeds: int = 3) -> list[list[float]]:
    """Validation loss of each seed, trained in training mode and in evaluation mode: spiral, AdamW, 30 epochs."""
    import torch

    from glassloop.lab.claims.material import spiral
    from glassloop.lab.claims.training import Recipe, fit, network, score

    found: list[list[float]] = []
    for mode in (True, False):
        found.append([])
        for seed in range(seeds):
            torch.manual_seed(seed)
            model = network(middle=middle).train(mode)
            fit(model, spiral(seed), Recipe(epochs=30), seed)
            found[-1].append(score(model, spiral(seed + 100))[0])
    return found


@claim(
    "c49",
    says="Training in evaluation mode gives incorrect gradients and worse results",
    source="the loop post",
    published={
        "gradients of what was computed are wrong": False,
        "no dropout, no batch-norm": False,
        "dropout 0.3, spiral": False,
        "batch-norm, spiral": False,
        "12 layers with batch-norm, digits, SGD": True,
        "batch-norm on unscaled inputs, digits, SGD": True,
    },
    because="""
    The gradients are right for what was computed (finite differences agree), but that is another network than
    in training mode: with dropout and batch-norm they differ by {gradient:.0%}. Without such layers the losses
    are the same bits. On the spiral, where there is nothing to regularise, evaluation mode was *better*:
    validation loss {dropout} against {dropout_eval} with dropout, {norm} against {norm_eval} with batch-norm (3
    seeds). Where batch-norm is what makes training possible, nothing is learned without its batch statistics:
    accuracy {deep:.2f} against {deep_eval:.2f} (12 layers), {unscaled:.2f} against {unscaled_eval:.2f} (inputs
    times 100, plus 500).
    """,
)
def eval_mode_is_worse(here: Here) -> Outcome:
    """Both modes on the spiral (AdamW 1e-2, 30 epochs) and on digits (SGD 0.1, 4 epochs; more seeds in a full run)."""
    import torch
    from torch import nn

    from glassloop.lab.claims.training import Pair, Recipe, digits, fit, score

    def accuracy(make: Callable[[], nn.Module], mode: bool, change: Callable[[Pair], Pair]) -> float:
        data, held_out = map(change, digits())
        found = []
        for seed in range(3 if here.full else 1):
            torch.manual_seed(seed)
            model = make().train(mode)
            fit(model, data, Recipe(0.1, 4, 64, "SGD"), seed)
            found.append(score(model, held_out)[1])
        return statistics.mean(found)

    def unscaled(data: Pair) -> Pair:
        return data[0] * 100 + 500, data[1]

    right_gradients, apart = _gradients()
    cases = {"gradients of what was computed are wrong": not right_gradients}
    figures: dict[str, Figure] = {"gradient": apart}
    spirals: dict[str, tuple[str, Callable[[], nn.Module] | None]] = {
        "plain": ("no dropout, no batch-norm", None),
        "dropout": ("dropout 0.3, spiral", lambda: nn.Dropout(0.3)),
    }
    digit_runs = {"unscaled": ("batch-norm on unscaled inputs, digits, SGD", _normed, unscaled)}
    if here.full:
        spirals["norm"] = ("batch-norm, spiral", lambda: nn.BatchNorm1d(64))
        digit_runs["deep"] = ("12 layers with batch-norm, digits, SGD", _deep, lambda data: data)
    for name, (case, middle) in spirals.items():
        right, wrong = _spiral_in_both_modes(middle, 3 if here.full else 1)
        cases[case] = right != wrong if name == "plain" else statistics.mean(wrong) > statistics.mean(right)
        figures[name], figures[f"{name}_eval"] = _words(right), _words(wrong)
    for name, (case, make, change) in digit_runs.items():
        right_share, wrong_share = accuracy(make, True, change), accuracy(make, False, change)
        cases[case] = wrong_share < right_share - 0.3
        figures[name], figures[f"{name}_eval"] = right_share, wrong_share
    return Outcome(cases, figures)


@claim(
    "c50",
    says="Dropout left off after validation makes the model overfit",
    source="the lesson",
    published={
        "100 digits, 30 % of the labels drawn at random": True,
        "1,437 digits: validation loss": True,
        "1,437 digits: validation accuracy": False,
        "spiral": False,
    },
    because="""
    100 digits with such labels: validation loss {noisy:.2f} with dropout, {noisy_off:.2f} without; accuracy
    {noisy_right:.1%}, then {noisy_off_right:.1%}. All 1,437 clean digits: loss {all:.3f}, then {all_off:.3f},
    but accuracy {all_right:.1%}, then {all_off_right:.1%}. On the spiral it is better off (c49).
    """,
)
def dropout_off_overfits(here: Here) -> Outcome:
    """MLP 64-256-256-10 with dropout 0.5, AdamW 3e-3, 3 seeds: few digits with wrong labels, all digits; the spiral."""
    import torch
    from torch import nn

    from glassloop.lab.claims.training import Pair, Recipe, digits, fit, network, score

    def wrong_labels(data: Pair, seed: int) -> Pair:
        draw = torch.Generator().manual_seed(seed)
        wrong = torch.rand(len(data[1]), generator=draw) < 0.3
        return data[0], torch.where(wrong, torch.randint(0, 10, data[1].shape, generator=draw), data[1])

    figures: dict[str, float] = {}

    def run(name: str, count: int, epochs: int, seeds: int) -> None:
        data, held_out = digits(count)
        for word, mode in (("", True), ("_off", False)):
            scores = []
            for seed in range(seeds):
                torch.manual_seed(seed)
                model = network(64, 10, 256, lambda: nn.Dropout(0.5)).train(mode)
                fit(model, wrong_labels(data, seed) if name == "noisy" else data, Recipe(3e-3, epochs), seed)
                scores.append(score(model, held_out))
            figures[name + word] = statistics.mean(loss for loss, _ in scores)
            figures[f"{name}{word}_right"] = statistics.mean(right for _, right in scores)

    run("noisy", 100, 100, 3 if here.full else 1)
    cases = {"100 digits, 30 % of the labels drawn at random": figures["noisy_off"] > 1.2 * figures["noisy"]}
    if here.full:
        run("all", 1437, 20, 3)
        spiral = [statistics.mean(losses) for losses in _spiral_in_both_modes(lambda: nn.Dropout(0.3))]
        cases |= {
            "1,437 digits: validation loss": figures["all_off"] > 1.1 * figures["all"],
            "1,437 digits: validation accuracy": figures["all_off_right"] < figures["all_right"] - 0.005,
            "spiral": spiral[1] > spiral[0],
        }
    return Outcome(cases, dict[str, Figure](figures))


@claim(
    "c51",
    says="no_grad saves memory",
    source="the lesson",
    published={"no_grad around a forward": True, "eval() alone": False, "inference_mode around a forward": True},
    because="""
    A forward of 256-2048-2048-10 at batch 256 keeps {plain:.1f} MiB for a backward that never comes (weights
    counted), {under:.1f} MiB under no_grad or inference_mode, and {eval:.1f} MiB in evaluation mode alone:
    eval() keeps the graph. It lasts only as long as something holds the result (c08).
    """,
)
def no_grad_saves_memory(here: Here) -> Outcome:
    """MiB of the distinct storages that autograd saves in one forward."""
    import torch
    from torch import nn

    from glassloop.lab.claims.training import saved_bytes

    model = nn.Sequential(nn.Linear(256, 2048), nn.ReLU(), nn.Linear(2048, 2048), nn.ReLU(), nn.Linear(2048, 10))
    given = torch.randn(256, 256)
    plain = saved_bytes(lambda: model(given)) / 2**20
    with torch.no_grad():
        under = saved_bytes(lambda: model(given)) / 2**20
    with torch.inference_mode():
        inference = saved_bytes(lambda: model(given)) / 2**20
    evaluation = saved_bytes(lambda: model.eval()(given)) / 2**20
    return Outcome(
        cases={
            "no_grad around a forward": under < 0.1 * plain,
            "eval() alone": evaluation < 0.9 * plain,
            "inference_mode around a forward": inference < 0.1 * plain,
        },
        figures={"plain": plain, "under": under, "inference": inference, "eval": evaluation},
    )


@claim(
    "c52",
    says="no_grad saves time",
    source="the lesson",
    published={"Linear(4, 2), one row": True, "256-1024-1024-10, batch 128": False},
    because="""
    Recording the graph costs something for each operation, not for each number: a forward of Linear(4, 2) took
    {small:.2f} of its time under no_grad, a forward of 256-1024-1024-10 at batch 128 {large:.2f} of it (medians
    of paired runs, one thread).
    """,
    full=True,
)
def no_grad_saves_time(here: Here) -> Outcome:
    """Ratio of the forward's time under no_grad to that without: median of 31 pairs, each of many forwards."""
    import torch
    from torch import nn

    def ratio(model: nn.Module, given: Tensor, repeat: int) -> float:
        def seconds(grad: bool) -> float:
            with torch.set_grad_enabled(grad):
                began = time.perf_counter()
                for _ in range(repeat):
                    model(given)
                return time.perf_counter() - began

        seconds(True), seconds(False)
        return statistics.median(seconds(False) / seconds(True) for _ in range(31))

    small = ratio(nn.Linear(4, 2), torch.randn(1, 4), 2000)
    wide = nn.Sequential(nn.Linear(256, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.ReLU(), nn.Linear(1024, 10))
    large = ratio(wide, torch.randn(128, 256), 10)
    cases = {"Linear(4, 2), one row": small < 0.95, "256-1024-1024-10, batch 128": large < 0.85}
    return Outcome(cases, {"small": small, "large": large})


@claim(
    "c55",
    says="An evaluation function should end by putting the model into training mode",
    source="the lesson",
    published={"called between training epochs": True, "called on a model in evaluation mode": False},
    because="""
    Called on a model in evaluation mode it hands it back in training mode, and two predictions of the same
    input with dropout then differ. Keep `model.training` and put that back: right in both cases.
    """,
)
def evaluate_ends_in_training_mode(here: Here) -> Outcome:
    """The mode after a function that ends in fit(), from both modes, and predictions afterwards."""
    import torch
    from torch import nn

    from glassloop.lab.claims.training import network

    def evaluate(model: nn.Module) -> None:
        model.eval()
        with torch.no_grad():
            model(torch.ones(2, 2))
        model.train()

    model = network(middle=lambda: nn.Dropout(0.5))
    evaluate(model.train())
    trains_on = model.training
    evaluate(model.eval())
    stays = torch.equal(model(torch.ones(2, 2)), model(torch.ones(2, 2)))
    return Outcome({"called between training epochs": trains_on, "called on a model in evaluation mode": stays})
