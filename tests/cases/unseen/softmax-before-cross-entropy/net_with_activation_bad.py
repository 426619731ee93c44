"""A convolutional network with its classifier, functions."""
import torch
import torch.nn.functional as F
from torch import nn


class ConvNet(nn.Module):
    def __init__(self, classes=3):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.fc = nn.Linear(4, classes)

    def forward(self, x):
        h = F.relu(self.conv(x)).mean(dim=(2, 3))
        out = self.fc(h)
        return F.softmax(out, dim=1)


def train(model, batches, criterion, optimizer):
    for images, labels in batches:
        optimizer.zero_grad()
        outputs = model(images)
        loss = criterion(outputs, labels)  # expect: softmax-before-cross-entropy
        loss.backward()
        optimizer.step()


torch.manual_seed(0)
net = ConvNet()
batches = [(torch.randn(4, 1, 6, 6), torch.randint(3, (4,))) for _ in range(2)]
train(net, batches, nn.CrossEntropyLoss(), torch.optim.Adam(net.parameters()))
