"""Plain statements from top to bottom."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
DEVICE = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4, shuffle=True)
held_out = DataLoader(TensorDataset(torch.randn(6, 3)), batch_size=4)
model = nn.Linear(3, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)
model = model.to(DEVICE)
for epoch in range(2):
    for (x,) in loader:
        x = x.to(DEVICE)
        loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        last = loss.detach().cpu()  # expect: sync-every-step
    scheduler.step()
    total = 0.0
    with torch.no_grad():
        for (x,) in held_out:
            x = x.to(DEVICE)
            value = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
            total += value.item() * len(x)
    print(total / len(held_out.dataset))
