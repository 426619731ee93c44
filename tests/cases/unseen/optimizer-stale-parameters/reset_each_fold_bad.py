"""Cross-validation with a fresh network for each fold."""
import torch
from torch import nn

torch.manual_seed(0)
X, Y = torch.randn(12, 3), torch.randn(12, 1)


def make_model():
    return nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 1))


model = make_model()
opt = torch.optim.Adam(model.parameters(), lr=0.01)
folds = torch.arange(12).chunk(2)
for k, held_out in enumerate(folds):
    model = make_model()  # expect: optimizer-stale-parameters
    rest = torch.cat([f for j, f in enumerate(folds) if j != k])
    for _ in range(2):
        opt.zero_grad()
        loss = nn.functional.mse_loss(model(X[rest]), Y[rest])
        loss.backward()
        opt.step()
    with torch.no_grad():
        print(k, nn.functional.mse_loss(model(X[held_out]), Y[held_out]).item())
