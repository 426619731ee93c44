"""A language model whose forward gives logits and loss; micro-batches in an inner loop."""
import torch
from torch import nn
from torch.nn import functional as F


class Model(nn.Module):
    def __init__(self, vocabulary, width):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        self.head = nn.Linear(width, vocabulary)

    def forward(self, tokens, targets=None):
        logits = self.head(self.embed(tokens))
        if targets is None:
            loss = None
        else:
            loss = F.cross_entropy(logits.view(-1, logits.size(-1)), targets.reshape(-1), ignore_index=-1)
        return logits, loss


torch.manual_seed(0)
data = torch.randint(0, 9, (100,))
model = Model(9, 4)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
gradient_accumulation_steps = 2


def get_batch():
    ix = torch.randint(90, (3,))
    return torch.stack([data[i:i + 5] for i in ix]), torch.stack([data[i + 1:i + 6] for i in ix])


for iteration in range(2):
    for micro_step in range(gradient_accumulation_steps):
        X, Y = get_batch()
        logits, loss = model(X, Y)
        loss = loss / gradient_accumulation_steps
        loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    print(iteration, loss.item())
