"""One big batch cut into micro-batches, argparse."""
import argparse

import torch
import torch.nn.functional as F

parser = argparse.ArgumentParser()
parser.add_argument("--micro", type=int, default=4)
parser.add_argument("--updates", type=int, default=2)
args = parser.parse_args()

torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(10, 16), torch.nn.GELU(), torch.nn.Linear(16, 4))
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
for update in range(args.updates):
    inputs, labels = torch.randn(16, 10), torch.randint(4, (16,))
    optimizer.zero_grad()
    for x, y in zip(inputs.chunk(args.micro), labels.chunk(args.micro)):
        loss = F.cross_entropy(model(x), y)
        loss.backward()  # expect: accumulation-not-averaged
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
