"""The rows of the ledger, made of what passes in a run."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from glassloop.record.ledger import Ledger, text_of
from glassloop.record.orders import name_of
from glassloop.record.tensors import fields_of
from glassloop.recorder import chance, state
from glassloop.recorder.data import Data
from glassloop.recorder.drawn import digester
from glassloop.recorder.order import Order, Pass
from glassloop.recorder.parameters import Parameters
from glassloop.recorder.session import samples_told
from glassloop.recorder.state import State
from glassloop.recorder.waiting import Row, Waiting

_Tensor = torch.Tensor
_item: Any = torch._C.TensorBase.item  # not as a watch has replaced it


class Rows:
    """Hears the objects of a run (tap.objects.Listener) and writes their rows. `opens` gives the ledger at the first one."""

    def __init__(self, home: Path, opens: Callable[[Rows], Ledger], order: Order, data: Data, states: State) -> None:
        self._home, self._opens = home, opens
        self.handed = order.handed  # a batch was handed over
        self.order, self.data, self.states = order, data, states
        self._ledger: Ledger | None = None
        self._lock = threading.RLock()
        self._waiting = Waiting()
        self._rng = digester()
        self.step = 0
        self.read: list[Path] = []  # files read before the first row
        self.parameters = Parameters()
        self._loss: Any = None
        self._norm: Any = None
        self._usual: Callable[[], Any] = _nobody  # the one optimizer that steps, weakly, as long as there is but one
        self._texts = "", ""  # what the last row said before and behind its order
        self._lr: Any = None  # its learning rate, where there was one,
        self._rates = ""  # and what it said of the rates
        self._optimizers: list[tuple[weakref.ref[Any], int]] = []  # in the order of their first steps
        self._mark: tuple[int, int] | None = None  # how many rows and bytes of order there were before the row under way

    # --- what passes -----------------------------------------------------------------------------------------------------

    def begins(self, loader: Any, iterator: Any) -> None:
        """A pass begins: those before it that fed nothing were evaluations."""
        if self.order.doubtful:
            self._evaluated()
        self.order.begins(loader, iterator)

    def dry(self, iterator: Any) -> None:
        """A pass has no more batches."""
        one = self.order.dry(iterator)
        if one is not None:
            self._evaluation(one)

    def backward(self, loss: Any) -> None:
        """A backward begins. What a tensor holds may change, so it is read here; on a device, kept."""
        if self.order.unfed:
            self.order.backward()
        self._loss = _taken(loss)

    def clipped(self, norm: Any) -> None:
        """Gradients were clipped."""
        self._norm = _taken(norm)

    def steps(self, optimizer: Any) -> None:
        """An optimizer is about to step."""
        self.parameters.steps(optimizer)

    def stepped(self, optimizer: Any) -> None:
        """An optimizer has stepped: the row of a step. What it says as the row before did is not made again."""
        record = self.order.usual()
        if record is None:
            record = self._unlike()
        self.step = step = self.step + 1
        loss, norm = self._loss, self._norm
        self._loss = self._norm = None
        groups = optimizer.param_groups
        lr = groups[0]["lr"] if len(groups) == 1 else None
        if lr is not self._lr or type(lr) is not float:
            self._lr, self._rates = lr, ",".join([_rate(group["lr"]) for group in groups])
        before, after = self._texts
        name = f'"{name_of(record)}"' if record else "null"
        more = ""
        if self.states.every != 0:
            digest = self.states.stepped(optimizer, step)
            if digest is not None:
                more = f',"state":"{digest}"'
        if step >= self.parameters.due:
            self.parameters.stepped(step, self.states)
        if self._usual() is not optimizer:
            more += self._which(optimizer)
        if self._mark is not None:
            self._recover()
        self._mark = (self._ledger or self.ledger).rows, self.order.size
        if record:
            self.order.write(record)
        if type(loss) is _Tensor or type(norm) is _Tensor or not self._waiting.empty:
            head = f'"step":{step}{before}{name}{after}{self._rates}],"loss":'
            self._later("step", head, loss, norm, f',"rng":"{self._rng()}"{more}')
        else:
            near = repr(loss) if loss is not None and loss - loss == 0.0 else _number(loss)
            norm = "null" if norm is None else _number(norm)
            start = f'"step":{step}{before}{name}{after}{self._rates}],"loss":{near}'
            self._write("step", f'{start},"grad_norm":{norm},"rng":"{self._rng()}"{more}')
        self._mark = None
        if self.states.every is None:
            self._choose()

    def _unlike(self) -> bytes:
        """The order of a row that says more than its order and its numbers otherwise than the row before."""
        if self._ledger is None:
            self._ledger = self.ledger  # which tells the step and the epoch from which a session goes on
        if self.order.doubtful:
            self._evaluated()
        covered, epoch = self.order.stepped()
        content = f',"content":"{covered.content}"' if covered.content else ""
        before = f',"epoch":{"null" if epoch is None else epoch},"order":'
        self._texts = before, f',"batches":{covered.batches},"samples":{covered.samples}{content},"lr":['
        return covered.record

    def saving(self, path: Any) -> None:
        """A file is about to be written."""
        self._settle()
        self.append("saving", step=self.step, path=self._name(path))

    def saved(self, path: Any, digest: str | None = None) -> None:
        """A checkpoint is there."""
        self._settle()
        try:
            fields = fields_of(Path(path))
        except Exception as error:  # gone again, or no file
            text = f"checkpoint {self._name(path)} could not be read ({type(error).__name__})"
            self.append("note", text=text, step=self.step)
            return
        more = {"state": digest} if digest else {}
        where = {"step": self.step, "epoch": self.order.next_epoch, "path": self._name(path)}
        self.append("checkpoint", **where, **fields, **more, rng=chance.all_digests())
        samples_told(self, self._home)
        self.ledger.sync()

    def loaded(self, path: Any) -> None:
        """A file was read: before the first row it may be what this session goes on from."""
        if not self.begun:
            self.read.append(Path(path))

    # --- rows ------------------------------------------------------------------------------------------------------------

    @property
    def ledger(self) -> Ledger:
        """The ledger, opened with the first row."""
        with self._lock:
            if self._ledger is None:
                self._ledger = self._opens(self)
            return self._ledger

    @property
    def begun(self) -> bool:
        """Whether there is any row."""
        return self._ledger is not None

    def append(self, kind: str, **fields: Any) -> None:
        """Writes a row, behind those that still wait."""
        if self._mark is not None:
            self._recover()
        self._write_or_wait(kind, text_of(fields))

    def settle(self) -> None:
        """Writes all that waits, at the end."""
        self.parameters.look(self.step)
        self._evaluated()
        self._settle()

    def close(self) -> None:
        """Lets go of the files."""
        self.order.close()
        self.data.close()
        if self._ledger is not None:
            self._ledger.close()

    def _begin(self) -> None:
        """A row with an order begins: what it writes to two files holds together, even if Ctrl-C comes between."""
        if self._mark is not None:
            self._recover()
        self._mark = (self._ledger or self.ledger).rows, self.order.size

    def _recover(self) -> None:
        """The row before was interrupted: was it written? If not, what it wrote of the order is taken back."""
        mark, self._mark = self._mark, None
        if mark is None or self._ledger is None:
            return
        path = self._ledger.path
        self._ledger.close()
        self._ledger = Ledger(path)
        if self._ledger.rows <= mark[0] and self._waiting.empty:
            self.order.cut(mark[1])

    def _write(self, kind: str, text: str) -> None:
        with self._lock:
            (self._ledger or self.ledger).append_line(kind, text)

    def _write_or_wait(self, kind: str, text: str) -> None:
        if self._waiting.empty:
            self._write(kind, text)
        else:
            self._waiting.add(Row((), lambda _: self._write(kind, text)))

    def _settle(self) -> None:
        if not self._waiting.empty:
            self._waiting.flush()

    def _later(self, kind: str, head: str, loss: Any, norm: Any, tail: str) -> None:
        """A row some of whose numbers are on a device."""
        there = [type(one) is _Tensor for one in (loss, norm)]
        tensors = tuple(one for one in (loss, norm) if type(one) is _Tensor)

        def write(numbers: list[float]) -> None:
            found = iter(numbers)
            values = [next(found) if far else near for far, near in zip(there, (loss, norm), strict=True)]
            self._write(kind, f'{head}{_number(values[0])},"grad_norm":{_number(values[1])}{tail}')

        self._waiting.add(Row(tensors, write))

    def _evaluated(self) -> None:
        for one in self.order.evaluations():
            self._evaluation(one)

    def _evaluation(self, one: Pass) -> None:
        self._begin()
        covered = self.order.evaluated(one)
        if covered.record:
            self.order.write(covered.record)
        name = name_of(covered.record) if covered.record else None
        fields = {"step": self.step, "batches": covered.batches, "samples": covered.samples}
        more = {"content": covered.content} if covered.content else {}
        self._write_or_wait("eval", text_of({**fields, "loader": one.loader.number, "order": name, **more}))
        self._mark = None

    def _choose(self) -> None:
        every = self.states.choose()
        if every is not None:
            often = "after each step" if every == 1 else f"every {every} steps"
            text = f"the state is digested {often}, which costs at most {state.SHARE:.0%} of the time"
            self.append("note", text=text, step=self.step, every={"state": every})

    def _which(self, optimizer: Any) -> str:
        """`,"opt":j` of the j-th optimizer, from 0, that stepped; nothing as long as there is one."""
        known = self._optimizers
        number = next((number for link, number in known if link() is optimizer), None)
        if number is None:
            number = known[-1][1] + 1 if known else 0
            self._optimizers = [one for one in known if one[0]() is not None] + [(weakref.ref(optimizer), number)]
        alone = len(self._optimizers) == 1 and not number
        self._usual = self._optimizers[0][0] if alone else _nobody
        return "" if alone else f',"opt":{number}'

    def _name(self, path: Any) -> str:
        """A path as a row names it: relative to the run folder where it lies in it."""
        whole = Path(path).absolute()
        return whole.relative_to(self._home).as_posix() if whole.is_relative_to(self._home) else whole.as_posix()


def _taken(value: Any) -> Any:
    """A number that a tensor holds: read where nothing waits for it, an alias of it on a device; None of anything else."""
    if type(value) is not _Tensor:
        return float(value) if isinstance(value, (int, float)) else None
    if value.is_cpu:
        try:
            return float(_item(value))
        except (RuntimeError, TypeError):  # several numbers, or a complex one
            return None
    if value.numel() != 1 or value.is_meta or (value.is_cuda and torch.cuda.is_current_stream_capturing()):
        return None
    return value.detach().reshape(()).clone()


def _number(value: float | None) -> str:
    if value is None:
        return "null"
    return repr(value) if value - value == 0.0 else f'"{value}"'  # which it is not of infinities


def _rate(rate: Any) -> str:
    if type(rate) is torch.Tensor:
        return _number(float(_item(rate))) if rate.is_cpu and rate.numel() == 1 else "null"
    return _number(float(rate)) if isinstance(rate, (int, float)) else "null"


def _nobody() -> None:
    """In place of a reference to nothing yet."""
