"""A helper makes the cells; a recurrent model runs through them."""
import torch
from torch import nn


def cells(count, width):
    made = []
    for _ in range(count):
        made.append(nn.GRUCell(width, width))
    return made


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(9, 4)
        self.cells = nn.ModuleList(cells(2, 4))
        self.out = nn.Linear(4, 9)

    def forward(self, tokens):
        x = self.embed(tokens).mean(1)
        for cell in self.cells:
            x = cell(x)
        return self.out(x)


def learn(net, batches):
    opt = torch.optim.Adam(net.parameters(), lr=1e-3)
    for tokens, target in batches:
        loss = nn.functional.cross_entropy(net(tokens), target)
        opt.zero_grad()
        loss.backward()
        opt.step()


torch.manual_seed(0)
learn(Recurrent(), [(torch.randint(9, (3, 5)), torch.randint(9, (3,))) for _ in range(2)])
