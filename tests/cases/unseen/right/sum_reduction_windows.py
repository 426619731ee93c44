"""Sum-reduced losses over a window; the gradient is divided by the number of samples."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(16, 3), torch.randint(2, (16,))), batch_size=4, shuffle=True)
model = nn.Linear(3, 2)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
criterion = nn.CrossEntropyLoss(reduction="sum")
for epoch in range(2):
    samples = 0
    for i, (x, y) in enumerate(loader):
        criterion(model(x), y).backward()
        samples += len(x)
        if (i + 1) % 2 == 0 or i + 1 == len(loader):
            for p in model.parameters():
                p.grad /= samples
            opt.step()
            opt.zero_grad()
            samples = 0
