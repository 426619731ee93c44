"""What frameworks do to the stream: passes that they stop themselves, schedules that they step by hand, modes."""

from __future__ import annotations

import pytest

from glassloop.events import EVAL_MODE, FORWARD, OPAQUE, PASS_BEGIN, PASS_END, SCHEDULE, SCHEDULER, STEP
from tests.tap.hearing import hear, kinds, line

for name in ("lightning", "ignite"):
    pytest.importorskip(name, reason="the extra `frameworks` is not installed")

LIGHTNING = """
import lightning as L
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

class Net(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))

    def training_step(self, batch, batch_idx):
        return nn.functional.mse_loss(self.body(batch[0]), batch[1])

    def validation_step(self, batch, batch_idx):
        self.log("val", nn.functional.mse_loss(self.body(batch[0]), batch[1]))

    def configure_optimizers(self):
        opt = torch.optim.SGD(self.parameters(), lr=0.1)
        return [opt], [torch.optim.lr_scheduler.StepLR(opt, 1)]

QUIET = dict(accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
             enable_model_summary=False)
loader = lambda **kwargs: DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), batch_size=4, **kwargs)
"""

IGNITE = """
import torch
from ignite.engine import Engine, Events
from ignite.handlers import LRScheduler
from torch.utils.data import DataLoader, TensorDataset
model = torch.nn.Linear(3, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.1)

def train(engine, batch):
    opt.zero_grad()
    model(batch[0]).sum().backward()
    opt.step()

trainer, looker = Engine(train), Engine(lambda engine, batch: None)
loader = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4)
"""


def test_lightning_stops_at_the_last_batch_and_the_end_of_the_pass_is_said_before_what_comes_after_it():
    code = "L.Trainer(max_epochs=2, limit_val_batches=0, **QUIET).fit(Net(), loader(shuffle=True))"
    heard = [e for e in hear(code, LIGHTNING) if e.kind in (PASS_BEGIN, PASS_END, STEP, SCHEDULE)]
    assert [e.kind for e in heard] == [PASS_BEGIN, STEP, STEP, PASS_END, SCHEDULE] * 2
    assert {line(e) for e in heard if e.kind == PASS_END} == {1}


def test_a_validation_of_lightnings_ends_too():
    code = "L.Trainer(max_epochs=1, num_sanity_val_steps=0, **QUIET).fit(Net(), loader(shuffle=True), loader())"
    heard = [e for e in hear(code, LIGHTNING) if e.kind in (PASS_BEGIN, PASS_END)]
    assert [(e.kind, e.what == heard[0].what) for e in heard] == [
        (PASS_BEGIN, True), (PASS_END, True), (PASS_BEGIN, False), (PASS_END, False),
    ]  # fmt: skip


def test_a_pass_that_is_cut_short_has_no_end():
    code = "L.Trainer(max_epochs=1, limit_train_batches=1, limit_val_batches=0, **QUIET).fit(Net(), loader())"
    assert kinds_of(code, LIGHTNING).count(PASS_END) == 0


def test_the_end_of_a_pass_is_said_once_where_the_framework_meets_it_in_the_next_epoch():
    code = """
        trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda e: looker.run(loader))
        trainer.run(loader, max_epochs=3)
    """
    heard = [kind for kind in kinds_of(code, IGNITE) if kind in (PASS_BEGIN, PASS_END)]
    assert heard == [PASS_BEGIN, PASS_END] * 6


def test_a_schedule_that_a_library_steps_by_hand_is_not_one_that_is_never_stepped():
    code = """
        sched = torch.optim.lr_scheduler.StepLR(opt, 1)
        trainer.add_event_handler(Events.EPOCH_COMPLETED, LRScheduler(sched))
        trainer.run(loader, max_epochs=2)
    """
    heard = [e for e in hear(code, IGNITE) if e.kind == OPAQUE]
    assert len(heard) == 2
    assert {ref.role for e in heard for ref in e.of or ()} == {SCHEDULER}


def test_a_person_may_look_at_the_rates_of_a_schedule():
    assert OPAQUE not in kinds("sched = torch.optim.lr_scheduler.ExponentialLR(opt, 0.9)\nsched.get_lr()")


def test_the_models_inside_a_model_are_told_of_its_mode():
    heard = hear("model[0](x)\nmodel.eval()\nmodel(x)")
    inner = next(e.what for e in heard if e.kind == FORWARD)
    told = next(e for e in heard if e.kind == EVAL_MODE)
    assert inner in (told.of or ())
    assert told.what not in (told.of or ())


def test_lightnings_pass_for_the_averages_of_batch_norm_is_no_training():
    code = """
        from lightning.pytorch.callbacks import StochasticWeightAveraging
        fit = L.Trainer(max_epochs=3, callbacks=[StochasticWeightAveraging(0.01, swa_epoch_start=1)], **QUIET)
        fit.fit(Net(), loader(shuffle=True), loader())
    """
    heard = kinds_of(code, LIGHTNING)
    assert heard.count(STEP) == heard.count("backward") == 6  # a fourth pass runs the model alone


def kinds_of(code: str, start: str) -> list[str]:
    return [event.kind for event in hear(code, start)]
