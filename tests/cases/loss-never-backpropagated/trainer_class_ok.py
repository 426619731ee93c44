"""A trainer class that returns all of its losses for the log."""
import torch
from torch import nn


class Trainer:
    def __init__(self):
        self.student, self.teacher = nn.Linear(4, 3), nn.Linear(4, 3).requires_grad_(False)
        self.optimizer = torch.optim.SGD(self.student.parameters(), lr=0.1)

    def step(self, x, y):
        with torch.no_grad():
            soft = self.teacher(x).softmax(1)
        logits = self.student(x)
        hard = nn.functional.cross_entropy(logits, y)
        distilled = nn.functional.kl_div(logits.log_softmax(1), soft, reduction="batchmean")
        self.optimizer.zero_grad()
        (0.5 * hard + 0.5 * distilled).backward()
        self.optimizer.step()
        return {"hard": hard.item(), "distilled": distilled.item()}


torch.manual_seed(0)
trainer = Trainer()
for epoch in range(2):
    for x in torch.randn(2, 4, 4):
        print(epoch, trainer.step(x, x[:, :3].argmax(1)))
