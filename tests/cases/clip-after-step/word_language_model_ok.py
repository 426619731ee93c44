"""Word language model with repackaged hidden state and epoch-wise annealing."""
import torch
from torch import nn


class RNNModel(nn.Module):
    def __init__(self, ntoken, nhid):
        super().__init__()
        self.encoder = nn.Embedding(ntoken, nhid)
        self.rnn = nn.GRU(nhid, nhid)
        self.decoder = nn.Linear(nhid, ntoken)

    def forward(self, tokens, hidden):
        output, hidden = self.rnn(self.encoder(tokens), hidden)
        return self.decoder(output).flatten(0, 1), hidden


def repackage_hidden(h):
    return h.detach()


def train(model, data, optimizer, bptt=3, clip=0.25):
    hidden = torch.zeros(1, data.size(1), 6)
    for i in range(0, 6, bptt):
        source, target = data[i:i + bptt], data[i + 1:i + 1 + bptt].flatten()
        hidden = repackage_hidden(hidden)
        model.zero_grad()
        output, hidden = model(source, hidden)
        loss = nn.functional.cross_entropy(output, target)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
    return loss.item()


torch.manual_seed(1111)
corpus = torch.randint(0, 9, (7, 4))
model = RNNModel(9, 6)
optimizer = torch.optim.SGD(model.parameters(), lr=2.0)
anneal = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.25)
for epoch in range(1, 3):
    print(epoch, train(model, corpus, optimizer))
    anneal.step()
