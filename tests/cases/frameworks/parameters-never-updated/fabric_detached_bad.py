"""Fabric: an encoder and a classifier, set up together."""
import torch
from lightning_fabric import Fabric
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.classifier = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x):
        return self.classifier(torch.relu(self.encoder(x).detach()))


torch.manual_seed(0)
fabric = Fabric(accelerator="cpu", devices=1)
model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)  # expect: parameters-never-updated
model, optimizer = fabric.setup(model, optimizer)
loader = DataLoader(TensorDataset(torch.randn(16, 6), torch.randint(3, (16,))), batch_size=4, shuffle=True)
loader = fabric.setup_dataloaders(loader)
for epoch in range(2):
    for x, y in loader:
        optimizer.zero_grad()
        fabric.backward(nn.functional.cross_entropy(model(x), y))
        optimizer.step()
