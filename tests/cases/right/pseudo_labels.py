"""Semi-supervised: the student labels the weak view without a graph, in training mode, and learns from the strong one."""
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
labelled = DataLoader(TensorDataset(torch.randn(8, 4), torch.randint(3, (8,))), batch_size=4, shuffle=True)
unlabelled = DataLoader(TensorDataset(torch.randn(8, 4)), batch_size=4, shuffle=True)
model = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.03)
for epoch in range(2):
    model.train()
    for (x, y), (u,) in zip(labelled, unlabelled):
        with torch.no_grad():
            guess = model(u + 0.01 * torch.randn_like(u)).softmax(1)
        confidence, label = guess.max(1)
        supervised = F.cross_entropy(model(x), y)
        consistent = F.cross_entropy(model(u + 0.1 * torch.randn_like(u)), label, reduction="none")
        loss = supervised + (consistent * (confidence > 0.4)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
