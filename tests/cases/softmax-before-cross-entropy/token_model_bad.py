"""A token model: the last dimension are the words, flattened for the loss; the output is a tuple."""
import torch
import torch.nn.functional as F
from torch import nn


class Words(nn.Module):
    def __init__(self, size, width):
        super().__init__()
        self.embed = nn.Embedding(size, width)
        self.rnn = nn.GRU(width, width, batch_first=True)
        self.out = nn.Linear(width, size)

    def forward(self, tokens, hidden=None):
        states, hidden = self.rnn(self.embed(tokens), hidden)
        logits = self.out(states)
        return logits.softmax(-1), hidden


torch.manual_seed(0)
text = torch.randint(7, (2, 4, 6))
model = Words(7, 8)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
for epoch in range(2):
    for chunk in text:
        prediction, _ = model(chunk[:, :-1])
        loss = F.cross_entropy(prediction.reshape(-1, 7), chunk[:, 1:].reshape(-1))  # expect: softmax-before-cross-entropy
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    print(epoch, loss.item())
