"""A small language model that gives its scores and, where it is told the next tokens, its loss."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class NextToken(nn.Module):
    def __init__(self, tokens=11, width=8):
        super().__init__()
        self.embed = nn.Embedding(tokens, width)
        self.head = nn.Linear(width, tokens)

    def forward(self, context, targets=None):
        scores = self.head(self.embed(context))
        guesses = F.softmax(scores, dim=-1)
        if targets is None:
            return guesses, None
        loss = F.cross_entropy(guesses.flatten(0, 1), targets.flatten())  # expect: softmax-before-cross-entropy
        return guesses, loss


torch.manual_seed(0)
text = torch.randint(11, (6, 9))
model = NextToken()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
for _ in range(2):
    _, loss = model(text[:, :-1], text[:, 1:])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
model.eval()
with torch.no_grad():
    guesses, _ = model(text[:, :-1])
print(guesses.argmax(-1).shape)
