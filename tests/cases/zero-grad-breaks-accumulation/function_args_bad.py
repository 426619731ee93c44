"""train(args, ...) with a gradient_accumulation_steps argument."""
import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def get_args():
    p = argparse.ArgumentParser()
    p.add_argument("--gradient_accumulation_steps", type=int, default=2)
    p.add_argument("--num_train_epochs", type=int, default=2)
    p.add_argument("--max_grad_norm", type=float, default=1.0)
    return p.parse_args([])


def train(args, model, loader, optimizer):
    model.train()
    for step, (inputs, labels) in enumerate(loader):
        model.zero_grad()  # expect: zero-grad-breaks-accumulation
        loss = nn.functional.cross_entropy(model(inputs), labels)
        loss = loss / args.gradient_accumulation_steps
        loss.backward()
        if (step + 1) % args.gradient_accumulation_steps == 0:
            nn.utils.clip_grad_norm_(model.parameters(), args.max_grad_norm)
            optimizer.step()
    return loss.item()


args = get_args()
torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(16, 4), torch.randint(0, 3, (16,))), batch_size=4, shuffle=True)
model = nn.Linear(4, 3)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
for epoch in range(args.num_train_epochs):
    print(epoch, train(args, model, loader, optimizer))
