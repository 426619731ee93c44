"""StepLR counted in updates: a third of epochs times batches."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
config = {"epochs": 2, "batch_size": 4, "lr": 0.1}
loader = DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), config["batch_size"], shuffle=True)
steps = len(loader) * config["epochs"]
model = nn.Linear(3, 1)
opt = torch.optim.SGD(model.parameters(), lr=config["lr"])
sched = torch.optim.lr_scheduler.StepLR(opt, step_size=max(steps // 3, 1), gamma=0.9)
for epoch in range(config["epochs"]):
    for x, y in loader:
        opt.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        opt.step()
        sched.step()
    print(epoch, sched.get_last_lr())
