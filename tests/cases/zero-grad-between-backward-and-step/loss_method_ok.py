"""A model class with fit() of its own, in the manner of scikit-learn."""
import torch
from torch import nn


class Classifier(nn.Module):
    def __init__(self, features, classes, epochs=2, lr=0.1):
        super().__init__()
        self.linear = nn.Linear(features, classes)
        self.epochs, self.lr = epochs, lr

    def forward(self, x):
        return self.linear(x)

    def fit(self, X, y, batch_size=4):
        optimizer = torch.optim.SGD(self.parameters(), lr=self.lr)
        for _ in range(self.epochs):
            order = torch.randperm(len(X))
            for at in order.split(batch_size):
                loss = nn.functional.cross_entropy(self(X[at]), y[at])
                self.zero_grad()
                loss.backward()
                optimizer.step()
        return self

    @torch.no_grad()
    def score(self, X, y):
        return (self(X).argmax(1) == y).float().mean().item()


torch.manual_seed(0)
X, y = torch.randn(8, 3), torch.randint(0, 2, (8,))
print(Classifier(3, 2).fit(X, y).score(X, y))
