"""Language-model fine-tuning style: dict batches, an outputs object, effective batch size."""
from types import SimpleNamespace

import torch
from torch import nn


class TinyLM(nn.Module):
    def __init__(self, vocab=8):
        super().__init__()
        self.emb = nn.Embedding(vocab, 5)
        self.proj = nn.Linear(5, vocab)

    def forward(self, input_ids, labels):
        logits = self.proj(self.emb(input_ids))
        return SimpleNamespace(logits=logits, loss=nn.functional.cross_entropy(logits.transpose(1, 2), labels))


torch.manual_seed(0)
ids = torch.randint(0, 8, (8, 4))
batches = [{"input_ids": ids[i:i + 2], "labels": ids[i:i + 2].roll(-1, 1)} for i in range(0, 8, 2)]
lm = TinyLM()
optimizer = torch.optim.AdamW(lm.parameters(), lr=5e-3)
effective, actual = 4, 2
grad_acc = effective // actual
global_step = 0

for epoch in range(2):
    for step, batch in enumerate(batches):
        outputs = lm(**batch)
        (outputs.loss / grad_acc).backward()
        if step % grad_acc == 1:
            nn.utils.clip_grad_norm_(lm.parameters(), 1.0)
            optimizer.step()
            global_step += 1
        lm.zero_grad()  # expect: zero-grad-breaks-accumulation
    print(epoch, global_step, outputs.loss.item())
