"""The phases written one under the other, scheduler and best accuracy included."""
import torch
from torch import nn

torch.manual_seed(0)
train_data = [(torch.randn(4, 5), torch.randint(0, 2, (4,))) for _ in range(2)]
valid_data = [(torch.randn(4, 5), torch.randint(0, 2, (4,))) for _ in range(2)]
model = nn.Sequential(nn.Linear(5, 10), nn.LayerNorm(10), nn.GELU(), nn.Dropout(0.2), nn.Linear(10, 2))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.95)
best = 0.0

for epoch in range(2):
    model.train()
    for features, labels in train_data:
        logits = model(features)
        loss = nn.functional.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        hits = [(model(f).argmax(1) == l).float().mean().item() for f, l in valid_data]
    best = max(best, sum(hits) / len(hits))
    print(epoch, best)
