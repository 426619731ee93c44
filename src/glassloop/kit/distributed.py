"""Several processes that train one model: what a loop needs of torch.distributed, and nothing where it runs alone.

A launcher starts the same script several times (`torchrun --nproc-per-node 4 train.py`) and tells each process by its
environment which it is. Each has the whole model and takes a part of every batch; DistributedDataParallel (DDP) averages
the gradients, so that all take the same step. Under plain python no group is joined and each function here gives back
what it was given. What asks the other processes is collective: every process has to call it, in the same order.
"""

import gc
import io
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, redirect_stdout
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader

from glassloop.errors import UserError
from glassloop.kit import seeding
from glassloop.kit.data import to_device
from glassloop.kit.device import DeviceName, choose_device
from glassloop.kit.preflight import read_first_batch
from glassloop.kit.signals import StopSignal

Loss = Callable[[nn.Module, Any], tuple[torch.Tensor, Any]]  # (model, batch) -> mean loss, outputs

_NEEDED = ("RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
_ALWAYS = nullcontext()


def rank() -> int:
    """Which of the processes this is, from 0; 0 alone."""
    return dist.get_rank() if dist.is_initialized() else 0


def world() -> int:
    """How many processes train together; 1 alone."""
    return dist.get_world_size() if dist.is_initialized() else 1


def is_first() -> bool:
    """Is this the one process that prints, draws and saves?"""
    return rank() == 0


# ---- beginning and end ---------------------------------------------------------------------------------------------------


@contextmanager
def join() -> Iterator[None]:
    """Under a launcher that started several processes: become one of them, for the length of the block.

    Only the first one prints: the others' stdout leads nowhere. What one of them refuses is said by one of them.
    Raises UserError where the launcher did not tell what is needed, and where another process is lost.
    """
    count = os.environ.get("WORLD_SIZE", "1")
    if not count.isdigit() or int(count) <= 1:
        yield
        return
    if lacking := [name for name in _NEEDED if name not in os.environ]:
        raise UserError(
            f"WORLD_SIZE is {count} and {', '.join(lacking)} is not set; start several processes with "
            f"torchrun --nproc-per-node {count} train.py"
        )
    try:
        store, number, size = next(iter(rendezvous("env://")))
        # torchrun keeps one store for all its restarts, in which those who have died still have their addresses.
        store = PrefixStore(f"attempt-{os.environ.get('TORCHELASTIC_RESTART_COUNT', 0)}", store)
        # Tensors meet where they lie: gradients on GPUs by nccl, and small numbers of the hosts by gloo, without a sync.
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        dist.init_process_group(backend, store=store, rank=number, world_size=size)
    except (RuntimeError, ValueError) as error:
        raise UserError(f"the {count} processes do not find each other ({_first_line(error)}); use torchrun") from error
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere if number else sys.stdout):
        try:
            yield
        except (UserError, RuntimeError) as error:
            _say_once(store, error)
            raise
        except SystemExit:  # how a script ends
            _leave()
            raise
    _leave()


def _leave() -> None:
    gc.collect()  # a DDP model that outlives its group can hang as it is freed
    dist.destroy_process_group()


def _say_once(store: Store, error: Exception) -> None:
    """Of all processes that cannot go on, the first one says why; those that it leaves behind end without a word."""
    lost = not isinstance(error, UserError)
    if lost and not any(word in str(error) for word in ("gloo", "Gloo", "NCCL", "Connection", "Broken pipe")):
        return  # a bug: its traceback says more
    try:
        spoken = store.add("glassloop/ended", 1) > 1
    except RuntimeError:  # whoever kept the store is gone, too
        spoken = False
    if spoken:
        raise SystemExit(2) from None
    if lost:
        raise UserError(
            f"process {rank()} of {world()} lost another one ({_first_line(error)}), whose own output says why; "
            "--resume goes on from the last checkpoint"
        ) from error


def local_device(name: DeviceName) -> torch.device:
    """This process's own device: of several GPUs the one with its number on this machine. Raises UserError.

    Where nothing else is asked for, processes on a machine without CUDA compute on the CPU: DDP knows no mps.
    """
    if world() == 1:
        return choose_device(name)
    device = torch.device("cpu") if name == "auto" and not torch.cuda.is_available() else choose_device(name)
    if device.type == "mps":
        raise UserError("--device mps trains in one process; start it with plain python, or give --device cpu")
    if device.type == "cpu":
        return device
    number, gpus = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
    if number >= gpus:
        here = os.environ.get("LOCAL_WORLD_SIZE", str(number + 1))
        raise UserError(f"{here} processes on a machine with {gpus} GPUs; give --nproc-per-node {gpus}, or --device cpu")
    torch.cuda.set_device(number)  # what is sent to "cuda" from here on arrives there
    return torch.device("cuda", number)


# ---- the model -----------------------------------------------------------------------------------------------------------


def wrap(model: nn.Module, loader: DataLoader[Any], loss: Loss, device: torch.device) -> nn.Module:
    """`model` under DDP, which starts it in every process from the first one's weights; alone, `model` itself.

    `loss(model, batch)` is asked once, for epoch 0's first batch. Raises UserError where a parameter takes no part in it:
    every process would wait for its gradient.
    """
    if not dist.is_initialized():
        return model
    wrapped = DistributedDataParallel(model, gradient_as_bucket_view=True)
    _settle(model, wrapped, read_first_batch(loader), loss, device)
    return wrapped


def _settle(model: nn.Module, wrapped: nn.Module, batch: Any, loss: Loss, device: torch.device) -> None:
    """One backward that changes nothing but the order in which DDP will send the gradients.

    DDP packs them into buckets, and packs them again in the order in which the first backward has finished them. The
    packing decides in which order three or more numbers are added, so in the last bits. Without this, the first step
    after a resume would be packed like a first step, and differ from the same step of a run that was never stopped.
    """
    modes = [(module, module.training) for module in model.modules()]
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    devices = [device] if device.type == "cuda" else []
    with seeding.kept_rng(), torch.random.fork_rng(devices):
        torch.autograd.backward(loss(wrapped.train(), to_device(batch, device))[0])
    unused = [name for name, p in model.named_parameters() if p.requires_grad and p.grad is None]
    if unused:
        raise UserError(
            f"{unused[0]} takes no part in the loss of the first batch ({len(unused)} parameters do not), and every process "
            "would wait for its gradient; use it, or switch it off with requires_grad_(False)"
        )
    for module, training in modes:
        module.training = training
    with torch.no_grad():
        for buffer, value in buffers:
            buffer.copy_(value)
    model.zero_grad(set_to_none=True)


def no_sync(forward: nn.Module, *, unless: bool) -> AbstractContextManager[Any]:
    """Around a forward whose gradients are only added up where they are: they travel with the last batch of a window."""
    return _ALWAYS if unless or not dist.is_initialized() else forward.no_sync()  # type: ignore[operator]


def share_buffers(model: nn.Module) -> None:
    """Give every process the first one's buffers: batch norm's statistics, say, of which each has seen its own part."""
    if dist.is_initialized():
        for buffer in model.buffers():
            dist.broadcast(buffer.detach(), 0)


# ---- what all have to know -----------------------------------------------------------------------------------------------


class Alone:
    """What one process knows of a step without asking anybody."""

    __slots__ = ("_stop", "items")

    def __init__(self, items: int, stop: StopSignal) -> None:
        self.items, self._stop = items, stop

    @property
    def stops(self) -> bool:
        """Has the process been asked to stop?"""
        return self._stop.requested

    @property
    def exit_code(self) -> int:
        """What it then exits with."""
        return self._stop.exit_code


class Agreed:
    """What all processes know of a step; the answer is waited for where it is first used."""

    def __init__(self, items: int, stop: StopSignal) -> None:
        self._figures = torch.zeros(1 + world(), dtype=torch.int64)  # on the host, where gloo adds them: no sync
        self._figures[0], self._figures[1 + rank()] = items, stop.exit_code
        self._answer = dist.all_reduce(self._figures, async_op=True)

    def _answered(self) -> torch.Tensor:
        self._answer.wait()
        return self._figures

    @property
    def items(self) -> int:
        """Over all processes."""
        return int(self._answered()[0])

    @property
    def stops(self) -> bool:
        """Had any process been asked to stop before this step? So all of them stop after it."""
        return self.exit_code > 0

    @property
    def exit_code(self) -> int:
        """What all of them then exit with."""
        return int(self._answered()[1:].max())


def agree(items: int, stop: StopSignal) -> Alone | Agreed:
    """Ask all processes for their part of the coming step: its `items` here, and whether to `stop`. Does not wait."""
    return Agreed(items, stop) if dist.is_initialized() else Alone(items, stop)


def total(figures: Sequence[float]) -> list[float]:
    """Each of `figures` summed over the processes, in their order: the same bits in each of them."""
    if not dist.is_initialized():
        return list(figures)
    mine = torch.tensor(figures, dtype=torch.float64)
    everyone = [torch.empty_like(mine) for _ in range(world())]
    dist.all_gather(everyone, mine)
    return [sum(column) for column in zip(*(row.tolist() for row in everyone), strict=True)]


def mean(figures: Sequence[float]) -> list[float]:
    """Each of `figures` averaged over the processes."""
    return [figure / world() for figure in total(figures)] if dist.is_initialized() else list(figures)


def gather(value: Any) -> list[Any]:
    """Every process's `value`, in their order: tensors, numbers, strings, None, lists and dicts of them."""
    if not dist.is_initialized():
        return [value]
    file = io.BytesIO()
    torch.save(value, file)
    mine = torch.frombuffer(file.getbuffer(), dtype=torch.uint8)
    sizes = _sizes(len(mine))
    everyone = [torch.empty(max(sizes), dtype=torch.uint8) for _ in sizes]
    dist.all_gather(everyone, torch.cat((mine, mine.new_zeros(max(sizes) - len(mine)))))
    parts = zip(everyone, sizes, strict=True)
    return [torch.load(io.BytesIO(part[:size].numpy().tobytes()), weights_only=True) for part, size in parts]


def _sizes(mine: int) -> list[int]:
    sizes = [torch.zeros(1, dtype=torch.int64) for _ in range(world())]
    dist.all_gather(sizes, torch.tensor([mine]))
    return [int(size) for size in sizes]


def refuse_differences(facts: dict[str, Any]) -> None:
    """Raise UserError, in every process, where one of `facts` is not the same in all of them, and name it.

    But for `run_dir`: the first process alone writes there.
    """
    first, *others = gather(facts)
    for number, other in enumerate(others, 1):
        for name in first.keys() - {"run_dir"}:
            if first[name] != other.get(name):
                said = f"process 0 has {name} {first[name]}, and process {number} {other.get(name)}"
                raise UserError(f"{said}; give all the same flags, and a run folder that all can read")


# ---- generators ----------------------------------------------------------------------------------------------------------


def part_generators(seed: int) -> None:
    """From here on each process draws numbers of its own: with one dropout mask for all, parts would drop the same units.

    The first process goes on as one alone would. Order and augmentation do not come from these generators.
    """
    if rank():
        seeding.seed_everything(int(seeding.mix(seed, rank())[0]) >> 1)


def restore_generators(states: list[dict[str, Any]], seed: int, step: int) -> None:
    """Put back `gather(seeding.rng_state())`: each process its own.

    Where there are more processes than there were, the new ones draw what (seed, process, step) gives; where there are
    fewer, what the last ones would have drawn is never drawn.
    """
    if rank() < len(states):
        seeding.set_rng_state(states[rank()])
    else:
        seeding.seed_everything(int(seeding.mix(seed, rank(), step)[0]) >> 1)


def _first_line(error: BaseException) -> str:
    """What the error says, without the place in PyTorch's own source that it begins with."""
    return re.sub(r"^\[\S+\.(cc|cpp|h|hpp):\d+\] ", "", (str(error).splitlines() or [type(error).__name__])[0])
