"""while epochs remain; a report and some tidying up after each epoch."""
import torch
from torch import nn


def epochs(n):
    k = 0
    while k < n:
        yield k
        k += 1


torch.manual_seed(0)
sents = [torch.randint(0, 12, (3, 5)) for _ in range(2)]
tags = [torch.randint(0, 4, (3, 5)) for _ in range(2)]
tagger = nn.ModuleDict({"emb": nn.Embedding(12, 6), "rnn": nn.GRU(6, 6, batch_first=True), "out": nn.Linear(6, 4)})
optimizer = torch.optim.Adam(tagger.parameters(), lr=1e-2)
for epoch in epochs(2):
    total = 0.0
    for s, t in zip(sents, tags):
        states, _ = tagger["rnn"](tagger["emb"](s))
        loss = nn.functional.cross_entropy(tagger["out"](states).flatten(0, 1), t.flatten())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        total += loss.item()
    print(epoch, total / len(sents))
