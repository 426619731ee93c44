"""A weighted sampler takes the place of the shuffle; sigmoid serves the plain BCE and the metric."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

torch.manual_seed(0)
labels = torch.tensor([0., 0., 0., 1., 0., 0., 1., 0.]).unsqueeze(1)
data = TensorDataset(torch.randn(8, 3), labels)
weights = torch.where(labels.squeeze(1) == 1, 3.0, 1.0)
loader = DataLoader(data, batch_size=4, sampler=WeightedRandomSampler(weights, num_samples=8))
model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1), nn.Sigmoid())
criterion = nn.BCELoss()
opt = torch.optim.Adam(model.parameters())
for epoch in range(2):
    for x, y in loader:
        p = model(x)
        loss = criterion(p, y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        print(((p > 0.5) == y.bool()).float().mean().item())
