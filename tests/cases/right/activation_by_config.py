"""The last activation is chosen by a setting that goes with the loss; probabilities never meet cross entropy."""
import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--probabilities", action="store_true")
parser.add_argument("--loss", default="ce", choices=["ce", "nll"])
args = parser.parse_args()


class Net(nn.Module):
    def __init__(self, probabilities, log):
        super().__init__()
        self.fc = nn.Linear(4, 3)
        self.act = nn.Identity()
        if probabilities:
            self.act = nn.Softmax(dim=1)
        elif log:
            self.act = nn.LogSoftmax(dim=1)

    def forward(self, x):
        return self.act(self.fc(x))


torch.manual_seed(0)
model = Net(args.probabilities, args.loss == "nll")
criterion = nn.NLLLoss() if args.loss == "nll" else nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for _ in range(2):
        x, y = torch.randn(4, 4), torch.randint(3, (4,))
        out = model(x)
        if args.probabilities:
            out = torch.log(out + 1e-8)
        loss = criterion(out, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
