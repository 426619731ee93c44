"""A character model that writes a sample after each epoch."""
import torch
from torch import nn


class CharModel(nn.Module):
    def __init__(self, n=7):
        super().__init__()
        self.table = nn.Embedding(n, 6)
        self.drop = nn.Dropout(0.3)
        self.out = nn.Linear(6, n)

    def forward(self, ids):
        return self.out(self.drop(self.table(ids)))

    @torch.no_grad()
    def write(self, start, length):
        self.eval()
        ids = [start]
        for _ in range(length):
            ids.append(int(self(torch.tensor(ids[-1:]))[-1].argmax()))
        self.train()
        return ids


torch.manual_seed(0)
text = torch.randint(0, 7, (21,))
model = CharModel()
opt = torch.optim.AdamW(model.parameters(), lr=1e-2)
for epoch in range(2):
    for at in (0, 10):
        logits = model(text[at:at + 10])
        loss = nn.functional.cross_entropy(logits, text[at + 1:at + 11])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, model.write(0, 2))
