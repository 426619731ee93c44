"""Ignite: filtered and joined events, gradients of two batches a step by a handler, rates by Ignite, the shipped trainer after."""
import torch
from ignite.engine import Engine, Events, create_supervised_evaluator, create_supervised_trainer
from ignite.handlers import LRScheduler, TerminateOnNan, Timer
from ignite.metrics import Loss, RunningAverage
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(8, 16), nn.Dropout(0.1), nn.Linear(16, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
x = torch.randn(64, 8)
train = DataLoader(TensorDataset(x, x.sum(1, keepdim=True)), batch_size=8, shuffle=True)


def accumulate(engine, batch):
    net.train()
    features, target = batch
    loss = nn.functional.mse_loss(net(features), target)
    (loss / 2).backward()
    return {"loss": loss.item()}


trainer = Engine(accumulate)
RunningAverage(output_transform=lambda out: out["loss"]).attach(trainer, "loss")
Timer().attach(trainer)
trainer.add_event_handler(Events.ITERATION_COMPLETED, TerminateOnNan(output_transform=lambda out: out["loss"]))
trainer.add_event_handler(Events.ITERATION_STARTED, LRScheduler(torch.optim.lr_scheduler.StepLR(opt, 5, 0.5)))
evaluator = create_supervised_evaluator(net, metrics={"mse": Loss(nn.MSELoss())})


@trainer.on(Events.ITERATION_COMPLETED(every=2))
def update(engine):
    opt.step()
    opt.zero_grad()


@trainer.on(Events.STARTED | Events.COMPLETED)
def say(engine):
    print(engine.state.metrics)


@trainer.on(Events.EPOCH_COMPLETED(every=2))
def validate(engine):
    evaluator.run(train)


@trainer.on(Events.EPOCH_COMPLETED(once=3))
def slower():
    for group in opt.param_groups:
        group["lr"] /= 10


trainer.run(train, max_epochs=4)
evaluator.run(train)
create_supervised_trainer(net, opt, loss_fn=nn.MSELoss(), device="cpu").run(train, max_epochs=1)
