"""Modes set with model.train(flag), nested functions in main."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def main():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.4), nn.Linear(8, 1))
    opt = torch.optim.Adam(model.parameters(), lr=1e-2)
    train_loader = DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), batch_size=4, shuffle=True)
    valid_loader = DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), batch_size=4)

    def learn():
        for x, y in train_loader:
            opt.zero_grad()
            loss = nn.functional.mse_loss(model(x), y)  # expect: train-mode-missing
            loss.backward()
            opt.step()

    def score():
        model.train(False)
        with torch.inference_mode():
            return sum(nn.functional.mse_loss(model(x), y).item() for x, y in valid_loader)

    for epoch in range(2):
        learn()
        print(epoch, score())


main()
