"""Windows made by hand, with Accelerate going backward."""
import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader, TensorDataset

WINDOW = 2
accelerator = Accelerator(cpu=True)
torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(24, 3)), batch_size=6, shuffle=True)
model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
for epoch in range(2):
    for number, (x,) in enumerate(loader, 1):
        loss = torch.nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
        accelerator.backward(loss)  # expect: accumulation-not-averaged
        if number % WINDOW == 0:
            optimizer.step()
            optimizer.zero_grad()
    accelerator.print(epoch, loss.item())
