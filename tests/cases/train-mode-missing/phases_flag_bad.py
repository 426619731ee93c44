"""for phase in (...): a flag computed from its name prepares each phase."""
import torch
from torch import nn

torch.manual_seed(0)
data = {phase: [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)] for phase in ("fit", "check")}
net = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.ELU(), nn.Linear(5, 1))
adam = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(2):
    for phase in ("fit", "check"):
        learning = phase == "fit"
        if not learning:
            net.eval()
        total = 0.0
        for x, y in data[phase]:
            with torch.set_grad_enabled(learning):
                out = net(x)  # expect: train-mode-missing
                loss = nn.functional.mse_loss(out, y)
            if learning:
                adam.zero_grad()
                loss.backward()
                adam.step()
            total += loss.item()
        print(epoch, phase, total / 2)
