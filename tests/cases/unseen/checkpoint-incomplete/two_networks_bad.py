"""Two networks and two optimizers, trained in turn."""
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset
import os
import tempfile

FILE = os.path.join(tempfile.mkdtemp(), "last.pt")


def main():
    torch.manual_seed(0)
    points = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4, shuffle=True)
    held_out = DataLoader(TensorDataset(torch.randn(6, 3)), batch_size=4)
    coder, decoder = nn.Linear(3, 2), nn.Linear(2, 3)
    first, second = optim.Adam(coder.parameters()), optim.Adam(decoder.parameters())
    plan = optim.lr_scheduler.ExponentialLR(first, 0.9)
    mse = nn.MSELoss()
    if os.path.exists(FILE):
        state = torch.load(FILE)
        coder.load_state_dict(state["model"])
    for epoch in range(2):
        for (x,) in points:
            first.zero_grad()
            second.zero_grad()
            loss = mse(decoder(coder(x)), x)
            loss.backward()
            first.step()
            second.step()
        plan.step()
        with torch.no_grad():
            total = 0.0
            for (x,) in held_out:
                value = mse(decoder(coder(x)), x)
                total += value.item() * len(x)
        print(f"{total / len(held_out.dataset)}")
        torch.save({"model": coder.state_dict(), "epoch": epoch}, FILE)  # expect: checkpoint-incomplete


if __name__ == "__main__":
    main()
