"""A small transformer with learned positions."""
import torch
from torch import nn


class Reader(nn.Module):
    def __init__(self, words=12, width=8, length=6):
        super().__init__()
        self.embed = nn.Embedding(words, width)
        self.positions = nn.Parameter(torch.zeros(length, width))
        self.layer = nn.TransformerEncoderLayer(width, 2, 16, batch_first=True)
        self.out = nn.Linear(width, words)

    def forward(self, tokens):
        x = self.embed(tokens)
        return self.out(self.layer(x))


torch.manual_seed(0)
reader = Reader()
opt = torch.optim.Adam(reader.parameters(), lr=3e-4)  # expect: parameters-never-updated
reader.train()
for _ in range(4):
    tokens = torch.randint(12, (4, 6))
    opt.zero_grad(set_to_none=True)
    logits = reader(tokens)
    nn.functional.cross_entropy(logits.flatten(0, 1), tokens.flatten()).backward()
    nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
    opt.step()
