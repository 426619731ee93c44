"""Two schedules chained into one and advanced once an update, in a word-vector script."""
import torch
from torch import nn
from torch.optim import lr_scheduler as S

torch.manual_seed(0)
emb, ctx = nn.Embedding(10, 4), nn.Embedding(10, 4)
optimizer = torch.optim.SGD([{"params": emb.parameters()}, {"params": ctx.parameters(), "lr": 0.01}], lr=0.05)
schedule = S.ChainedScheduler([S.ConstantLR(optimizer, 0.5, 2), S.ExponentialLR(optimizer, 0.99)])
words = torch.randint(0, 10, (2, 6))

for epoch in range(2):
    for line in words:
        centre, around = line[:-1], line[1:]
        optimizer.zero_grad()
        logits = emb(centre) @ ctx.weight.T
        loss = nn.functional.cross_entropy(logits, around)
        loss.backward()
        schedule.step()  # expect: scheduler-before-optimizer
        optimizer.step()
    print(epoch, loss.item(), schedule.get_last_lr())
