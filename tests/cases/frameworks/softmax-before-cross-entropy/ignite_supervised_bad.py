"""Ignite: the shipped supervised trainer on a classifier."""
import torch
from ignite.engine import create_supervised_trainer
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3), nn.Softmax(dim=1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(TensorDataset(torch.randn(8, 4), torch.randint(0, 3, (8,))), batch_size=4, shuffle=True)
trainer = create_supervised_trainer(model, optimizer, nn.CrossEntropyLoss())
trainer.run(loader, max_epochs=2)  # expect: softmax-before-cross-entropy
