"""Ignite: trainer and evaluator on loaders, schedule by iteration, clipping, accumulation, early stopping, checkpoint."""
import tempfile
import torch
from ignite.engine import Engine, Events, create_supervised_evaluator
from ignite.handlers import Checkpoint, DiskSaver, EarlyStopping, PiecewiseLinear, LRScheduler
from ignite.metrics import Accuracy, Loss, RunningAverage
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 3))
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
loss_fn = nn.CrossEntropyLoss()
x = torch.randn(256, 8)
y = x[:, :3].argmax(1)
train = DataLoader(TensorDataset(x[:192], y[:192]), batch_size=16, shuffle=True)
val = DataLoader(TensorDataset(x[192:], y[192:]), batch_size=16)
EVERY = 2


def step(engine, batch):
    net.train()
    xb, yb = batch
    loss = loss_fn(net(xb), yb) / EVERY
    loss.backward()
    if engine.state.iteration % EVERY == 0:
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        opt.zero_grad()
    return loss.item() * EVERY


trainer = Engine(step)
RunningAverage(output_transform=lambda v: v).attach(trainer, "loss")
sched = LRScheduler(torch.optim.lr_scheduler.StepLR(opt, 2, 0.5))
trainer.add_event_handler(Events.EPOCH_COMPLETED, sched)
evaluator = create_supervised_evaluator(net, metrics={"acc": Accuracy(), "nll": Loss(loss_fn)})


@trainer.on(Events.EPOCH_COMPLETED)
def validate(engine):
    evaluator.run(val)
    print(engine.state.epoch, engine.state.metrics, evaluator.state.metrics)


evaluator.add_event_handler(Events.COMPLETED, EarlyStopping(5, lambda e: -e.state.metrics["nll"], trainer))
with tempfile.TemporaryDirectory() as folder:
    keep = Checkpoint({"model": net, "optimizer": opt}, DiskSaver(folder, require_empty=False), n_saved=1)
    trainer.add_event_handler(Events.EPOCH_COMPLETED, keep)
    trainer.run(train, max_epochs=4)
