"""Trainer class with optimize() and a separate clip method."""
import torch
from torch import nn, optim


class SequenceTrainer:
    clip = 0.25

    def __init__(self):
        torch.manual_seed(0)
        self.embed = nn.Embedding(11, 6)
        self.lstm = nn.LSTM(6, 8, batch_first=True)
        self.out = nn.Linear(8, 11)
        self.model = nn.ModuleList([self.embed, self.lstm, self.out])
        self.optimizer = optim.SGD(self.model.parameters(), lr=0.5)

    def loss(self, tokens):
        states, _ = self.lstm(self.embed(tokens[:, :-1]))
        logits = self.out(states)
        return nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())

    def clip_gradients(self):
        nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)  # expect: clip-after-step

    def optimize(self, tokens):
        self.optimizer.zero_grad()
        loss = self.loss(tokens)
        loss.backward()
        self.optimizer.step()
        self.clip_gradients()
        return loss.item()


trainer = SequenceTrainer()
corpus = [torch.randint(0, 11, (3, 5)) for _ in range(2)]
for epoch in range(2):
    for tokens in corpus:
        value = trainer.optimize(tokens)
    print(f"epoch {epoch}: {value:.3f}")
