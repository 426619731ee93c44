"""Flat script with a small recurrent network."""
import torch
from torch import nn

torch.manual_seed(0)
rnn = nn.GRU(3, 5, batch_first=True)
head = nn.Linear(5, 1)
params = list(rnn.parameters()) + list(head.parameters())
optimizer = torch.optim.SGD(params, lr=0.1)
sequences = [torch.randn(4, 6, 3), torch.randn(4, 6, 3)]

for epoch in range(2):
    for seq in sequences:
        optimizer.zero_grad()
        hidden, _ = rnn(seq)
        loss = (head(hidden[:, -1]) - seq.sum(dim=(1, 2))[:, None]).pow(2).mean()
        nn.utils.clip_grad_norm_(params, max_norm=1.0)  # expect: clip-before-backward
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
