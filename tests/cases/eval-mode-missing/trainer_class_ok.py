"""A Trainer class with a convolutional model; validation is a method."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        x = torch.relu(self.norm(self.conv(x)))
        return self.fc(x.mean((2, 3)))


class Trainer:
    def __init__(self, model, train_data, val_data):
        self.model = model
        self.train_data, self.val_data = train_data, val_data
        self.loss = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-3)

    def _train(self):
        self.model.train()
        for images, labels in self.train_data:
            self.optimizer.zero_grad()
            self.loss(self.model(images), labels).backward()
            self.optimizer.step()

    def _validate(self):
        self.model.eval()
        losses = []
        with torch.inference_mode():
            for images, labels in self.val_data:
                outputs = self.model(images)
                losses.append(self.loss(outputs, labels).item())
        return losses

    def run(self, epochs):
        for _ in range(epochs):
            self._train()
            print(self._validate())


torch.manual_seed(0)
data = TensorDataset(torch.randn(8, 1, 6, 6), torch.randint(3, (8,)))
Trainer(ConvNet(), DataLoader(data, 4, shuffle=True), DataLoader(data, 4)).run(2)
