"""Ignite: a cosine over the epochs, annealed by a handler."""
import torch
from ignite.engine import Engine, Events
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
EPOCHS = 3
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(TensorDataset(torch.randn(32, 3), torch.randn(32, 1)), batch_size=4, shuffle=True)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=EPOCHS)


def update(engine, batch):
    x, y = batch
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def anneal(engine, schedule):
    schedule.step()  # expect: scheduler-per-batch


trainer = Engine(update)
trainer.add_event_handler(Events.ITERATION_COMPLETED, anneal, schedule)
trainer.run(loader, max_epochs=EPOCHS)
print(trainer.state.output)
