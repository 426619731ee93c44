"""Fine-tuning: the head of a pretrained body is changed for the new classes."""
import torch
from torch import nn


class Pretrained(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 8)
        self.fc = nn.Linear(8, 10)

    def forward(self, x):
        return self.fc(torch.relu(self.body(x)))


def main():
    torch.manual_seed(0)
    model = Pretrained()
    model.fc = nn.Linear(model.fc.in_features, 3)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for _ in range(2):
        x, y = torch.randn(4, 4), torch.randint(3, (4,))
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


main()
