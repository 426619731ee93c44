"""Sums of classes, of numbers, of losses without a graph, and the best loss so far."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 3), torch.randint(0, 2, (8,))), batch_size=4, shuffle=True)
model = nn.Linear(3, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
best = torch.tensor(9.0)
classes, norms = [], []
for epoch in range(2):
    correct = total = running = 0
    for x, y in loader:
        logits = model(x)
        loss = nn.functional.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        norms.append(nn.utils.clip_grad_norm_(model.parameters(), 1.0))
        optimizer.step()
        _, predicted = logits.max(1)
        classes.append(predicted)
        correct += (predicted == y).sum()
        total += y.size(0)
        running += loss.data
        with torch.no_grad():
            running += loss
            best = loss if loss < best else best
    print(epoch, correct / total, running.item() / len(loader), best.item())
