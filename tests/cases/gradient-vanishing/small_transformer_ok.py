"""Attention with tied embeddings; the first step is a long way down."""

import torch
from torch import nn


class Text(nn.Module):
    def __init__(self, vocabulary=300, width=24):
        super().__init__()
        self.table = nn.Embedding(vocabulary, width)
        layer = nn.TransformerEncoderLayer(width, 4, 48, dropout=0.1, batch_first=True, norm_first=True)
        self.body = nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)
        self.out = nn.Linear(width, vocabulary, bias=False)
        self.out.weight = self.table.weight

    def forward(self, ids):
        mask = nn.Transformer.generate_square_subsequent_mask(ids.shape[1])
        return self.out(self.body(self.table(ids) * 5, mask=mask, is_causal=True))


torch.manual_seed(0)
model = Text()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
warm_up = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, step / 10))
for _ in range(24):
    ids = torch.randint(0, 300, (4, 12))
    logits = model(ids[:, :-1])
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    warm_up.step()
