"""One function for both phases, called with a flag."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(3, 16)
        self.drop = nn.Dropout(0.5)
        self.b = nn.Linear(16, 1)

    def forward(self, x):
        return self.b(self.drop(torch.relu(self.a(x))))


class Experiment:
    def __init__(self, loaders):
        self.net = Net()
        self.loaders = loaders
        self.opt = torch.optim.Adam(self.net.parameters())

    def phase(self, name):
        training = name == "train"
        self.net.train(training)
        total = 0.0
        with torch.set_grad_enabled(training):
            for x, y in self.loaders[name]:
                loss = nn.functional.mse_loss(self.net(x), y)
                if training:
                    self.opt.zero_grad()
                    loss.backward()
                    self.opt.step()
                total += loss.item() * len(x)
        return total / len(self.loaders[name].dataset)


torch.manual_seed(0)
loaders = {
    "train": DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), batch_size=4, shuffle=True),
    "valid": DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), batch_size=4),
}
experiment = Experiment(loaders)
for epoch in range(2):
    for name in ("train", "valid"):
        print(epoch, name, experiment.phase(name))
