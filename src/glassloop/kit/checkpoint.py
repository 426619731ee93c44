"""Checkpoints that a crash cannot tear: written aside, synced, renamed; verified by digest when they are read.

    checkpoints/step-00000120/
        model.safetensors ema.safetensors    weights, one file for each named module
        state.pt                             optimizer, scheduler, scaler, RNG, position; loads with weights_only=True
        config.json                          the settings of the run
        digests.json                         sha256 of each tensor, of the state, of the config, and of all together
    checkpoints/latest, best                 links to two of those folders

Works with anybody's loop: `save` takes modules and plain dicts, `load_newest` gives them back.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from glassloop.errors import UserError
from glassloop.kit.digest import state_digest, tensor_digests
from glassloop.kit.progress import note
from glassloop.record import current
from glassloop.record.files import fsync_folder, write_atomic

_BEFORE = ".before-"  # a checkpoint that steps aside for a new one of the same step


class DamagedError(Exception):
    """A checkpoint that cannot be trusted; the message says which file and why."""


class Checkpoint(NamedTuple):
    """A whole checkpoint, read and verified, on the CPU."""

    path: Path
    step: int
    weights: dict[str, dict[str, torch.Tensor]]  # state dict by module name, as given to `save`
    state: dict[str, Any]
    config: dict[str, Any]
    digest: str  # of everything above


def save(
    folder: Path,
    step: int,
    modules: Mapping[str, nn.Module],
    state: dict[str, Any],
    config: dict[str, Any],
    *,
    keep: int = 2,
    best: bool = False,
) -> Path:
    """Write `folder`/step-N and return it. Either it is whole or it is not there; the ones before stay as they were.

    `state` holds what `torch.load(weights_only=True)` accepts: tensors, numbers, strings, None, dicts, lists, tuples.
    `keep` newest checkpoints stay, and the best one. Raises UserError where the disk is full or may not be written.
    """
    target = folder / f"step-{step:08d}"
    aside = folder / f".writing-{target.name}-{os.getpid()}"
    with _clear_error(target):
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        aside.mkdir()
        try:
            with current.checkpoint(target) as told:
                told.append(_write(aside, modules, state, config))
                _put(aside, target)
                fsync_folder(folder)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
        _point(folder / "latest", target)
        if best:
            _point(folder / "best", target)
    _retire(folder, keep, target.name)
    return target


def load(path: Path) -> Checkpoint:
    """Read one checkpoint folder and verify every digest. Raises DamagedError, naming the file."""
    weights: dict[str, dict[str, torch.Tensor]] = {}
    part = path
    try:
        part = path / "digests.json"
        digests = json.loads(part.read_text())
        for name in digests["weights"]:
            part = path / f"{name}.safetensors"
            weights[name] = _read_weights(part)
        part = path / "state.pt"
        state = torch.load(part, map_location="cpu", weights_only=True)
        part = path / "config.json"
        config = json.loads(part.read_text())
        step = int(path.resolve().name.rpartition("-")[2])
        found = _digests(weights, state, config)
        wrong = [key for key in ("weights", "state", "config", "all") if found[key] != digests[key]]
    except FileNotFoundError:
        raise DamagedError(f"{part} is missing") from None
    except Exception as error:  # a damaged pickle can raise anything at all
        raise DamagedError(f"{part} cannot be read ({_first_line(error)})") from error
    if wrong:
        raise DamagedError(f"{path}: the digest of its {wrong[0]} does not match digests.json")
    return Checkpoint(path, step, weights, state, config, found["all"])


def load_newest(folder: Path, say: Callable[[str], None] = note) -> Checkpoint | None:
    """The newest whole checkpoint in `folder`, or None where there is none.

    A damaged one is named in one line through `say` (a note), and the one before it is tried. Raises UserError when
    checkpoints are there but none is whole: going on from scratch would hide the loss.
    """
    steps = _steps(folder)
    for path in reversed(steps):
        try:
            return load(path)
        except DamagedError as error:
            say(f"damaged checkpoint passed over: {error}")
    if steps:
        raise UserError(f"none of the {len(steps)} checkpoints in {folder} is whole; start again in another --run-dir")
    return None


def restore(
    found: Checkpoint,
    modules: Mapping[str, nn.Module],
    stateful: Mapping[str, Any],
    settings: Mapping[str, Any],
    may_change: Iterable[str],
) -> None:
    """Put a checkpoint back into `modules` and into what has `load_state_dict` (optimizer, scheduler, scaler).

    Raises UserError where `settings` differ from the stored ones in more than `may_change`: optimizer and scheduler
    would go on with the old values, and the new ones would be ignored in silence. Also where the model has changed.
    """
    for key, value in found.config.items():
        if key in settings and settings[key] != value and key not in may_change:
            flag = f"--{key.replace('_', '-')}"
            now = f"is {settings[key]} now, and the schedule and the order hang on it; leave it, or begin a new run"
            raise UserError(f"{flag} was {value} when {found.path} was written and {now}")
    if set(modules) != set(found.weights):
        raise UserError(f"{found.path} holds {sorted(found.weights)}, and this run has {sorted(modules)}; it is not its own")
    try:
        for name, module in modules.items():
            module.load_state_dict(found.weights[name])
        for name, holder in stateful.items():
            holder.load_state_dict(found.state[name])
    except (RuntimeError, ValueError, KeyError) as error:
        raise UserError(
            f"{found.path} does not fit this model or optimizer ({_first_line(error)}); "
            "undo the change or start in another --run-dir"
        ) from error
    current.resumed(found.step, found.path, found.state.get("epoch"))


def exists(folder: Path) -> bool:
    """Is there any checkpoint in `folder`, whole or not?"""
    return bool(_steps(folder))


def _write(aside: Path, modules: Mapping[str, nn.Module], state: dict[str, Any], config: dict[str, Any]) -> str:
    """Writes all files of a checkpoint; gives the digest of all together."""
    weights = {name: module.state_dict() for name, module in modules.items()}
    for name, tensors in weights.items():
        _write_weights(aside / f"{name}.safetensors", tensors)
    torch.save(state, aside / "state.pt")
    (aside / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    digests = _digests(weights, state, config)
    (aside / "digests.json").write_text(json.dumps(digests, indent=1) + "\n")
    for file in aside.iterdir():  # plain writes so far, because nobody reads here before the folder has its name
        with open(file, "rb+") as handle:
            os.fsync(handle.fileno())
    fsync_folder(aside)
    return str(digests["all"])


def _write_weights(path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    """safetensors refuses tensors that share memory: tied weights are written once and named, other views are copied."""
    unique: dict[str, torch.Tensor] = {}
    storages: set[int] = set()
    owner: dict[tuple[Any, ...], str] = {}
    aliases: dict[str, str] = {}
    for name, tensor in tensors.items():
        memory = (tensor.device, tensor.data_ptr(), tensor.dtype, tensor.shape, tensor.stride())
        first = owner.setdefault(memory, name) if tensor.numel() else name
        if first == name:
            values = tensor.detach().cpu().contiguous()
            storage = values.untyped_storage().data_ptr()
            unique[name] = values.clone() if storage in storages else values
            storages.add(storage)
        else:
            aliases[name] = first
    save_file(unique, path, metadata={"aliases": json.dumps(aliases), "order": json.dumps(list(tensors))})


def _read_weights(path: Path) -> dict[str, torch.Tensor]:
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        aliases, order = json.loads(metadata["aliases"]), json.loads(metadata["order"])
        return {name: file.get_tensor(aliases.get(name, name)) for name in order}


def _digests(weights: Mapping[str, Mapping[str, torch.Tensor]], state: Any, config: Any) -> dict[str, Any]:
    found = {
        "weights": {name: tensor_digests(tensors) for name, tensors in weights.items()},
        "state": state_digest(state),
        "config": state_digest(config),
    }
    # The settings are left out of the whole: the same state reached by `--epochs 2` twice or 4 at once is the same.
    return {**found, "all": state_digest([found["weights"], found["state"]])}


def _steps(folder: Path) -> list[Path]:
    """Every checkpoint folder, oldest first; of a step that was being replaced when the run was killed, the one before."""
    found = {path.name.removeprefix(_BEFORE): path for path in folder.glob(f"{_BEFORE}step-*")}
    found |= {path.name: path for path in folder.glob("step-*") if path.is_dir()}
    return [found[name] for name in sorted(found)]


def _sweep(folder: Path) -> None:
    """Remove what a run that was killed while it saved left lying about."""
    for leftover in (*folder.glob(".writing-*"), *folder.glob(".latest-*"), *folder.glob(".best-*")):
        _remove(leftover)
    for before in folder.glob(f"{_BEFORE}*"):
        if before.with_name(before.name.removeprefix(_BEFORE)).exists():
            _remove(before)


def _put(aside: Path, target: Path) -> None:
    """Rename `aside` to `target`. One may be there: damaged and passed over, or the same step before its evaluation.

    A folder cannot replace another at once, so the old one steps aside under a name that `_steps` knows.
    """
    before = target.with_name(_BEFORE + target.name)
    if target.exists():
        os.replace(target, before)
    os.replace(aside, target)
    _remove(before)


def _point(link: Path, target: Path) -> None:
    """Make `link` lead to its neighbour `target`, atomically; a file that holds the name where links are not allowed."""
    aside = link.with_name(f".{link.name}-{os.getpid()}")
    aside.unlink(missing_ok=True)
    try:
        aside.symlink_to(target.name, target_is_directory=True)
        os.replace(aside, link)
    except OSError:  # Windows without the privilege
        write_atomic(link, target.name)


def _retire(folder: Path, keep: int, newest: str) -> None:
    """Remove all but the best and the `keep` up to `newest`. Later ones are damaged and were passed over: not counted."""
    best = folder / "best"
    best_name = best.resolve().name if best.is_symlink() else best.read_text() if best.exists() else ""
    older = [path for path in _steps(folder) if path.name.removeprefix(_BEFORE) <= newest]
    for path in older[: -max(keep, 1)]:
        if path.name.removeprefix(_BEFORE) != best_name:
            # Renamed first, so that a half-removed one is never taken for whole.
            leaving = path.with_name(f".writing-{path.name}-leaving")
            os.replace(path, leaving)
            _remove(leaving)


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _clear_error(target: Path) -> Iterator[None]:
    """Turn what the writers raise for a full or read-only disk into one line."""
    try:
        yield
    except (OSError, SafetensorError, RuntimeError) as error:
        free = shutil.disk_usage(next(p for p in target.parents if p.exists())).free
        raise UserError(
            f"checkpoint {target} could not be written ({_first_line(error)}; {free / 2**20:.0f} MiB free there); "
            "the checkpoints before it are intact. Free some space or give another --run-dir, then --resume"
        ) from error


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
