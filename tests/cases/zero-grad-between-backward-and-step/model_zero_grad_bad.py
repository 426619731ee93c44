"""A module with its own training_step; the loop clears through the model."""
import torch
from torch import nn


class AutoEncoder(nn.Module):
    def __init__(self, width=6, code=2):
        super().__init__()
        self.encode = nn.Linear(width, code)
        self.decode = nn.Linear(code, width)

    def forward(self, x):
        return self.decode(torch.relu(self.encode(x)))

    def training_step(self, x):
        return nn.functional.mse_loss(self(x), x)


torch.manual_seed(0)
ae = AutoEncoder()
adam = torch.optim.Adam(ae.parameters(), lr=1e-2)
for epoch in range(2):
    for x in torch.randn(2, 4, 6):
        loss = ae.training_step(x)
        loss.backward()
        ae.zero_grad()  # expect: zero-grad-between-backward-and-step
        adam.step()
    print(f"{epoch:02d} {loss.item():.4f}")
