"""What is in a checkpoint, and what can be read again (c57, c58, c59, c62)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from glassloop.lab.claims import Figure, Here, Outcome, claim


@claim(
    "c57",
    says="A checkpoint of weights, optimizer, epoch and validation loss loads with weights_only=True",
    source="the lesson",
    published={
        "validation loss is a Python float": True,
        "validation loss is a tensor": True,
        "validation loss is a NumPy float": False,
        "with a Path in it": False,
        "with a config object in it": False,
        "with the config object allowed by add_safe_globals": True,
    },
    because="""
    Tensors, numbers, strings and plain containers load. np.float64 (what np.mean of losses gives), a Path and a
    dataclass raise {error}; float(...), str(...) and asdict(...) before saving mend it.
    """,
)
def weights_only_loads(here: Here) -> Outcome:
    """Save and load one checkpoint with each kind of value in it."""
    import pickle

    import numpy as np
    import torch

    model = torch.nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(model.parameters())
    path, errors = Path("checkpoint.pt"), set()

    def loads(**more: Any) -> bool:
        torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3, **more}, path)
        try:
            torch.load(path, weights_only=True)
        except pickle.UnpicklingError as error:
            errors.add(type(error).__name__)
            return False
        return True

    here_again = Here()  # a frozen dataclass, as configs are
    cases = {
        "validation loss is a Python float": loads(val_loss=0.5),
        "validation loss is a tensor": loads(val_loss=torch.tensor(0.5)),
        "validation loss is a NumPy float": loads(val_loss=np.mean([0.5])),
        "with a Path in it": loads(folder=Path("runs")),
        "with a config object in it": loads(config=here_again),
    }
    with torch.serialization.safe_globals([Here]):
        cases["with the config object allowed by add_safe_globals"] = loads(config=here_again)
    return Outcome(cases, {"error": ", ".join(sorted(errors))})


@claim(
    "c58",
    says="The loading function reads what the loop saves",
    source="the lesson",
    published={"latest.pt": False, "best.pt": False},
    because="""
    The loop does not call the saving function beside it and writes other keys: latest.pt raises {latest} (no
    validation loss was saved), best.pt raises {best} (it is a bare state_dict). Files that the saving function
    wrote can be read.
    """,
)
def loader_reads_the_files(here: Here) -> Outcome:
    """Read the loop's two files, and the saving function's one, with the loading function."""
    import torch

    from glassloop.lab.claims.lesson import load_checkpoint, save_checkpoint, train

    folder, model = Path("run"), torch.nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(model.parameters())
    train(model, 2, folder)
    save_checkpoint(model, optimizer, 2, 0.5, folder / "saved.pt")

    def error(name: str) -> str:
        try:
            load_checkpoint(model, optimizer, folder / name)
        except KeyError as problem:
            return f"KeyError {problem}"
        return ""

    assert not error("saved.pt"), "what the saving function wrote can be read"
    latest, best = error("latest.pt"), error("best.pt")
    return Outcome(
        cases={"latest.pt": not latest, "best.pt": not best},
        figures={"latest": latest, "best": best},
    )


@claim(
    "c59",
    says="Saving on improvement keeps the best model",
    source="the lesson",
    published={
        "one run with finite losses": True,
        "started again with the folder in place": False,
        "all validation losses are NaN": False,
        "the first validation loss is NaN": True,
    },
    because="""
    The best value is not saved, so a run that starts again takes its first model for the best: one with loss
    0.9 replaced one with 0.4. NaN is never below the best: where all losses are NaN there is no best.pt,
    without a word. Save the best value with the model, and stop at NaN.
    """,
)
def best_is_kept(here: Here) -> Outcome:
    """Which model best.pt holds after one run, after a second that starts worse, and with NaN losses."""
    import torch

    from glassloop.lab.claims.lesson import train

    def best_of(name: str, *runs: list[float]) -> torch.Tensor | None:
        """The weight in best.pt; the weights move every epoch, so that it tells the epoch."""
        for losses in runs:
            torch.manual_seed(0)
            train(torch.nn.Linear(2, 2), len(losses), Path(name), val_losses=losses)
        path = Path(name) / "best.pt"
        return torch.load(path)["weight"] if path.exists() else None

    nan = float("nan")
    last_of_three = best_of("reference", [0.9, 0.6, 0.4])
    assert last_of_three is not None

    def is_third(weight: torch.Tensor | None) -> bool:
        return weight is not None and torch.equal(weight, last_of_three)

    return Outcome(
        cases={
            "one run with finite losses": is_third(best_of("one", [0.9, 0.6, 0.4, 0.5])),
            "started again with the folder in place": is_third(best_of("again", [0.9, 0.6, 0.4], [0.9])),
            "all validation losses are NaN": best_of("nan", [nan, nan]) is not None,
            "the first validation loss is NaN": is_third(best_of("late", [nan, 0.6, 0.4])),
        }
    )


@claim(
    "c62",
    says="A full checkpoint is much larger than the weights, so not all of them are kept",
    source="the lesson",
    published={"AdamW": True, "SGD with momentum": True, "SGD": False},
    because="""
    One million float32 weights are {weights:.1f} MB; with the optimizer's state {adamw:.1f} MB for AdamW (two
    moments), {momentum:.1f} MB with momentum and {sgd:.1f} MB for plain SGD, which has no state.
    """,
)
def checkpoints_are_large(here: Here) -> Outcome:
    """Bytes on disk of weights alone and with the optimizer after one step; a case holds from 1.5 times the weights on."""
    import torch

    def megabytes(content: object) -> float:
        path = Path("checkpoint.pt")
        torch.save(content, path)
        return path.stat().st_size / 1e6

    model = torch.nn.Linear(1000, 1000)
    figures: dict[str, float] = {"weights": megabytes(model.state_dict())}
    optimizers: dict[str, torch.optim.Optimizer] = {
        "adamw": torch.optim.AdamW(model.parameters(), lr=1e-3),
        "momentum": torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9),
        "sgd": torch.optim.SGD(model.parameters(), lr=1e-3),
    }
    for name, optimizer in optimizers.items():
        optimizer.zero_grad()
        model(torch.ones(1, 1000)).sum().backward()
        optimizer.step()
        figures[name] = megabytes({"model": model.state_dict(), "optimizer": optimizer.state_dict()})
    large = {name: size > 1.5 * figures["weights"] for name, size in figures.items()}
    return Outcome(
        cases={"AdamW": large["adamw"], "SGD with momentum": large["momentum"], "SGD": large["sgd"]},
        figures=dict[str, Figure](figures),
    )
