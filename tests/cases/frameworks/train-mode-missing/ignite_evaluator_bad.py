"""Ignite: a trainer and an evaluator engine, the evaluator run after each epoch."""
import torch
from ignite.engine import Engine, Events
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 6), nn.Dropout(0.2), nn.Linear(6, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.05)
fit, check = ([(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)] for _ in range(2))


def train_step(engine, batch):
    x, y = batch
    opt.zero_grad()
    loss = nn.functional.mse_loss(net(x), y)  # expect: train-mode-missing
    loss.backward()
    opt.step()
    return loss.item()


def eval_step(engine, batch):
    net.eval()
    with torch.no_grad():
        return nn.functional.mse_loss(net(batch[0]), batch[1]).item()


trainer, evaluator = Engine(train_step), Engine(eval_step)


@trainer.on(Events.EPOCH_COMPLETED)
def validate(engine):
    evaluator.run(check)
    print(engine.state.epoch, evaluator.state.output)


trainer.run(fit, max_epochs=2)
