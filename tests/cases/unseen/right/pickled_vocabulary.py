"""A vocabulary and a config in pickles of the program's own; no checkpoint is read from them."""
import os
import pickle
import tempfile

import torch
from torch import nn

folder = tempfile.mkdtemp()
words = {"a": 0, "loop": 1, "in": 2, "glass": 3}
with open(os.path.join(folder, "vocab.pkl"), "wb") as f:
    pickle.dump({"words": words, "width": 4}, f)
with open(os.path.join(folder, "vocab.pkl"), "rb") as f:
    config = pickle.load(f)

torch.manual_seed(0)
model = nn.Sequential(nn.EmbeddingBag(len(config["words"]), config["width"]), nn.Linear(config["width"], 2))
opt = torch.optim.Adagrad(model.parameters(), lr=0.1)
for _ in range(2):
    ids, label = torch.randint(len(words), (5, 3)), torch.randint(2, (5,))
    opt.zero_grad()
    nn.functional.cross_entropy(model(ids), label).backward()
    opt.step()
torch.save(model.state_dict(), os.path.join(folder, "weights.pt"))
