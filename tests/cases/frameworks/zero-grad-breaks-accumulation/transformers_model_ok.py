"""A tiny Transformers model in a hand-written loop with accumulation."""
import torch
from torch.utils.data import DataLoader
from transformers import BertConfig, BertForSequenceClassification, get_linear_schedule_with_warmup

torch.manual_seed(0)
config = BertConfig(
    vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
    max_position_embeddings=8,
)
model = BertForSequenceClassification(config)
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4)
rows = [{"input_ids": torch.randint(0, 20, (6,)), "labels": torch.randint(0, 2, ())} for _ in range(8)]
loader = DataLoader(rows, batch_size=2, shuffle=True)
accumulation, epochs = 2, 2
schedule = get_linear_schedule_with_warmup(optimizer, 1, epochs * len(loader) // accumulation)
model.train()
for epoch in range(epochs):
    for step, batch in enumerate(loader):
        outputs = model(**batch)
        (outputs.loss / accumulation).backward()
        if (step + 1) % accumulation == 0:
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
    print(epoch, outputs.loss.item(), schedule.get_last_lr())
