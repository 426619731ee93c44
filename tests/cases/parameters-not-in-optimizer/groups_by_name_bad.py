"""Groups with and without weight decay, chosen by name."""
import torch
from torch import nn


def configure(model):
    decay = [p for n, p in model.named_parameters() if n.endswith("weight") and p.ndim > 1]
    rest = [p for n, p in model.named_parameters() if "norm" in n]
    return torch.optim.AdamW(  # expect: parameters-not-in-optimizer
        [{"params": decay, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}], lr=1e-3
    )


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x):
        return x + self.mlp(self.norm(x))


torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), Block(8), Block(8), nn.Linear(8, 2))
optimizer = configure(model)
model.train()
for step in range(4):
    x, y = torch.randn(8, 4), torch.randint(2, (8,))
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
