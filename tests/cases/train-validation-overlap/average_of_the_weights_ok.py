"""An average of the weights is what is validated."""
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = torch.randn(60, 5)
y = x[:, :1] - x[:, 1:2]
loader = DataLoader(TensorDataset(x[:40], y[:40]), batch_size=20, shuffle=True)
held_out = DataLoader(TensorDataset(x[40:].clone(), y[40:].clone()), batch_size=15)
model = nn.Linear(5, 1)
average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for a, b in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(a), b).backward()
        optimizer.step()
        average.update_parameters(model)
    with torch.no_grad():
        print(sum(nn.functional.mse_loss(average(a), b, reduction="sum").item() for a, b in held_out))
