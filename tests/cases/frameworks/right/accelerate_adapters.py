"""Transformers model with Accelerate, LoRA by hand, no decay for biases, get_scheduler."""
import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader
from transformers import BertConfig, BertForSequenceClassification, default_data_collator, get_scheduler

torch.manual_seed(0)


class Lora(nn.Module):
    def __init__(self, inner, rank=2):
        super().__init__()
        self.inner = inner.requires_grad_(False)
        self.a = nn.Parameter(torch.randn(rank, inner.in_features) * 0.1)
        self.b = nn.Parameter(torch.zeros(inner.out_features, rank))

    def forward(self, x):
        return self.inner(x) + x @ self.a.T @ self.b.T


config = BertConfig(vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32)
model = BertForSequenceClassification(config)
model.bert.requires_grad_(False)
for layer in model.bert.encoder.layer:
    layer.attention.self.query = Lora(layer.attention.self.query)
rows = [{"input_ids": torch.randint(5, 50, (12,)), "labels": torch.tensor(i % 2), "attention_mask": torch.ones(12, dtype=torch.long)} for i in range(48)]
train = DataLoader(rows[:40], batch_size=8, shuffle=True, collate_fn=default_data_collator)
val = DataLoader(rows[40:], batch_size=8, collate_fn=default_data_collator)
named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
opt = torch.optim.AdamW([{"params": [p for n, p in named if "bias" not in n], "weight_decay": 0.01},
                         {"params": [p for n, p in named if "bias" in n], "weight_decay": 0.0}], lr=1e-3)
acc = Accelerator(cpu=True)
model, opt, train, val = acc.prepare(model, opt, train, val)
sched = get_scheduler("linear", opt, num_warmup_steps=2, num_training_steps=3 * len(train))
for epoch in range(3):
    model.train()
    for batch in train:
        out = model(**batch)
        acc.backward(out.loss)
        opt.step()
        sched.step()
        opt.zero_grad()
    model.eval()
    for batch in val:
        with torch.no_grad():
            out = model(**batch)
        acc.gather_for_metrics(out.logits)
