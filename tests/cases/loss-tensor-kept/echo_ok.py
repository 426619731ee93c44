"""A recurrent network whose state goes on from sequence to sequence, detached in place."""
import torch
from torch import nn


class Echo(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(1, 4, batch_first=True)
        self.linear = nn.Linear(4, 1)

    def forward(self, x, hidden):
        x, hidden = self.rnn(x, hidden)
        return self.linear(x), hidden


def train(hidden):
    model.train()
    total = 0
    for i in range(4):
        optimizer.zero_grad()
        if hidden is not None:
            hidden.detach_()
        x = torch.randn(2, 5, 1)
        logits, hidden = model(x, hidden)
        loss = criterion(logits, (x > 0).float())
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total, hidden


torch.manual_seed(0)
model = Echo()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.001)
hidden = None
epoch = 0
while epoch < 2:
    total, hidden = train(hidden)
    epoch += 1
    print(epoch, float(total) / 4)
