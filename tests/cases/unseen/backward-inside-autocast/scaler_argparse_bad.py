"""Mixed precision with a scaler, argparse and two nested loops."""
import argparse

import torch
from torch.utils.data import DataLoader, TensorDataset


def fit(args):
    torch.manual_seed(args.seed)
    model = torch.nn.Sequential(torch.nn.Linear(5, 5), torch.nn.ReLU(), torch.nn.Linear(5, 1))
    optimizer = torch.optim.RMSprop(model.parameters(), lr=args.lr)
    scaler = torch.amp.GradScaler("cpu")
    data = TensorDataset(torch.randn(8, 5), torch.randn(8, 1))
    for epoch in range(args.epochs):
        for features, target in DataLoader(data, 4, shuffle=True):
            optimizer.zero_grad(set_to_none=True)
            with torch.amp.autocast("cpu", torch.bfloat16):
                prediction = model(features)
                loss = torch.nn.functional.mse_loss(prediction, target)
                scaler.scale(loss).backward()  # expect: backward-inside-autocast
            scaler.step(optimizer)
            scaler.update()


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", default=2, type=int)
    p.add_argument("--lr", default=1e-3, type=float)
    p.add_argument("--seed", default=0, type=int)
    fit(p.parse_args())
