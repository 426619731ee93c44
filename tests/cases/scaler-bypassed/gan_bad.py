"""A GAN under one scaler."""
import torch
from torch import nn

torch.manual_seed(0)
maker, judge = nn.Linear(2, 3), nn.Linear(3, 1)
opt_maker = torch.optim.Adam(maker.parameters(), lr=1e-3)
opt_judge = torch.optim.Adam(judge.parameters(), lr=1e-3)
scaler = torch.amp.GradScaler("cpu")
score = nn.BCEWithLogitsLoss()
ones, zeros = torch.ones(4, 1), torch.zeros(4, 1)
for epoch in range(2):
    for real in torch.randn(2, 4, 3):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            fake = maker(torch.randn(4, 2))
            judged = score(judge(real), ones) + score(judge(fake.detach()), zeros)
        opt_judge.zero_grad()
        scaler.scale(judged).backward()
        scaler.step(opt_judge)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            fooled = score(judge(fake), ones)
        opt_maker.zero_grad()
        scaler.scale(fooled).backward()
        opt_maker.step()  # expect: scaler-bypassed
        scaler.update()
    print(epoch, judged.item(), fooled.item())
