"""A convolutional class with its activation kept as an attribute, and a Trainer class."""
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset


class Digits(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Linear(4, 3)
        self.activation = nn.Softmax(dim=1)

    def forward(self, images):
        scores = self.head(self.features(images))
        return scores

    def predict(self, images):
        with torch.no_grad():
            return self.activation(self(images)).argmax(1)


class Trainer:
    def __init__(self, model, loader):
        self.model = model
        self.loader = loader
        self.criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
        self.optim = optim.AdamW(model.parameters(), lr=1e-3)

    def run_batch(self, images, labels):
        self.optim.zero_grad()
        scores = self.model(images)
        loss = self.criterion(scores, labels)
        loss.backward()
        self.optim.step()
        return loss.item()

    def fit(self, epochs):
        for _ in range(epochs):
            total = 0.0
            for images, labels in self.loader:
                total += self.run_batch(images, labels) * len(labels)
            print(total / len(self.loader.dataset))


torch.manual_seed(0)
pictures = TensorDataset(torch.randn(8, 1, 6, 6), torch.randint(3, (8,)))
Trainer(Digits(), DataLoader(pictures, batch_size=4, shuffle=True)).fit(2)
