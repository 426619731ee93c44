"""Words are looked up by hand, the rest is a recurrent network."""
import torch
from torch import nn


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(20, 6)
        self.rnn = nn.GRU(6, 8, batch_first=True)
        self.out = nn.Linear(8, 4)

    def look_up(self, words):
        return self.table.weight.data[words]

    def forward(self, words):
        states, _ = self.rnn(self.look_up(words))
        return self.out(states)


def batches(n):
    for _ in range(n):
        yield torch.randint(20, (3, 5)), torch.randint(4, (3, 5))


torch.manual_seed(0)
tagger = Tagger()
optimizer = torch.optim.Adagrad(tagger.parameters(), lr=0.1)  # expect: parameters-never-updated
for words, tags in batches(5):
    loss = nn.functional.cross_entropy(tagger(words).transpose(1, 2), tags)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
