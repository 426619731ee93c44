"""Ignite: an Engine over an update function."""
import torch
from ignite.engine import Engine, Events
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
data = [(torch.randn(4, 3), torch.randint(0, 2, (4,))) for _ in range(2)]


def update(engine, batch):
    model.train()
    x, y = batch
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


trainer = Engine(update)


@trainer.on(Events.EPOCH_COMPLETED)
def report(engine):
    print(engine.state.epoch, engine.state.output)


trainer.run(data, max_epochs=2)
