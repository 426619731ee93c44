"""Two towers, each with its optimizer, cleared through the modules."""
import torch
from torch import nn

torch.manual_seed(0)
user_tower = nn.Linear(5, 3)
item_tower = nn.Linear(4, 3)
user_opt = torch.optim.SGD(user_tower.parameters(), lr=0.1)
item_opt = torch.optim.SGD(item_tower.parameters(), lr=0.1)
pairs = [(torch.randn(4, 5), torch.randn(4, 4)) for _ in range(2)]

for epoch in range(2):
    for u, v in pairs:
        user_tower.zero_grad()
        item_opt.zero_grad()
        score = user_tower(u) @ item_tower(v).T
        loss = nn.functional.cross_entropy(score, torch.arange(len(u)))
        loss.backward()
        user_opt.step()
        item_opt.step()
    print(epoch, loss.item())
