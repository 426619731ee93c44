"""Output weights tied to the input's, and a sparse table with an optimizer of its own."""
import torch
from torch import nn


class Tied(nn.Module):
    def __init__(self, words=10, width=4):
        super().__init__()
        self.embed = nn.Embedding(words, width)
        self.users = nn.Embedding(50, width, sparse=True)
        self.out = nn.Linear(width, words, bias=False)
        self.out.weight = self.embed.weight

    def forward(self, words, user):
        return self.out(torch.tanh(self.embed(words) + self.users(user)))


torch.manual_seed(0)
model = Tied()
dense = torch.optim.Adam([p for n, p in model.named_parameters() if not n.startswith("users")], lr=1e-2)
sparse = torch.optim.SparseAdam(model.users.parameters(), lr=1e-2)
for step in range(5):
    words, user = torch.randint(10, (6,)), torch.randint(50, (6,))
    loss = nn.functional.cross_entropy(model(words, user), words)
    dense.zero_grad()
    sparse.zero_grad()
    loss.backward()
    dense.step()
    sparse.step()
