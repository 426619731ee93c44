"""A Trainer class that fine-tunes the head of a classifier."""
import torch
from torch import nn


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten())
        self.head = nn.Linear(64, 3)

    def forward(self, x):
        return self.head(self.backbone(x))


class Trainer:
    def __init__(self, model, lr=0.01):
        self.model = model
        model.backbone.requires_grad_(False)
        self.optimizer = torch.optim.SGD(model.head.parameters(), lr=lr)
        self.criterion = nn.CrossEntropyLoss()

    def fit(self, steps):
        self.model.train()
        for _ in range(steps):
            images, labels = torch.randn(4, 1, 6, 6), torch.randint(3, (4,))
            self.optimizer.zero_grad(set_to_none=True)
            self.criterion(self.model(images), labels).backward()
            self.optimizer.step()


if __name__ == "__main__":
    torch.manual_seed(0)
    Trainer(Classifier()).fit(4)
