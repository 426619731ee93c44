"""A pool is labelled by the model, which then goes on with what it is sure of."""
import torch
from torch import nn
from torch.utils.data import DataLoader, Subset, TensorDataset

torch.manual_seed(0)
x = torch.randn(48, 4)
labels = (x[:, 0] > 0).long()
labelled, pool = TensorDataset(x[:16], labels[:16]), TensorDataset(x[16:], torch.zeros(32, dtype=torch.long))
loader, unlabelled = DataLoader(labelled, batch_size=8, shuffle=True), DataLoader(pool, batch_size=16)
model = nn.Linear(4, 2)
optimizer = torch.optim.Adam(model.parameters(), lr=0.05)


def fit(batches):
    for _ in range(2):
        for a, b in batches:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(a), b).backward()
            optimizer.step()


@torch.no_grad()
def guess():
    return torch.cat([model(a).softmax(1) for a, _ in unlabelled])


fit(loader)
sure, guessed = guess().max(1)
pool.tensors = (x[16:], guessed)
chosen = sure.argsort(descending=True)[:16].tolist()
fit(DataLoader(Subset(pool, chosen), batch_size=8, shuffle=True))
print((guess().argmax(1) == labels[16:]).float().mean().item())
