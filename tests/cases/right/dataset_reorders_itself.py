"""The dataset draws a new order when told so."""
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Rows(Dataset):
    def __init__(self, rows):
        self.rows = rows
        self.order = list(range(len(rows)))

    def renew(self):
        self.order = torch.randperm(len(self.rows)).tolist()

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[self.order[index]]


torch.manual_seed(0)
data = Rows(torch.randn(8, 3))
loader = DataLoader(data, batch_size=4)
model = nn.Linear(3, 1)
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(2):
    data.renew()
    for x in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
        optimizer.step()
