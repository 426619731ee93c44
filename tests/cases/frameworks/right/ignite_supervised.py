"""Ignite: the shipped supervised trainer and evaluator; nothing of the loop is in this file."""
import torch
from ignite.engine import Events, create_supervised_evaluator, create_supervised_trainer
from ignite.metrics import Loss
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 6), nn.Dropout(0.1), nn.Linear(6, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
sched = torch.optim.lr_scheduler.StepLR(opt, step_size=1, gamma=0.9)
fit, check = ([(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)] for _ in range(2))
trainer = create_supervised_trainer(net, opt, nn.MSELoss())
evaluator = create_supervised_evaluator(net, metrics={"mse": Loss(nn.MSELoss())})
trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda engine: sched.step())


@trainer.on(Events.EPOCH_COMPLETED)
def report(engine):
    evaluator.run(check)
    print(engine.state.epoch, evaluator.state.metrics)


trainer.run(fit, max_epochs=2)
