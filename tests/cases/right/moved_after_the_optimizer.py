"""The model is cast, wrapped and tied after the optimizer was made: its parameters stay who they are."""
import torch
from torch import nn


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(7, 6)
        self.mix = nn.Linear(6, 6)
        self.out = nn.Linear(6, 7, bias=False)

    def forward(self, tokens):
        return self.out(torch.relu(self.mix(self.embed(tokens))))


torch.manual_seed(0)
model = Words()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
model.out.weight = model.embed.weight
model = model.to("cpu").double()
model = nn.DataParallel(model)
for step in range(4):
    tokens = torch.randint(7, (4, 5))
    loss = nn.functional.cross_entropy(model(tokens).flatten(0, 1), tokens.flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
