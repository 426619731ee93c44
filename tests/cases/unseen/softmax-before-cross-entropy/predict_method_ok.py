"""A model with helper methods, the loop in a class of its own."""
import torch
from torch import nn


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 6)
        self.rnn = nn.LSTM(6, 6, batch_first=True)
        self.out = nn.Linear(6, 4)

    def scores(self, tokens):
        return self.out(self.rnn(self.embed(tokens))[0])

    def predict_proba(self, tokens):
        return self.scores(tokens).softmax(-1)

    def forward(self, tokens):
        return self.scores(tokens)


class Loop:
    def __init__(self, model):
        self.model = model
        self.opt = torch.optim.Adam(model.parameters(), lr=1e-2)

    def step(self, tokens, tags):
        out = self.model(tokens)
        loss = nn.functional.cross_entropy(out.view(-1, 4), tags.view(-1))
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        return loss.item()


torch.manual_seed(0)
loop = Loop(Tagger())
for _ in range(2):
    print(loop.step(torch.randint(11, (2, 5)), torch.randint(4, (2, 5))))
