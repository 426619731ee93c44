"""Two engines of Ignite."""
import torch
from ignite.engine import Events, create_supervised_evaluator, create_supervised_trainer
from ignite.metrics import Loss
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = torch.randn(40, 4)
y = x.sum(1, keepdim=True)
loader = DataLoader(TensorDataset(x[:30], y[:30]), batch_size=10, shuffle=True)
held_out = DataLoader(TensorDataset(x[25:], y[25:]), batch_size=5)  # expect: train-validation-overlap
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
trainer = create_supervised_trainer(model, optimizer, nn.functional.mse_loss)
evaluator = create_supervised_evaluator(model, {"loss": Loss(nn.functional.mse_loss)})


@trainer.on(Events.EPOCH_COMPLETED)
def validate(engine):
    evaluator.run(held_out)


trainer.run(loader, max_epochs=2)
