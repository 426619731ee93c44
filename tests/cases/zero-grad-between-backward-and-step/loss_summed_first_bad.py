"""Nested functions: train() defines its own step(batch) that unpacks dicts."""
import torch
from torch import nn


def train(config):
    torch.manual_seed(config["seed"])
    model = nn.Linear(config["in"], 1)
    opt = torch.optim.RMSprop(model.parameters(), lr=config["lr"])

    def step(batch):
        losses = {"fit": nn.functional.mse_loss(model(batch["x"]), batch["y"])}
        losses["decay"] = 1e-3 * sum(p.pow(2).sum() for p in model.parameters())
        total = sum(losses.values())
        total.backward()
        opt.zero_grad()  # expect: zero-grad-between-backward-and-step
        opt.step()
        return total.item()

    batches = [{"x": torch.randn(4, config["in"]), "y": torch.randn(4, 1)} for _ in range(2)]
    for epoch in range(config["epochs"]):
        print(epoch, [step(batch) for batch in batches])


train({"seed": 0, "in": 3, "lr": 1e-2, "epochs": 2})
