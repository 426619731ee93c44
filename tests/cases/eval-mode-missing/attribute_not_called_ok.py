"""A validation whose switch is one pair of brackets short, in a closure."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def fit(model, train_loader, val_loader, epochs):
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)

    def validate():
        model.eval()
        total = 0.0
        with torch.no_grad():
            for x, y in val_loader:
                prediction = model(x)
                total += nn.functional.mse_loss(prediction, y).item()
        return total

    for _ in range(epochs):
        model.train()
        for x, y in train_loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
        print(validate())


torch.manual_seed(0)
data = TensorDataset(torch.randn(8, 5, 4), torch.randn(8, 5, 4))
layer = nn.TransformerEncoderLayer(4, 2, dim_feedforward=8, batch_first=True)
fit(nn.TransformerEncoder(layer, 1, enable_nested_tensor=False), DataLoader(data, 4, shuffle=True), DataLoader(data, 4), 2)
