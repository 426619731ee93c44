"""Domain adaptation: a labelled and an unlabelled loader side by side."""
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
source = DataLoader(TensorDataset(torch.randn(12, 4), torch.randint(2, (12,))), batch_size=4, shuffle=True)
target = DataLoader(TensorDataset(torch.randn(12, 4) + 1), batch_size=4, shuffle=True)
features, classifier, domain = nn.Linear(4, 6), nn.Linear(6, 2), nn.Linear(6, 1)
modules = nn.ModuleList([features, classifier, domain])
optimizer = torch.optim.SGD(modules.parameters(), lr=0.05)
for epoch in range(2):
    for (x, y), (u,) in zip(source, target):
        fs, ft = features(x), features(u)
        loss = F.cross_entropy(classifier(fs), y)
        loss = loss + F.binary_cross_entropy_with_logits(domain(fs), torch.ones(len(x), 1))
        loss = loss + F.binary_cross_entropy_with_logits(domain(ft), torch.zeros(len(u), 1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
