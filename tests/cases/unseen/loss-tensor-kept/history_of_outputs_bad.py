"""Notebook-like cells that keep a history for a plot."""
# %%
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(16, 2), torch.randint(2, (16,))
clf = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 2))
opt = torch.optim.Adam(clf.parameters(), lr=1e-2)
history = {"loss": [], "logits": []}

# %%
for step in range(3):
    opt.zero_grad()
    logits = clf(x)
    loss = nn.functional.cross_entropy(logits, y)
    loss.backward()
    opt.step()
    history["loss"].append(loss.item())
    history["logits"].append(logits)  # expect: loss-tensor-kept

# %%
print(len(history["loss"]), history["logits"][-1].shape)
