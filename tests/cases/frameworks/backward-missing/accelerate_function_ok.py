"""Accelerate: a training function with a scheduler and gathered metrics."""
import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def training_function(config):
    torch.manual_seed(config["seed"])
    accelerator = Accelerator(cpu=True)
    model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.1), nn.Linear(8, 2))
    optimizer = torch.optim.AdamW(model.parameters(), lr=config["lr"])
    make = lambda: TensorDataset(torch.randn(8, 4), torch.randint(0, 2, (8,)))
    train_dl, eval_dl = DataLoader(make(), batch_size=4, shuffle=True), DataLoader(make(), batch_size=4)
    model, optimizer, train_dl, eval_dl = accelerator.prepare(model, optimizer, train_dl, eval_dl)
    for epoch in range(config["epochs"]):
        model.train()
        for x, y in train_dl:
            loss = nn.functional.cross_entropy(model(x), y)
            accelerator.backward(loss)
            optimizer.step()
            optimizer.zero_grad()
        model.eval()
        hits = 0
        for x, y in eval_dl:
            with torch.no_grad():
                guess = model(x).argmax(-1)
            guess, y = accelerator.gather_for_metrics((guess, y))
            hits += (guess == y).sum().item()
        accelerator.print(epoch, hits / 8)


if __name__ == "__main__":
    training_function({"seed": 0, "lr": 1e-3, "epochs": 2})
