"""A model that gives a dict, trained with a closure over the step."""
import torch
from torch import nn


class Classifier(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(4, 8), nn.Tanh())
        self.head = nn.Linear(8, classes)

    def forward(self, x):
        features = self.encoder(x)
        logits = self.head(features)
        return {"logits": logits, "probs": torch.softmax(logits, -1), "features": features}


def make_step(model, criterion, optimizer):
    def step(x, y):
        out = model(x)
        loss = criterion(out["probs"], y)  # expect: softmax-before-cross-entropy
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.detach(), out["probs"].detach()

    return step


torch.manual_seed(0)
model = Classifier(classes=3)
step = make_step(model, nn.CrossEntropyLoss(), torch.optim.RMSprop(model.parameters(), lr=1e-3))
for epoch in range(2):
    for _ in range(2):
        loss, probs = step(torch.randn(4, 4), torch.randint(3, (4,)))
    print(epoch, loss.item(), probs.max().item())
