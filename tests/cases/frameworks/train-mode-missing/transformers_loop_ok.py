"""A tiny Transformers model trained and evaluated with functions."""
import torch
from torch.utils.data import DataLoader
from transformers import GPT2Config, GPT2LMHeadModel


def train_epoch(model, loader, optimizer):
    model.train()
    for ids in loader:
        out = model(input_ids=ids, labels=ids)
        optimizer.zero_grad()
        out.loss.backward()
        optimizer.step()


def perplexity(model, loader):
    model.eval()
    with torch.no_grad():
        losses = [model(input_ids=ids, labels=ids).loss for ids in loader]
    return torch.stack(losses).mean().exp().item()


torch.manual_seed(0)
model = GPT2LMHeadModel(GPT2Config(vocab_size=16, n_positions=8, n_embd=8, n_layer=1, n_head=2))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
train_loader = DataLoader(torch.randint(0, 16, (8, 6)), batch_size=4, shuffle=True)
valid_loader = DataLoader(torch.randint(0, 16, (8, 6)), batch_size=4)
for epoch in range(2):
    train_epoch(model, train_loader, optimizer)
    print(epoch, perplexity(model, valid_loader))
