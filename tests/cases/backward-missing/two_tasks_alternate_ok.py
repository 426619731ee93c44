"""Multi-task learning: a loss for each head is summed in a loop over a dict."""
import torch
from torch import nn

torch.manual_seed(0)
heads = nn.ModuleDict({"left": nn.Linear(4, 2), "right": nn.Linear(4, 3)})
optims = {name: torch.optim.SGD(head.parameters(), lr=0.1) for name, head in heads.items()}
for epoch in range(2):
    for x in torch.randn(2, 6, 4):
        for opt in optims.values():
            opt.zero_grad()
        left = nn.functional.cross_entropy(heads["left"](x), torch.randint(0, 2, (6,)))
        right = nn.functional.cross_entropy(heads["right"](x), torch.randint(0, 3, (6,)))
        total = left + right
        total.backward()
        optims["left"].step()
        optims["right"].step()
    print(epoch, left.item(), right.item())
